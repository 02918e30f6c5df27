import type { Disposition } from '@silversmith/core'

/** A row that arrived, as far as it tells where it is from. */
export interface SeenRow {
  readonly table: string
  readonly record: number
  readonly part: number
  readonly line: number | null
  /** Of the record's bytes, where the table keeps it. */
  readonly hash: string | undefined
}

/** A record that arrived in quarantine. */
export interface SeenRejection {
  readonly record: number
  readonly line: number | null
  readonly offset: number
  readonly reason: string
  readonly raw: Buffer
  readonly sizeBytes: number
  /** Of the whole record, where `raw` is its beginning only. */
  readonly sha256: string | undefined
}

/** What became of one object. */
export interface Outcome {
  readonly disposition: Disposition
  readonly counts: {
    readonly records: number
    readonly rows: number
    readonly rejected: number
    readonly discarded: number
  }
  readonly rows: readonly SeenRow[]
  readonly rejections: readonly SeenRejection[]
}

/** An object that was refused as a whole. */
export const nothingOf = (disposition: Disposition): Outcome => ({
  disposition,
  counts: { records: 0, rows: 0, rejected: 0, discarded: 0 },
  rows: [],
  rejections: [],
})

/** Items by what they have in common, in their order. */
export const groupBy = <Item, Key>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> => {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
