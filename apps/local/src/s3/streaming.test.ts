import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { get, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { refusalOf } from './contract/room.ts'
import type { Bench } from './server-bench.ts'
import { openBench } from './server-bench.ts'

const Bucket = 'bench'
const mib = 1024 * 1024

describe('bodies', () => {
  let bench: Bench
  beforeEach(async () => {
    bench = await openBench()
  })
  afterEach(() => bench.close())

  const open = (key: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      get(`${bench.server.url}/${Bucket}/${key}`, resolve).on('error', reject)
    })

  it.each(['overwritten', 'deleted'])('being read go on when the key is %s', async (fate) => {
    const Body = Buffer.alloc(32 * mib, 'first version ')
    await bench.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body }))
    const answer = await open('k')
    if (fate === 'deleted') await bench.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    else await bench.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'second' }))
    const hash = createHash('md5')
    for await (const piece of answer) hash.update(piece as Buffer)
    expect(hash.digest('hex')).toBe(createHash('md5').update(Body).digest('hex'))
  })

  it('of which the end never comes leave nothing behind', async () => {
    const put = request(`${bench.server.url}/${Bucket}/half`, {
      method: 'PUT',
      headers: { 'content-length': 1000 },
    })
    put.on('error', () => undefined)
    put.write('only this')
    await new Promise<void>((resolve) =>
      put.once('socket', (socket) => socket.once('connect', resolve)),
    )
    put.destroy()
    const head = new HeadObjectCommand({ Bucket, Key: 'half' })
    expect(await refusalOf(bench.client.send(head))).toBe('404 NotFound')
    expect(bench.notifications).toEqual([])
  })

  it('are streamed by the SDK with a checksum behind them', async () => {
    const pieces = Array.from({ length: 64 }, (_, n) => Buffer.alloc(mib / 4, n))
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const hash = createHash('md5')
    for (const piece of pieces) hash.update(piece)
    const put = new PutObjectCommand({
      Bucket,
      Key: 'streamed',
      Body: Readable.from(pieces, { objectMode: false }),
      ContentLength: size,
      ContentEncoding: 'gzip',
      ChecksumAlgorithm: 'CRC32C',
    })
    expect((await bench.client.send(put)).ETag).toBe(`"${hash.digest('hex')}"`)
    const asked = { Bucket, Key: 'streamed', ChecksumMode: 'ENABLED' } as const
    const found = await bench.client.send(new GetObjectCommand(asked))
    expect(found).toMatchObject({ ContentLength: size, ContentEncoding: 'gzip' })
    expect(found.ChecksumCRC32C).toMatch(/^[\w+/]{6}==$/)
    // The client checks the checksum at the end.
    expect((await found.Body!.transformToByteArray()).length).toBe(size)
  })

  it('of any size pass through without being held in memory', async () => {
    const size = 256 * mib
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    const piece = Buffer.alloc(mib, 7)
    const source = function* (): Generator<Buffer> {
      for (let sent = 0; sent < size; sent += piece.length) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
        yield piece
      }
    }
    const put = new PutObjectCommand({
      Bucket,
      Key: 'large',
      Body: Readable.from(source(), { objectMode: false }),
      ContentLength: size,
    })
    await bench.client.send(put)
    let received = 0
    for await (const bytes of await open('large')) {
      received += (bytes as Buffer).length
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    expect(received).toBe(size)
    expect(most).toBeLessThan(size / 2)
  })
})
