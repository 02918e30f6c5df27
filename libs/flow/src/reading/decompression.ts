import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Fault, isFault } from '@silversmith/core'

const gzipMagic = [0x1f, 0x8b] as const
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
const layersMax = 2

/** Encodings S3 may report that change nothing about the bytes. */
const plainEncodings = new Set(['', 'identity', 'aws-chunked', 'utf-8'])

export interface Decompression {
  readonly contentEncoding: string | undefined
  readonly decompressedBytesMax: number
  /** `s3://bucket/key`, for messages. */
  readonly name: string
}

/**
 * The object's plain bytes, its byte order mark dropped. Gzip is known by its magic bytes, also under a key that does not say
 * so, also twice (a gzip file stored with Content-Encoding: gzip); members may follow each other.
 *
 * Faults while iterating: OBJECT_UNREADABLE (truncated or damaged gzip, an encoding we do not know), OBJECT_TOO_LARGE (more
 * than `decompressedBytesMax` plain bytes); those of the source pass through.
 */
export const readPlain = (
  body: AsyncIterable<Uint8Array>,
  options: Decompression,
): AsyncIterable<Buffer> => {
  const encodings = (options.contentEncoding ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => !plainEncodings.has(name))
  const unknown = encodings.find((name) => name !== 'gzip' && name !== 'x-gzip')
  if (unknown !== undefined) {
    return failing(
      body,
      new Fault(
        'OBJECT_UNREADABLE',
        `${options.name} is stored with Content-Encoding ${unknown}, which is not known; store it plain or as gzip`,
      ),
    )
  }
  return dropMark(cap(peel(asBuffers(body), options, encodings.length > 0, layersMax), options))
}

/** Begins and ends the body, so that the connection behind it is let go. */
async function* failing(body: AsyncIterable<Uint8Array>, fault: Fault): AsyncGenerator<Buffer> {
  for await (const piece of body) if (piece.length > 0) break
  yield* []
  throw fault
}

async function* asBuffers(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    if (piece.length > 0) yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  }
}

async function* peel(
  stream: AsyncGenerator<Buffer>,
  options: Decompression,
  mustBeGzip: boolean,
  layers: number,
): AsyncGenerator<Buffer> {
  const { head, rest } = await split(stream, gzipMagic.length)
  const isGzip = head.length >= 2 && head[0] === gzipMagic[0] && head[1] === gzipMagic[1]
  if (isGzip && layers > 0) {
    yield* peel(gunzip(rest, options), options, false, layers - 1)
    return
  }
  for await (const piece of rest) {
    if (mustBeGzip) {
      throw new Fault(
        'OBJECT_UNREADABLE',
        `${options.name} says Content-Encoding gzip, but its bytes are not gzip; store it again with the right encoding`,
      )
    }
    yield piece
  }
}

async function* gunzip(
  stream: AsyncIterable<Buffer>,
  options: Decompression,
): AsyncGenerator<Buffer> {
  const inflate = createGunzip()
  let fedBytes = 0
  const fed = pipeline(async function* () {
    for await (const piece of stream) {
      fedBytes += piece.length
      yield piece
    }
  }, inflate)
  // Awaited below; without a handler now, a failure while we wait for a chunk would count as unhandled.
  fed.catch(() => undefined)
  try {
    for await (const piece of inflate) yield piece as Buffer
    await fed
  } catch (error) {
    if (isFault(error)) throw error
    throw new Fault(
      'OBJECT_UNREADABLE',
      `${options.name} is damaged or truncated gzip (${zlibReason(error)}); upload it again`,
      { cause: error },
    )
  } finally {
    inflate.destroy()
    // A piece may still be on its way: nothing of the reading goes on behind the caller's back.
    await fed.catch(() => undefined)
  }
  // zlib stops quietly at bytes behind the last member; rows could hide there.
  if (inflate.bytesWritten < fedBytes) {
    throw new Fault(
      'OBJECT_UNREADABLE',
      `${options.name} has bytes behind its last gzip member; upload it again`,
    )
  }
}

const zlibReason = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'unknown'

async function* cap(stream: AsyncIterable<Buffer>, options: Decompression): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const piece of stream) {
    bytes += piece.length
    if (bytes > options.decompressedBytesMax) {
      throw new Fault(
        'OBJECT_TOO_LARGE',
        `${options.name} unpacks to more than ${options.decompressedBytesMax} bytes; split it, or raise MAX_DECOMPRESSED_BYTES`,
      )
    }
    yield piece
  }
}

async function* dropMark(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { head, rest } = await split(stream, byteOrderMark.length)
  let first = head.equals(byteOrderMark) ? byteOrderMark.length : 0
  for await (const piece of rest) {
    yield first > 0 ? piece.subarray(first) : piece
    first = 0
  }
}

/** The first `length` bytes (fewer at the end of the stream), and the whole stream again, those bytes in one piece. */
const split = async (
  stream: AsyncIterable<Buffer>,
  length: number,
): Promise<{ head: Buffer; rest: AsyncGenerator<Buffer> }> => {
  const iterator = stream[Symbol.asyncIterator]()
  let first: Buffer = Buffer.alloc(0)
  while (first.length < length) {
    const next = await iterator.next()
    if (next.done) break
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value])
  }
  const rest = (async function* () {
    try {
      if (first.length > 0) yield first
      for (;;) {
        const next = await iterator.next()
        if (next.done) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  })()
  return { head: first.subarray(0, length), rest }
}
