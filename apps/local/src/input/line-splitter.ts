import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A part is held in memory until it is full. */
export const partBytesMax = 256 * 1024 * 1024

const newline = 0x0a
const gzipMagic = [0x1f, 0x8b]

/**
 * The same bytes in parts of `lines` lines (the last may have fewer). Nothing is added or taken away, so that the parts put
 * together are the input.
 */
export async function* splitLines(
  body: AsyncIterable<Uint8Array>,
  lines: number,
): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let count = 0
  const hold = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return
    held.push(bytes)
    heldBytes += bytes.length
    if (heldBytes > partBytesMax)
      throw new RangeError(`${lines} lines are over ${partBytesMax} bytes: split into fewer lines`)
  }
  const release = (): Buffer => {
    const part = Buffer.concat(held)
    held = []
    heldBytes = 0
    count = 0
    return part
  }
  for await (const bytes of body) {
    let start = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, end + 1)) {
      if (++count < lines) continue
      hold(bytes.subarray(start, end + 1))
      yield release()
      start = end + 1
    }
    hold(bytes.subarray(start))
  }
  if (heldBytes > 0) yield release()
}

/** Unpacks what begins like gzip, by its first bytes and not by its name; other bytes pass unchanged. */
export async function* unpack(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = body[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < gzipMagic.length) {
    const next = await source.next()
    if (next.done) break
    head = Buffer.concat([head, next.value])
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
  }
  if (!gzipMagic.every((byte, index) => head[index] === byte)) return yield* whole()
  const gunzip = createGunzip()
  Readable.from(whole(), { objectMode: false })
    .on('error', (error) => gunzip.destroy(error))
    .pipe(gunzip)
  yield* gunzip as AsyncIterable<Uint8Array>
}
