import type { Chunk } from './batch.ts'

const kib = 1024
const mib = 1024 * kib

/** Class → the value that is the first too large for it. Anything beyond the last is in `more`. */
type Bounds<Name extends string> = Readonly<Record<Name, number>>

/** How many values are in each class; every class is there. */
export type Histogram<Name extends string> = Readonly<Record<Name | 'more', number>>

const fileBounds = {
  under64KiB: 64 * kib,
  under1MiB: mib,
  under16MiB: 16 * mib,
  under128MiB: 128 * mib,
} as const

const rowBounds = {
  under100: 100,
  under1000: 1_000,
  under10000: 10_000,
  under100000: 100_000,
} as const

/** Silver files by their bytes. Many small ones: queries open files instead of reading. */
export type FileSizes = Histogram<keyof typeof fileBounds>

/** INSERTs by their rows. Many small ones: ClickHouse merges instead of answering. */
export type InsertRows = Histogram<keyof typeof rowBounds>

const count = <Name extends string>(
  bounds: Bounds<Name>,
  values: Iterable<number>,
): Histogram<Name> => {
  const names = Object.keys(bounds) as Name[]
  const found = Object.fromEntries([...names, 'more'].map((name) => [name, 0]))
  for (const value of values) {
    const name = names.find((one) => value < bounds[one]) ?? 'more'
    found[name] = (found[name] ?? 0) + 1
  }
  return found as Record<Name | 'more', number>
}

/** @param sizes bytes */
export const countFileSizes = (sizes: Iterable<number>): FileSizes => count(fileBounds, sizes)

/** @param rows of each INSERT */
export const countInsertRows = (rows: Iterable<number>): InsertRows => count(rowBounds, rows)

/** Bytes of each silver file the chunks become. */
export const silverSizesOf = (chunks: readonly Chunk[]): readonly number[] =>
  chunks.flatMap(({ days = [] }) => days.map(({ sizeBytes }) => sizeBytes))

/** Rows of each INSERT the chunks become. */
export const insertRowsOf = (chunks: readonly Chunk[]): readonly number[] =>
  chunks.flatMap(({ block, rows }) => (block ? [rows] : []))
