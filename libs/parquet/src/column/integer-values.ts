import type { Scalar, ScalarType } from '@silversmith/core'
import { formOf, type IntegerRange, integerRangeOf } from '../schema/column-type.ts'
import { type EncodedValues, grownCapacity, type Meter, type Values } from './values.ts'

const word = 2 ** 32

/**
 * Plain INT32 or INT64, two's complement, low word first. Numbers and bigints may be mixed; both are checked against the type's
 * range. A class: a file has dozens of columns and a batch hundreds of files, so methods are shared.
 */
export class IntegerValues implements Values {
  count = 0
  readonly #range: IntegerRange
  readonly #words: 1 | 2
  readonly #meter: Meter
  #cells = new Uint32Array(0)
  #min: number | bigint | undefined
  #max: number | bigint | undefined

  constructor(type: ScalarType, meter: Meter) {
    this.#range = integerRangeOf(type)
    this.#words = formOf(type).physical === 'INT32' ? 1 : 2
    this.#meter = meter
  }

  add(value: Scalar): boolean {
    if (typeof value === 'number') {
      const { numberMin, numberMax } = this.#range
      if (!Number.isInteger(value) || value < numberMin || value > numberMax) return false
    } else if (typeof value !== 'bigint' || value < this.#range.min || value > this.#range.max) {
      return false
    }
    if (this.#min === undefined || value < this.#min) this.#min = value
    if (this.#max === undefined || value > this.#max) this.#max = value
    const at = this.count * this.#words
    if (at === this.#cells.length) this.#grow()
    writeInteger(this.#cells, at, value, this.#words)
    this.count += 1
    return true
  }

  reader(): () => Scalar {
    const isSigned = this.#range.min < 0n
    let at = 0
    return () => {
      const low = this.#cells[at++] as number
      if (this.#words === 1) return isSigned ? low | 0 : low
      const upper = this.#cells[at++] as number
      const high = isSigned ? upper | 0 : upper
      const value = high * word + low
      return Number.isSafeInteger(value) ? value : BigInt(high) * BigInt(word) + BigInt(low)
    }
  }

  plain(): Uint8Array {
    return new Uint8Array(this.#cells.buffer, 0, this.count * this.#words * 4)
  }

  load(plain: Uint8Array, count: number): void {
    this.#cells = new Uint32Array(Uint8Array.from(plain).buffer)
    this.count = count
  }

  finish(): EncodedValues {
    const body = this.plain()
    const [min, max] = [this.#min, this.#max]
    if (min === undefined || max === undefined) return { body }
    return {
      body,
      bounds: { min: integerBytes(min, this.#words), max: integerBytes(max, this.#words) },
    }
  }

  #grow(): void {
    const cells = new Uint32Array(grownCapacity(this.#cells.length, 0))
    cells.set(this.#cells)
    this.#meter.heldBytes += cells.byteLength - this.#cells.byteLength
    this.#cells = cells
  }
}

const writeInteger = (
  cells: Uint32Array,
  at: number,
  value: number | bigint,
  words: number,
): void => {
  if (typeof value === 'number') {
    cells[at] = value
    if (words === 2) cells[at + 1] = Math.floor(value / word)
  } else {
    cells[at] = Number(BigInt.asUintN(32, value))
    if (words === 2) cells[at + 1] = Number(BigInt.asUintN(32, value >> 32n))
  }
}

const integerBytes = (value: number | bigint, words: number): Uint8Array => {
  const cells = new Uint32Array(words)
  writeInteger(cells, 0, value, words)
  return new Uint8Array(cells.buffer)
}
