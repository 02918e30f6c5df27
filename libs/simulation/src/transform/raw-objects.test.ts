import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { datasets } from '@silversmith/datasets'
import { describe, expect, test } from 'vitest'
import { createRoom, type RoomOptions } from './transform-room.ts'

const kib = 1024
const recordBytesMax = 64 * kib

const createRawRoom = (options: Omit<RoomOptions, 'datasets'> = {}) => {
  const limits = { recordBytesMax, ...options.limits }
  const room = createRoom({ ...options, limits, datasets })
  const put = (key: string, body: Uint8Array, types = {}) =>
    room.source(room.bronze.putObject('b', key, body, types), 'raw_objects')
  return { ...room, put, rows: () => room.engine.rows('raw_objects') }
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const bodyOf = (row: Record<string, unknown> | undefined): Buffer | null =>
  row?.['body'] == null ? null : Buffer.from(row['body'] as Uint8Array)

const everyByte = Buffer.from(Array.from({ length: 512 }, (_, at) => at % 256))
const twoLines = Buffer.from('{"id":"a"}\r\n{"id":"b"}\n')

/** Bytes that every other dataset reads as something: lines, documents, gzip, a byte order mark. */
const bodies: Readonly<Record<string, Buffer>> = {
  'every-byte.bin': everyByte,
  'lines.jsonl': twoLines,
  'array.json': Buffer.from('[1, 2, '),
  'zipped.jsonl.gz': gzipSync(twoLines),
  'cut.gz': gzipSync(everyByte).subarray(0, 15),
  'marked.txt': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), twoLines]),
  'not-utf8.txt': Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x00]),
  'blank.txt': Buffer.from(' \n\n'),
  empty: Buffer.alloc(0),
  'folder/': Buffer.alloc(0),
  'limit.bin': Buffer.alloc(recordBytesMax, 7),
}

/** Keys that mean something to a shell, a path, a URL, SQL or a terminal. */
const hostileKeys = [
  '../../etc/passwd',
  '/absolute//double/',
  'a b+c%2B%00',
  "x'; DROP TABLE raw_objects; --",
  '`$(reboot)`"\\',
  'line\nfeed\r\ttab',
  'nul\u0000escape\u001b[2J',
  '漢字/😀/\u202egpj.exe',
  'dt=2020-01-01/x.parquet',
  '.',
  'x'.repeat(1_024),
]

describe('raw objects', () => {
  test('of any bytes are one row each in both targets, byte for byte, and nothing is rejected', async () => {
    const room = createRawRoom()
    const sources = Object.entries(bodies).map(([key, body]) => room.put(key, body))
    expect(await room.run(...sources, ...sources)).toEqual([])
    for (const rows of [room.rows(), await room.silver()]) {
      const found = rows.map((row) => [row['_source'], row['sha256'], bodyOf(row)])
      expect(Object.fromEntries(found.map(([source, , body]) => [source, body]))).toEqual(
        Object.fromEntries(Object.entries(bodies).map(([key, body]) => [`s3://b/${key}`, body])),
      )
      for (const [, sha256, body] of found) expect(sha256).toBe(sha256Of(body as Buffer))
      expect(found).toHaveLength(sources.length)
    }
    expect(room.quarantined()).toEqual([])
    expect(new Set(Object.values(room.dispositions()))).toEqual(new Set(['rows']))
  })

  test('keep what S3 tells of them, and are filed under the day they were stored', async () => {
    const room = createRawRoom()
    const types = { contentType: 'image/svg+xml; charset=utf-8', contentEncoding: 'br' }
    const source = room.put('a.svg', everyByte, types)
    const storedAt = room.clock.now()
    room.clock.advance(400 * 86_400_000)
    await room.run(source, room.put('b', everyByte))
    const [a, b] = (await room.silver()).toSorted((x, y) =>
      x['_source']! < y['_source']! ? -1 : 1,
    )
    expect(a).toMatchObject({
      day: `dt=${new Date(storedAt).toISOString().slice(0, 10)}`,
      size_bytes: 512n,
      content_type: types.contentType,
      content_encoding: 'br',
      _record: 0n,
      _line: null,
    })
    expect(b).toMatchObject({ content_type: 'binary/octet-stream', content_encoding: null })
    expect(b?.['day']).not.toBe(a?.['day'])
  })

  test('are told apart whatever their keys, and no key leaves the place of its table', async () => {
    const room = createRawRoom()
    const sources = hostileKeys.map((key) => room.put(key, Buffer.from(key)))
    await room.run(...sources)
    const found = room.rows().map((row) => [row['_source'], bodyOf(row)?.toString()])
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(hostileKeys.map((key) => [`s3://b/${key}`, key])),
    )
    const files = [...room.store.files.keys()].filter((key) => key.startsWith('silver/'))
    for (const file of files)
      expect(file).toMatch(/^silver\/raw_objects\/dt=\d{4}-\d\d-\d\d\/[\w-]+\.parquet$/)
  })

  test('over the limit have a row with size and hash, without the body', async () => {
    const room = createRawRoom()
    const large = Buffer.alloc(recordBytesMax + 1, 'large ')
    const source = room.put('large.bin', large, { contentType: 'video/mp4' })
    expect(await room.run(source, room.put('small.bin', everyByte))).toEqual([])
    const row = room.rows().find(({ _source }) => _source === 's3://b/large.bin')
    expect(row).toMatchObject({
      ...{ size_bytes: BigInt(large.length), sha256: sha256Of(large), body: null },
      ...{ content_type: 'video/mp4', _version: source.object.version },
    })
    expect(room.rows()).toHaveLength(2)
    expect(room.quarantined()).toEqual([])
  })

  test('stored anew are another row, and a reload another generation', async () => {
    const room = createRawRoom()
    const first = room.put('a', Buffer.from('first'))
    await room.run(first)
    const second = room.put('a', Buffer.from('second'))
    await room.run(second, first)
    await room.run({ ...second, generation: 1 })
    expect(room.rows().map((row) => [bodyOf(row)?.toString(), row['_generation']])).toEqual([
      ['first', 0],
      ['second', 0],
      ['second', 1],
    ])
    expect(new Set(room.rows().map((row) => row['_version'])).size).toBe(2)
  })

  test('that are gone or larger than an object may be are told so', async () => {
    const room = createRawRoom({ limits: { objectBytesMax: 100 * kib } })
    const gone = room.put('gone', everyByte)
    room.bronze.deleteObject('b', 'gone')
    await room.run(gone, room.put('huge', Buffer.alloc(100 * kib + 1)), room.put('a', everyByte))
    expect(room.dispositions()).toEqual({ gone: 'gone', huge: 'too-large', a: 'rows' })
    expect(room.rows()).toHaveLength(1)
  })
})

describe('a raw object that takes longer to read than there is time', () => {
  const slowRoom = (size: number) => {
    const room: ReturnType<typeof createRawRoom> = createRawRoom({
      limits: { tooLargeBytesMin: 100 * kib },
      bronze: (bronze) => ({
        ...bronze,
        open: async (object, signal) => {
          const opened = await bronze.open(object, signal)
          const body = async function* () {
            for await (const piece of opened.body) {
              if (object.key === 'slow') room.clock.advance(2_000)
              pieces += 1
              yield piece
            }
          }
          return { ...opened, body: body() }
        },
      }),
    })
    let pieces = 0
    return { room, slow: room.put('slow', Buffer.alloc(size)), piecesRead: () => pieces }
  }

  test('is left as soon as the time is over, and holds no other back', async () => {
    const { room, slow, piecesRead } = slowRoom(400 * kib)
    const left = await room.run(slow, room.put('a', everyByte))
    expect(left).toEqual(['0-slow'])
    expect(piecesRead()).toBeLessThan(50)
    expect(room.rows().map((row) => row['_source'])).toEqual(['s3://b/a'])
  })

  test('is read by itself when it comes again, and told too large when that is not enough', async () => {
    const enough = slowRoom(100 * kib)
    const never = slowRoom(400 * kib)
    for (const { room, slow } of [enough, never])
      for (let n = 0; n < 4; n += 1) {
        await room.run(slow, room.put('a', everyByte))
        room.clock.advance(600_000)
      }
    expect(enough.room.rows()).toHaveLength(2)
    expect(never.room.dispositions()).toEqual({ slow: 'too-large', a: 'rows' })
  })
})
