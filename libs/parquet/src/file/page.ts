import { crc32 } from 'node:zlib'
import type { Codec } from './codec.ts'
import { codes } from './parquet-code.ts'
import { bytesOf, i32, signed32, struct } from './thrift-writer.ts'

/** A page before compression. `entries`: nulls and empty lists among them; of a dictionary its values. */
export interface Page {
  readonly kind: 'data' | 'indexes' | 'dictionary'
  readonly entries: number
  readonly body: Uint8Array
}

/** A page as it lies in the file, header first; `plainBytes` is its size had it not been compressed. */
export interface PackedPage {
  readonly head: Uint8Array
  readonly body: Uint8Array
  readonly plainBytes: number
}

/** The CRC is what lets a reader notice one flipped bit. */
export const packPage = ({ kind, entries, body }: Page, codec: Codec): PackedPage => {
  const packed = codec.compress(body)
  const { PLAIN, RLE, RLE_DICTIONARY } = codes.encoding
  const isDictionary = kind === 'dictionary'
  const count = i32(entries)
  const head = bytesOf(
    struct({
      1: i32(isDictionary ? codes.page.DICTIONARY_PAGE : codes.page.DATA_PAGE),
      2: i32(body.length),
      3: i32(packed.length),
      4: signed32(crc32(packed) | 0),
      ...(isDictionary
        ? { 7: struct({ 1: count, 2: i32(PLAIN) }) }
        : {
            5: struct({
              1: count,
              2: i32(kind === 'indexes' ? RLE_DICTIONARY : PLAIN),
              3: i32(RLE),
              4: i32(RLE),
            }),
          }),
    }),
  )
  return { head, body: packed, plainBytes: head.length + body.length }
}
