import { deflate } from '@dsnp/parquetjs/dist/lib/compression.js'
import { codes } from './parquet-code.ts'
import { bytesOf, i32, struct } from './thrift-writer.ts'

/** Codecs this writer offers; the reader side knows more. */
export type Compression = 'snappy' | 'gzip' | 'none'

export const codecs = { snappy: 'SNAPPY', gzip: 'GZIP', none: 'UNCOMPRESSED' } as const

/** A page before compression. `rows` counts nulls; a dictionary page's `rows` are its entries. */
export interface Page {
  readonly kind: 'data' | 'indexes' | 'dictionary'
  readonly rows: number
  readonly body: Buffer
}

/** A page as it lies in the file, header first; `plainBytes` is its size had it not been compressed. */
export interface PackedPage {
  readonly bytes: Buffer
  readonly plainBytes: number
}

/** Synchronous but for the promise around it: no timers, no thread pool. */
export const packPage = async (page: Page, compression: Compression): Promise<PackedPage> => {
  const packed = await deflate(codecs[compression], page.body)
  const { PLAIN, RLE, RLE_DICTIONARY } = codes.encoding
  const isDictionary = page.kind === 'dictionary'
  const rows = i32(page.rows)
  const head = bytesOf(
    struct({
      1: i32(isDictionary ? codes.page.DICTIONARY_PAGE : codes.page.DATA_PAGE),
      2: i32(page.body.length),
      3: i32(packed.length),
      ...(isDictionary
        ? { 7: struct({ 1: rows, 2: i32(PLAIN) }) }
        : {
            5: struct({
              1: rows,
              2: i32(page.kind === 'indexes' ? RLE_DICTIONARY : PLAIN),
              3: i32(RLE),
              4: i32(RLE),
            }),
          }),
    }),
  )
  return { bytes: Buffer.concat([head, packed]), plainBytes: head.length + page.body.length }
}
