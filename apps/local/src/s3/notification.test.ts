import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { Bench } from './server-bench.ts'
import { openBench } from './server-bench.ts'

const Bucket = 'bench'

describe('notifications', () => {
  let bench: Bench
  beforeEach(async () => {
    bench = await openBench()
  })
  afterEach(() => bench.close())

  const put = (Key: string, Body = 'x') =>
    bench.client.send(new PutObjectCommand({ Bucket, Key, Body }))
  const told = () =>
    bench.notifications.map(({ eventName, s3 }) => [eventName, s3.bucket.name, s3.object.key])

  it('tell of each way an object comes to be, once, before the client hears of it', async () => {
    await put('a')
    expect(told()).toEqual([['ObjectCreated:Put', Bucket, 'a']])
    await bench.client.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` }))
    const Key = 'c'
    const { UploadId } = await bench.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const { ETag } = await bench.client.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'part' }),
    )
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] }
    await bench.client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }),
    )
    expect(told()).toEqual([
      ['ObjectCreated:Put', Bucket, 'a'],
      ['ObjectCreated:Copy', Bucket, 'b'],
      ['ObjectCreated:CompleteMultipartUpload', Bucket, 'c'],
    ])
  })

  it('have the shape of native S3 records', async () => {
    const { ETag } = await put('folder/red flower+ä(1).jpg', 'petals')
    expect(bench.notifications[0]).toMatchObject({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'us-east-1',
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      s3: {
        s3SchemaVersion: '1.0',
        bucket: { name: Bucket, arn: 'arn:aws:s3:::bench' },
        object: {
          key: 'folder/red+flower%2B%C3%A4%281%29.jpg',
          size: 6,
          eTag: ETag?.replaceAll('"', ''),
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
        },
      },
    })
    expect(bench.notifications[0]?.s3.object).not.toHaveProperty('versionId')
  })

  it('have sequencers that grow over writes and deletes of a key', async () => {
    await put('k')
    await bench.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    await put('k')
    await put('k')
    const sequencers = bench.notifications.map((each) => each.s3.object.sequencer)
    expect(sequencers).toEqual([...new Set(sequencers)].sort())
  })

  it('name the version while versioning is enabled, and tell markers from removals', async () => {
    const VersioningConfiguration = { Status: 'Enabled' } as const
    await bench.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
    const { VersionId } = await put('k')
    const marker = await bench.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    await bench.client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }))
    expect(bench.notifications.map((each) => [each.eventName, each.s3.object.versionId])).toEqual([
      ['ObjectCreated:Put', VersionId],
      ['ObjectRemoved:DeleteMarkerCreated', marker.VersionId],
      ['ObjectRemoved:Delete', VersionId],
    ])
  })

  it('tell of each object deleted by one call, and of none that was not there', async () => {
    await put('a')
    await put('b')
    const Objects = ['a', 'absent', 'b'].map((Key) => ({ Key }))
    await bench.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect(told().slice(2)).toEqual([
      ['ObjectRemoved:Delete', Bucket, 'a'],
      ['ObjectRemoved:Delete', Bucket, 'b'],
    ])
  })

  it('are not sent for writes that were refused', async () => {
    await put('once')
    const again = new PutObjectCommand({ Bucket, Key: 'once', Body: 'y', IfNoneMatch: '*' })
    await expect(bench.client.send(again)).rejects.toThrow('pre-conditions')
    expect(told()).toHaveLength(1)
  })

  it('that cannot be delivered make the answer an error, though the object is there', async () => {
    const bugs: unknown[] = []
    const failing = await openBench({
      onNotification: () => Promise.reject(new Error('queue is gone')),
      onBug: (error) => void bugs.push(error),
    })
    try {
      const Key = 'k'
      const call = failing.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
      await expect(call).rejects.toMatchObject({ name: 'InternalError' })
      expect(bugs).toEqual([new Error('queue is gone')])
      await failing.client.send(new HeadObjectCommand({ Bucket, Key }))
    } finally {
      await failing.close()
    }
  })
})
