import { crc32, inflateRawSync } from 'node:zlib'

/** The plain bytes of an object by another way than production's, or why there are none. */
export type Unpacked =
  { readonly plain: Buffer; readonly markBytes: number } | { readonly refused: 'unreadable' }

const unreadable = { refused: 'unreadable' } as const
const mark = '\u00ef\u00bb\u00bf'

/**
 * Whole and slow: encodings by name, at most two layers of gzip, each member by RFC 1952 with length and CRC looked at, and
 * nothing behind the last. Drops a byte order mark.
 */
export const unpackReference = (bytes: Buffer, contentEncoding: string | undefined): Unpacked => {
  const names = (contentEncoding ?? '').toLowerCase().split(',')
  const odd = names.map((name) => name.trim()).filter((name) => name !== '' && !isPlain(name))
  if (odd.some((name) => name !== 'gzip' && name !== 'x-gzip')) return unreadable
  if (odd.length > 0 && bytes.length > 0 && !isGzip(bytes)) return unreadable
  let plain = bytes
  try {
    for (let layer = 0; layer < 2 && isGzip(plain); layer += 1) plain = unpackMembers(plain)
  } catch {
    return unreadable
  }
  const markBytes = plain.toString('latin1', 0, 3) === mark ? mark.length : 0
  return { plain: plain.subarray(markBytes), markBytes }
}

const isPlain = (name: string): boolean => ['identity', 'aws-chunked', 'utf-8'].includes(name)
const isGzip = (bytes: Buffer): boolean => bytes.toString('hex', 0, 2) === '1f8b'

const unpackMembers = (bytes: Buffer): Buffer => {
  const parts: Buffer[] = []
  let rest = bytes
  do {
    const start = bodyStart(rest)
    const { buffer, engine } = inflateRawSync(rest.subarray(start), { info: true }) as unknown as {
      buffer: Buffer
      engine: { bytesWritten: number }
    }
    const end = start + engine.bytesWritten
    // Both throw when the trailer is cut off.
    if (rest.readUInt32LE(end) !== crc32(buffer)) throw new RangeError('CRC')
    if (rest.readUInt32LE(end + 4) !== buffer.length % 2 ** 32) throw new RangeError('length')
    parts.push(buffer)
    rest = rest.subarray(end + 8)
  } while (rest.length > 0)
  return Buffer.concat(parts)
}

/** Throws where the header is none. */
const bodyStart = (member: Buffer): number => {
  const flags = member.readUInt8(3)
  if (!isGzip(member) || member.readUInt8(2) !== 8 || flags > 31) throw new RangeError('header')
  let at = 10
  if (flags & 4) at += 2 + member.readUInt16LE(at)
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue
    const end = member.indexOf(0, at)
    if (end < 0) throw new RangeError('header field without end')
    at = end + 1
  }
  if (flags & 2) {
    if (member.readUInt16LE(at) !== (crc32(member.subarray(0, at)) & 0xffff))
      throw new RangeError('header CRC')
    at += 2
  }
  return at
}
