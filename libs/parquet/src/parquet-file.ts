import { ParquetEnvelopeWriter } from '@dsnp/parquetjs/dist/lib/writer.js'
import thrift from '@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js'
import type { Column, Row } from '@silversmith/core'
import Int64 from 'node-int64'
import type { ColumnChunk } from './column-slice.ts'
import { encodeColumnChunk } from './column-chunk.ts'
import { forms } from './column-type.ts'
import { footerBytes } from './footer-bytes.ts'
import type { Compression, PackedPage } from './page.ts'
import { codecs, packPage } from './page.ts'
import { schemaOf } from './schema.ts'

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
 * parquetjs' own row writer is not used: it keeps rows as objects, writes no dictionaries, fails above 2^63 and before
 * 1970, and its page index is refused by ClickHouse. Its envelope writer, thrift and codecs are.
 */
export const encodeParquet = async (
  columns: readonly Column[],
  rows: readonly Row[],
  options: ParquetOptions = {},
): Promise<Uint8Array> => {
  const { compression = 'snappy', rowGroupRows = rowGroupRowsDefault } = options
  if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1)
    throw new RangeError('rowGroupRows must be a whole number from 1.')
  checkWidths(columns, rows)
  const sections: Buffer[] = []
  const writer = await openEnvelope(columns, sections)
  for (let from = 0; from < rows.length; from += rowGroupRows) {
    const to = Math.min(from + rowGroupRows, rows.length)
    const group: thrift.ColumnChunk[] = []
    let plainBytes = 0
    const offset = writer.offset.valueOf()
    for (const [index, column] of columns.entries()) {
      const chunk = encodeColumnChunk({ column, index, rows, from, to })
      const packed: PackedPage[] = []
      for (const page of chunk.pages) packed.push(await packPage(page, compression))
      const entry = describeChunk(
        column,
        chunk,
        packed,
        to - from,
        compression,
        writer.offset.valueOf(),
      )
      for (const { bytes } of packed) writer.writeSection(bytes)
      plainBytes += packed.reduce((sum, page) => sum + page.plainBytes, 0)
      group.push(entry)
    }
    writer.rowGroups.push(
      new thrift.RowGroup({
        columns: group,
        total_byte_size: new Int64(plainBytes),
        num_rows: new Int64(to - from),
        file_offset: new Int64(offset),
      }) as (typeof writer.rowGroups)[number],
    )
  }
  writer.writeSection(footerBytes(columns, writer.rowGroups, rows.length))
  return Buffer.concat(sections)
}

const checkWidths = (columns: readonly Column[], rows: readonly Row[]): void => {
  const bad = rows.findIndex((row) => row.length !== columns.length)
  if (bad >= 0)
    throw new TypeError(`Row ${bad} has ${rows[bad]?.length} values for ${columns.length} columns.`)
}

const openEnvelope = async (
  columns: readonly Column[],
  sections: Buffer[],
): Promise<ParquetEnvelopeWriter> => {
  const sink = {
    write: (section: Buffer, done: () => void): boolean => {
      sections.push(section)
      done()
      return true
    },
    end: (done: () => void): void => done(),
  }
  const writer = await ParquetEnvelopeWriter.openStream(
    schemaOf(columns),
    sink as unknown as Parameters<typeof ParquetEnvelopeWriter.openStream>[1],
    { pageIndex: false },
  )
  writer.writeHeader()
  return writer
}

const describeChunk = (
  column: Column,
  chunk: ColumnChunk,
  packed: readonly PackedPage[],
  rows: number,
  compression: Compression,
  offset: number,
): thrift.ColumnChunk => {
  const sizeBytes = packed.reduce((sum, page) => sum + page.bytes.length, 0)
  const plainBytes = packed.reduce((sum, page) => sum + page.plainBytes, 0)
  const dictionary = chunk.pages[0]?.kind === 'dictionary' ? packed[0] : undefined
  const { PLAIN, RLE, RLE_DICTIONARY } = thrift.Encoding
  return new thrift.ColumnChunk({
    file_offset: new Int64(offset),
    meta_data: new thrift.ColumnMetaData({
      type: thrift.Type[forms[column.type].physical],
      encodings: dictionary ? [PLAIN, RLE, RLE_DICTIONARY] : [PLAIN, RLE],
      path_in_schema: [column.name],
      codec: thrift.CompressionCodec[codecs[compression]],
      num_values: new Int64(rows),
      total_uncompressed_size: new Int64(plainBytes),
      total_compressed_size: new Int64(sizeBytes),
      data_page_offset: new Int64(offset + (dictionary?.bytes.length ?? 0)),
      ...(dictionary ? { dictionary_page_offset: new Int64(offset) } : {}),
      statistics: new thrift.Statistics({
        null_count: new Int64(chunk.nulls),
        ...(chunk.bounds ? { min_value: chunk.bounds.min, max_value: chunk.bounds.max } : {}),
      }),
    }),
  })
}
