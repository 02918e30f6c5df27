import { gzipSync } from 'node:zlib'
import { Fault } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { readPlain } from './decompression.ts'

const text = Array.from(
  { length: 5000 },
  (_, index) => `{"n":${index},"s":"${index * 7919}"}`,
).join('\n')

interface Case {
  readonly contentEncoding?: string
  readonly max?: number
  readonly pieceBytes?: number
}

const read = async (bytes: Buffer, { contentEncoding, max, pieceBytes = 1000 }: Case = {}) => {
  let isClosed = false
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < bytes.length; at += pieceBytes)
        yield bytes.subarray(at, at + pieceBytes)
    } finally {
      isClosed = true
    }
  }
  const plain: Buffer[] = []
  const options = { contentEncoding, decompressedBytesMax: max ?? 1e9, name: 's3://b/k' }
  try {
    for await (const piece of readPlain(body(), options)) plain.push(Buffer.from(piece))
    return { text: Buffer.concat(plain).toString(), isClosed }
  } catch (error) {
    return { fault: error, isClosed }
  }
}

const unreadable = expect.objectContaining({ code: 'OBJECT_UNREADABLE' })

describe('plain bytes', () => {
  const gzip = gzipSync(text)

  test.each<[string, Buffer, Case]>([
    ['of a plain object', Buffer.from(text), {}],
    ['of gzip known by its magic bytes', gzip, {}],
    ['of gzip that comes byte by byte', gzip, { pieceBytes: 1 }],
    ['of gzip stored with Content-Encoding gzip', gzip, { contentEncoding: 'gzip' }],
    [
      'of a gzip file gzipped again by Content-Encoding',
      gzipSync(gzip),
      { contentEncoding: 'gzip' },
    ],
    [
      'of gzip members one after another',
      Buffer.concat([gzipSync(text.slice(0, 9)), gzipSync(text.slice(9))]),
      {},
    ],
    [
      'without their byte order mark',
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
      {},
    ],
    ['of an upload in chunks', Buffer.from(text), { contentEncoding: 'aws-chunked' }],
  ])('%s', async (_, bytes, options) => {
    expect(await read(bytes, options)).toEqual({ text, isClosed: true })
  })

  test('of an empty object are none, whatever its encoding says', async () => {
    expect((await read(Buffer.alloc(0), { contentEncoding: 'gzip' })).text).toBe('')
  })

  test.each([
    ['truncated in its body', gzip.subarray(0, gzip.length >> 1)],
    ['truncated by one byte', gzip.subarray(0, -1)],
    ['without its checksum', gzip.subarray(0, -8)],
    ['damaged', Buffer.concat([gzip.subarray(0, 2000), Buffer.alloc(20), gzip.subarray(2020)])],
    ['followed by bytes that are not gzip', Buffer.concat([gzip, Buffer.from('{"lost":true}')])],
  ])('of gzip %s are refused with a reason', async (_, bytes) => {
    const { fault, isClosed } = await read(bytes)
    expect(fault).toEqual(unreadable)
    expect((fault as Fault).message).toContain('s3://b/k')
    expect(isClosed).toBe(true)
  })

  test('are refused when the encoding is a lie or not known', async () => {
    expect((await read(Buffer.from(text), { contentEncoding: 'gzip' })).fault).toEqual(unreadable)
    expect(await read(gzip, { contentEncoding: 'br' })).toEqual({
      fault: unreadable,
      isClosed: true,
    })
  })

  test('stop at the cap, however small the object is stored', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    expect(bomb.length).toBeLessThan(60_000)
    const { fault, isClosed } = await read(bomb, { max: 1_000_000 })
    expect(fault).toEqual(expect.objectContaining({ code: 'OBJECT_TOO_LARGE' }))
    expect(isClosed).toBe(true)
  })

  test('of gzip wait for the piece on its way when the reader stops', async () => {
    let isUnderWay = false
    let arrive = (): void => undefined
    async function* body(): AsyncGenerator<Uint8Array> {
      yield gzip.subarray(0, -100)
      isUnderWay = true
      await new Promise<void>((resolve) => (arrive = resolve))
      isUnderWay = false
      yield gzip.subarray(-100)
    }
    const options = { contentEncoding: undefined, decompressedBytesMax: 1e9, name: 's3://b/k' }
    const reading = async (): Promise<boolean> => {
      for await (const piece of readPlain(body(), options)) {
        if (!isUnderWay || piece.length === 0) continue
        setImmediate(() => arrive())
        break
      }
      return isUnderWay
    }
    expect(await reading()).toBe(false)
  })

  test('pass the faults of the source on as they are', async () => {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield gzip.subarray(0, 100)
      throw new Fault('OBJECT_GONE', 'replaced')
    }
    const options = { contentEncoding: undefined, decompressedBytesMax: 1e9, name: 's3://b/k' }
    const reading = async () => {
      for await (const piece of readPlain(body(), options)) if (!piece) return
    }
    await expect(reading()).rejects.toMatchObject({ code: 'OBJECT_GONE' })
  })
})
