import { deflate } from '@dsnp/parquetjs/dist/lib/compression.js'
import { serializeThrift } from '@dsnp/parquetjs/dist/lib/util.js'
import thrift from '@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js'

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
  const { PLAIN, RLE, RLE_DICTIONARY } = thrift.Encoding
  const header = new thrift.PageHeader({
    type: page.kind === 'dictionary' ? thrift.PageType.DICTIONARY_PAGE : thrift.PageType.DATA_PAGE,
    uncompressed_page_size: page.body.length,
    compressed_page_size: packed.length,
    ...(page.kind === 'dictionary'
      ? {
          dictionary_page_header: new thrift.DictionaryPageHeader({
            num_values: page.rows,
            encoding: PLAIN,
          }),
        }
      : {
          data_page_header: new thrift.DataPageHeader({
            num_values: page.rows,
            encoding: page.kind === 'indexes' ? RLE_DICTIONARY : PLAIN,
            definition_level_encoding: RLE,
            repetition_level_encoding: RLE,
          }),
        }),
  })
  const head = serializeThrift(header)
  return { bytes: Buffer.concat([head, packed]), plainBytes: head.length + page.body.length }
}
