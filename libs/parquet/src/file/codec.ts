import { createRequire } from 'node:module'
import { constants, deflateRawSync, gzipSync, inflateRawSync, zstdCompressSync } from 'node:zlib'
import snappyjs from 'snappyjs'
import type { codes } from './parquet-code.ts'

/** Codecs this writer offers. */
export type Compression = 'snappy' | 'zstd' | 'gzip' | 'none'

export interface Codec {
  readonly name: keyof typeof codes.codec
  /** Synchronous, without timers or thread pool: the same bytes for the same bytes. */
  readonly compress: (plain: Uint8Array) => Uint8Array
}

interface Snappy {
  readonly compressSync: (plain: Uint8Array) => Uint8Array
}

/** Native code, where there is a build for this machine; see ADR 3 for what it gains. */
const loadSnappy = (): Snappy | undefined => {
  try {
    return createRequire(import.meta.url)('snappy') as Snappy
  } catch {
    return undefined
  }
}

const nativeSnappy = loadSnappy()

export const isSnappyNative = nativeSnappy !== undefined

/** The native code gives a view of memory for the worst case, and lets go of it only after a turn of the event loop. */
const exactly = (bytes: Uint8Array): Uint8Array => {
  const own = Buffer.allocUnsafeSlow(bytes.length)
  own.set(bytes)
  return own
}

const zstdLevel = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export const codecs: Readonly<Record<Compression, Codec>> = {
  snappy: {
    name: 'SNAPPY',
    compress: nativeSnappy
      ? (plain) => exactly(nativeSnappy.compressSync(plain))
      : (plain) => snappyjs.compress(plain),
  },
  zstd: { name: 'ZSTD', compress: (plain) => zstdCompressSync(plain, zstdLevel) },
  gzip: { name: 'GZIP', compress: (plain) => gzipSync(plain) },
  // A copy: what is given is overwritten by the next page.
  none: { name: 'UNCOMPRESSED', compress: (plain) => Buffer.from(plain) },
}

/**
 * Bytes that are kept for a while in less memory; `unsqueeze` gives them back. Deflate, for it leaves least behind: memory of
 * Zstandard and native Snappy is let go of only some time after the call, and these are many calls in a row.
 */
export const squeeze = (plain: Uint8Array): Uint8Array =>
  exactly(deflateRawSync(plain, { level: 1 }))

export const unsqueeze = (squeezed: Uint8Array): Uint8Array => inflateRawSync(squeezed)
