import type { Scalar } from '@silversmith/core'

/** Values of one leaf in one row group, nulls left out, on their way into a page. */
export interface Values {
  readonly count: number
  /** False when the value is not of the column's type; nothing was taken then. */
  add(value: Scalar): boolean
  /** Gives what was added, a value a call; before `finish`. */
  reader(): () => Scalar
  /** What was added, plain encoded; nothing is added afterwards. */
  plain(): Uint8Array
  /** Takes what `plain` gave, of so many values; to be read, nothing is added afterwards. */
  load(plain: Uint8Array, count: number): void
  /** What was added, encoded; to be called once, last. */
  finish(): EncodedValues
}

export interface EncodedValues {
  readonly dictionary?: { readonly entries: number; readonly body: Uint8Array }
  /** Plain values, or indexes into the dictionary. */
  readonly body: Uint8Array
  /** Smallest and largest value, plain encoded without length; absent where they would not pay or not be exact. */
  readonly bounds?: Bounds | undefined
}

export interface Bounds {
  readonly min: Uint8Array
  readonly max: Uint8Array
}

/** What the builders of a row group count, all together. */
export interface Meter {
  /** Memory held; grows as buffers do. */
  heldBytes: number
  /** Of the values as a database would hold them, roughly: texts by their length, everything by eight bytes and one more. */
  decodedBytes: number
}

export const decodedValueBytes = 9

const valuesMin = 16

/** Capacity to grow to when `needed` do not fit. */
export const grownCapacity = (capacity: number, needed: number): number =>
  Math.max(valuesMin, capacity * 2, needed)
