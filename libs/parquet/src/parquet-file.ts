import type { Column, Row } from '@silversmith/core'
import type { ColumnChunk } from './column-slice.ts'
import { encodeColumnChunk } from './column-chunk.ts'
import { forms } from './column-type.ts'
import { footerBytes } from './footer-bytes.ts'
import type { Compression, PackedPage } from './page.ts'
import { codecs, packPage } from './page.ts'
import { checkNames } from './column-name.ts'
import { codes } from './parquet-code.ts'
import { binary, i32, i64, list, struct, text, type Written } from './thrift-writer.ts'

export interface ParquetOptions {
  readonly compression?: Compression
  /** Rows in one row group, at least 1. */
  readonly rowGroupRows?: number
}

const rowGroupRowsDefault = 131_072

/**
 * A whole Parquet file of these rows, in their order; equal rows give equal bytes. Timestamps become TIMESTAMP_MICROS
 * (UTC), json is UTF8 text, a lone surrogate in text becomes U+FFFD (Parquet text is UTF-8). Runs without timers,
 * files or threads. Throws a TypeError naming column and row when a value is not of its column's type: nothing is
 * coerced, so that what is written is what was given.
 *
 * parquetjs' own writer is not used: it keeps rows as objects, writes no dictionaries, fails above 2^63 and before 1970, and
 * its page index is refused by ClickHouse. Its codecs are, and its reader reads in tests what is written here.
 */
export const encodeParquet = async (
  columns: readonly Column[],
  rows: readonly Row[],
  options: ParquetOptions = {},
): Promise<Uint8Array> => {
  const { compression = 'snappy', rowGroupRows = rowGroupRowsDefault } = options
  if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1)
    throw new RangeError('rowGroupRows must be a whole number from 1.')
  checkNames(columns)
  checkWidths(columns, rows)
  const sections: Buffer[] = [Buffer.from('PAR1')]
  const groups: Written[] = []
  let offset = 4
  for (let from = 0; from < rows.length; from += rowGroupRows) {
    const to = Math.min(from + rowGroupRows, rows.length)
    const begin = offset
    const group: Written[] = []
    let plainBytes = 0
    for (const [index, column] of columns.entries()) {
      const chunk = encodeColumnChunk({ column, index, rows, from, to })
      const packed: PackedPage[] = []
      for (const page of chunk.pages) packed.push(await packPage(page, compression))
      group.push(describeChunk(column, chunk, packed, to - from, compression, offset))
      for (const { bytes } of packed) {
        sections.push(bytes)
        offset += bytes.length
      }
      plainBytes += packed.reduce((sum, page) => sum + page.plainBytes, 0)
    }
    groups.push(struct({ 1: list(group), 2: i64(plainBytes), 3: i64(to - from), 5: i64(begin) }))
  }
  sections.push(footerBytes(columns, groups, rows.length))
  return Buffer.concat(sections)
}

const checkWidths = (columns: readonly Column[], rows: readonly Row[]): void => {
  const bad = rows.findIndex((row) => row.length !== columns.length)
  if (bad >= 0)
    throw new TypeError(`Row ${bad} has ${rows[bad]?.length} values for ${columns.length} columns.`)
}

const describeChunk = (
  column: Column,
  chunk: ColumnChunk,
  packed: readonly PackedPage[],
  rows: number,
  compression: Compression,
  offset: number,
): Written => {
  const sizeBytes = packed.reduce((sum, page) => sum + page.bytes.length, 0)
  const plainBytes = packed.reduce((sum, page) => sum + page.plainBytes, 0)
  const dictionary = chunk.pages[0]?.kind === 'dictionary' ? packed[0] : undefined
  const { PLAIN, RLE, RLE_DICTIONARY } = codes.encoding
  const { bounds, nulls } = chunk
  const metadata = struct({
    1: i32(codes.type[forms[column.type].physical]),
    2: list((dictionary ? [PLAIN, RLE, RLE_DICTIONARY] : [PLAIN, RLE]).map(i32)),
    3: list([text(column.name)]),
    4: i32(codes.codec[codecs[compression]]),
    5: i64(rows),
    6: i64(plainBytes),
    7: i64(sizeBytes),
    9: i64(offset + (dictionary?.bytes.length ?? 0)),
    11: dictionary && i64(offset),
    12: struct({ 3: i64(nulls), 5: bounds && binary(bounds.max), 6: bounds && binary(bounds.min) }),
  })
  return struct({ 2: i64(offset), 3: metadata })
}
