import type { Column, Row } from '@silversmith/core'
import { checkNames } from '../schema/column-name.ts'
import { codecs, type Compression } from './codec.ts'
import { footerBytes } from './footer-bytes.ts'
import { createRowGroupBuilder, type RowGroup, type RowGroupBuilder } from './row-group.ts'

export interface ParquetOptions {
  readonly compression?: Compression
  /** Rows in one row group, at least 1. */
  readonly rowGroupRows?: number
  /** Bytes held by one row group before compression, at least 1: it is closed once it holds as many. */
  readonly rowGroupBytes?: number
}

const rowGroupRowsDefault = 131_072
const rowGroupBytesDefault = 32 * 1024 * 1024

/**
 * Rows of one table on their way into files, kept column by column and told apart only when they are encoded: many parts take
 * no more memory than one. Full row groups are encoded at once.
 */
export interface ParquetRows {
  readonly rows: number
  /** Memory held, encoded row groups included. */
  readonly heldBytes: number
  /** Of it what is neither encoded nor packed. */
  readonly openBytes: number
  /** As a database would hold the values, roughly: texts by their length, and nine bytes for each. */
  readonly decodedBytes: number
  /**
   * A row in one piece, or in two that follow each other. `part`: any whole number; rows of one part can become a file of
   * their own.
   *
   * @throws TypeError that names column and row, never the value, when a value is not of its column's type: nothing is
   * coerced. The rows are lost then.
   */
  add(first: Row, rest?: Row, part?: number): void
  /** Keeps what is open in less memory, until it is encoded together with the rows that follow. */
  pack(): void
  /** Part → its rows in their order; to be called once, last. */
  finish(): ReadonlyMap<number, readonly RowGroup[]>
}

export const createParquetRows = (
  columns: readonly Column[],
  options: ParquetOptions = {},
): ParquetRows => {
  const { compression = 'snappy' } = options
  const { rowGroupRows = rowGroupRowsDefault, rowGroupBytes = rowGroupBytesDefault } = options
  for (const [name, value] of Object.entries({ rowGroupRows, rowGroupBytes }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`${name} must be a whole number from 1.`)
  checkNames(columns)
  const groups = new Map<number, RowGroup[]>()
  let groupBytes = 0
  let groupDecodedBytes = 0
  let rows = 0
  let open: RowGroupBuilder | undefined

  const close = (builder: RowGroupBuilder): void => {
    for (const [part, group] of builder.finish()) {
      const own = groups.get(part) ?? []
      groups.set(part, own)
      own.push(group)
      groupBytes += group.sizeBytes
    }
    groupDecodedBytes += builder.meter.decodedBytes
    open = undefined
  }

  return {
    get rows() {
      return rows
    },
    get heldBytes() {
      return groupBytes + (open?.meter.heldBytes ?? 0)
    },
    get decodedBytes() {
      return groupDecodedBytes + (open?.meter.decodedBytes ?? 0)
    },
    get openBytes() {
      return open?.openBytes ?? 0
    },
    add: (first, rest = [], part = 0) => {
      open ??= createRowGroupBuilder(columns, codecs[compression])
      open.add(first, rest, part)
      rows += 1
      if (open.rows >= rowGroupRows || open.meter.heldBytes >= rowGroupBytes) close(open)
    },
    pack: () => open?.pack(),
    finish: () => {
      if (open) close(open)
      return groups
    },
  }
}

const magic = Buffer.from('PAR1')

/**
 * A Parquet file of row groups in their order, all of these columns and this compression; they may come from several
 * `createParquetRows` and go into several files. Equal rows give equal bytes. Timestamps become TIMESTAMP_MICROS (UTC), json is
 * UTF8 text, a lone surrogate in text becomes U+FFFD (Parquet text is UTF-8). Runs without timers, files or threads.
 */
export const joinParquet = (
  columns: readonly Column[],
  groups: readonly RowGroup[],
  compression: Compression = 'snappy',
): Uint8Array => {
  const footer = footerBytes(columns, groups, codecs[compression], magic.length)
  return Buffer.concat([magic, ...groups.flatMap(({ pieces }) => pieces), footer])
}

/** A whole file of these rows, for those who have them all: see `createParquetRows` and `joinParquet`. */
export const encodeParquet = (
  columns: readonly Column[],
  rows: readonly Row[],
  options: ParquetOptions = {},
): Uint8Array => {
  const parquet = createParquetRows(columns, options)
  for (const row of rows) parquet.add(row)
  return joinParquet(columns, [...parquet.finish().values()].flat(), options.compression)
}
