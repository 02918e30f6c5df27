import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { CreateBucketCommand, HeadObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { CreateMultipartUploadCommand, DeleteObjectCommand } from '@aws-sdk/client-s3'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { createS3Server } from './server.ts'
import { makeClient, makeDir, openBench } from './server-bench.ts'

const Bucket = 'bench'

interface Running {
  readonly url: string
  readonly child: ChildProcess
  kill(): Promise<void>
}

const startProcess = async (dir: string): Promise<Running> => {
  const script = join(import.meta.dirname, 's3-process.ts')
  const child = spawn(process.execPath, ['--no-warnings', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  const kill = async (): Promise<void> => {
    const ended = once(child, 'exit')
    if (child.kill('SIGKILL')) await ended
  }
  return { url: line.toString().trim(), child, kill }
}

const blobsIn = async (dir: string): Promise<string[]> => {
  const entries = await readdir(join(dir, 'blobs'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

describe('a server killed at work', () => {
  let dir: string
  beforeEach(async () => {
    dir = await makeDir()
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('has every acknowledged object after a restart, and no half-written one', async () => {
    const running = await startProcess(dir)
    const client = makeClient(running.url)
    await client.send(new CreateBucketCommand({ Bucket }))
    const acknowledged = new Map<string, string>()
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; ; n++) {
        const Key = `${writer}/${n}`
        const Body = randomBytes(50_000)
        const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key, Body }))
        acknowledged.set(Key, ETag!)
        if (acknowledged.size === 200) await running.kill()
      }
    }
    const ends = await Promise.allSettled([0, 1, 2, 3, 4, 5].map(write))
    client.destroy()
    expect(ends.every((end) => end.status === 'rejected')).toBe(true)

    const again = await startProcess(dir)
    const reader = makeClient(again.url)
    try {
      const listed = await reader.send(new ListObjectsV2Command({ Bucket }))
      const keys = listed.Contents!.map((each) => each.Key!)
      for (const [key, etag] of acknowledged)
        expect(listed.Contents?.find((each) => each.Key === key)?.ETag).toBe(etag)
      for (const Key of keys) {
        const found = await reader.send(new GetObjectCommand({ Bucket, Key }))
        const bytes = await found.Body!.transformToByteArray()
        expect(found.ETag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`)
      }
      expect(await blobsIn(dir)).toHaveLength(keys.length)
    } finally {
      reader.destroy()
      await again.kill()
    }
  })

  it('keeps the parts of uploads under way, and forgets bodies that were still arriving', async () => {
    const running = await startProcess(dir)
    const client = makeClient(running.url)
    await client.send(new CreateBucketCommand({ Bucket }))
    const Key = 'multi'
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'part' }
    await client.send(new UploadPartCommand(part))
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('PUT /bench/half HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this')
    await expect.poll(async () => (await blobsIn(dir)).length, { timeout: 300_000 }).toBe(2)
    await running.kill()
    client.destroy()

    const again = await startProcess(dir)
    const reader = makeClient(again.url)
    try {
      expect(await blobsIn(dir)).toHaveLength(1)
      const half = reader.send(new HeadObjectCommand({ Bucket, Key: 'half' }))
      await expect(half).rejects.toMatchObject({ name: 'NotFound' })
      await reader.send(new UploadPartCommand({ ...part, PartNumber: 2 }))
    } finally {
      reader.destroy()
      await again.kill()
    }
  })
})

describe('a directory', () => {
  it('serves one server at a time', async () => {
    const bench = await openBench()
    try {
      await expect(createS3Server({ dir: bench.dir })).rejects.toThrow('another server')
    } finally {
      await bench.close()
    }
  })

  it('holds no bytes of objects that were replaced, deleted or refused', async () => {
    const bench = await openBench()
    try {
      const put = (Key: string, more: object = {}) =>
        bench.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more }))
      await put('replaced')
      await put('replaced')
      await put('deleted')
      await bench.client.send(new DeleteObjectCommand({ Bucket, Key: 'deleted' }))
      const refused = put('refused', { ContentMD5: Buffer.alloc(16).toString('base64') })
      await expect(refused).rejects.toMatchObject({ name: 'BadDigest' })
      expect(await blobsIn(bench.dir)).toHaveLength(1)
    } finally {
      await bench.close()
    }
  })
})
