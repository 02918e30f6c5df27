import {
  DeleteBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, it } from 'vitest'

import type { Room } from './room.ts'
import { refusalOf } from './room.ts'

export const describeBuckets = (room: Room): void => {
  const { createBucket, put } = room
  describe('buckets', () => {
    beforeAll(room.open)

    it('are there once created, and gone once deleted', async () => {
      const created = await createBucket()
      await room.client.send(new HeadBucketCommand({ Bucket: created }))
      const { Buckets } = await room.client.send(new ListBucketsCommand({}))
      expect(Buckets?.map((each) => each.Name)).toContain(created)
      await room.client.send(new DeleteBucketCommand({ Bucket: created }))
      expect(await refusalOf(room.client.send(new HeadBucketCommand({ Bucket: created })))).toBe(
        '404 NotFound',
      )
    })

    it('cannot be deleted while they hold an object', async () => {
      await put('stays', 'x')
      expect(
        await refusalOf(room.client.send(new DeleteBucketCommand({ Bucket: room.bucket }))),
      ).toBe('409 BucketNotEmpty')
    })

    it('that do not exist are named so by every call', async () => {
      const gone = { Bucket: 'never-created', Key: 'k' }
      expect(await refusalOf(room.client.send(new GetObjectCommand(gone)))).toBe('404 NoSuchBucket')
      expect(await refusalOf(room.client.send(new PutObjectCommand({ ...gone, Body: 'x' })))).toBe(
        '404 NoSuchBucket',
      )
      expect(await refusalOf(room.client.send(new ListObjectsV2Command(gone)))).toBe(
        '404 NoSuchBucket',
      )
    })
  })
}
