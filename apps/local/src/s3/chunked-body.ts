import { S3Error } from './s3-error.ts'

/** Longest line between chunks: a size with a signature, or a trailer. */
const lineBytesMax = 4096
const trailersMax = 16

export interface ChunkDecoder {
  /** Payload bytes found in this piece of the body, without copying. Throws IncompleteBody on anything malformed. */
  push(bytes: Buffer): readonly Buffer[]
  /** True when the last chunk and its trailers have been seen. */
  readonly ended: boolean
  /** Lower-case names. */
  readonly trailers: ReadonlyMap<string, string>
}

const broken = (what: string): S3Error =>
  new S3Error('IncompleteBody', `The aws-chunked body is malformed: ${what}.`)

/**
 * Decodes `aws-chunked` bodies, signed or not (Amazon S3 API reference, "Signature calculations: transferring payload in
 * multiple chunks"). Signatures are read over: this server checks none.
 */
export const createChunkDecoder = (): ChunkDecoder => {
  const trailers = new Map<string, string>()
  let state: 'size' | 'data' | 'data-end' | 'trailer' | 'ended' = 'size'
  let left = 0
  let line = ''

  const endLine = (): void => {
    const text = line.replace(/\r$/, '')
    line = ''
    if (state === 'data-end') {
      if (text !== '') throw broken('a chunk is longer than its size says')
      state = 'size'
    } else if (state === 'size') {
      const size = /^([0-9a-f]{1,12})(;.*)?$/i.exec(text)?.[1]
      if (size === undefined) throw broken('a chunk has no size')
      left = parseInt(size, 16)
      state = left > 0 ? 'data' : 'trailer'
    } else if (text === '') {
      state = 'ended'
    } else {
      const colon = text.indexOf(':')
      if (colon < 1 || trailers.size >= trailersMax) throw broken('bad trailers')
      trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim())
    }
  }

  const push = (bytes: Buffer): readonly Buffer[] => {
    const payload: Buffer[] = []
    let at = 0
    while (at < bytes.length && state !== 'ended') {
      if (state === 'data') {
        const piece = bytes.subarray(at, at + left)
        payload.push(piece)
        at += piece.length
        left -= piece.length
        if (left === 0) state = 'data-end'
        continue
      }
      const feed = bytes.indexOf(0x0a, at)
      const end = feed < 0 ? bytes.length : feed
      line += bytes.toString('latin1', at, end)
      if (line.length > lineBytesMax) throw broken('a line is too long')
      at = end + 1
      if (feed >= 0) endLine()
    }
    return payload
  }

  return {
    push,
    trailers,
    get ended() {
      return state === 'ended'
    },
  }
}
