import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { createAwsClients, createS3Bronze, createS3Store } from '@silversmith/aws'
import { identify } from '@silversmith/core'
import type { BucketState } from '@silversmith/simulation'
import { createMemoryClock, describeBronze, describeStore } from '@silversmith/simulation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Bench } from './server-bench.ts'
import { openBench } from './server-bench.ts'

const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
const bucketStates = ['unversioned', 'versioned', 'suspended'] as const

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const openClients = () =>
  createAwsClients({ region: 'us-east-1', credentials, endpoints: { s3: bench.server.url } })

let buckets = 0
const createBucket = async (state: BucketState): Promise<string> => {
  const Bucket = `adapters-${(buckets += 1)}`
  await bench.client.send(new CreateBucketCommand({ Bucket }))
  if (state !== 'unversioned')
    await bench.client.send(
      new PutBucketVersioningCommand({
        Bucket,
        VersioningConfiguration: { Status: state === 'versioned' ? 'Enabled' : 'Suspended' },
      }),
    )
  return Bucket
}

const putObject = async (
  Bucket: string,
  Key: string,
  Body: Uint8Array,
  ContentEncoding?: string,
) => {
  const encoding = ContentEncoding === undefined ? {} : { ContentEncoding }
  const answer = await bench.client.send(new PutObjectCommand({ Bucket, Key, Body, ...encoding }))
  return { bucket: Bucket, key: Key, etag: answer.ETag, versionId: answer.VersionId }
}

describeBronze('S3 adapter on the local server', async (state) => {
  const bucket = await createBucket(state)
  const clients = openClients()
  return {
    bucket,
    bronze: createS3Bronze({ client: clients.s3, clock: createMemoryClock() }),
    putObject: (key, bytes, options) => putObject(bucket, key, bytes, options?.contentEncoding),
    deleteObject: async (Key) => {
      await bench.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
    },
    close: async () => clients.destroy(),
  }
})

describeStore('S3 adapter on the local server', async () => {
  const clients = openClients()
  const bucket = await createBucket('unversioned')
  return {
    store: createS3Store({ client: clients.s3, bucket, clock: createMemoryClock() }),
    close: async () => clients.destroy(),
  }
})

describe('an object is the same one', () => {
  it.each(bucketStates)('by event, answer, HEAD and listing of a bucket %s', async (state) => {
    const bucket = await createBucket(state)
    const key = 'dt=2026-01-01/ä b+c.jsonl'
    const answer = identify(await putObject(bucket, key, Buffer.from('x')))
    const object = bench.notifications.at(-1)!.s3.object
    const head = await bench.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
    const versions = await bench.client.send(new ListObjectVersionsCommand({ Bucket: bucket }))
    const plain = await bench.client.send(new ListObjectsV2Command({ Bucket: bucket }))
    const listed = state === 'unversioned' ? plain.Contents?.[0] : versions.Versions?.[0]
    const listedId = versions.Versions?.[0]?.VersionId
    expect(answer?.versioned).toBe(state === 'versioned')
    expect([
      identify({
        bucket,
        key: decodeURIComponent(object.key.replaceAll('+', ' ')),
        etag: object.eTag,
        versionId: object.versionId,
      }),
      identify({ bucket, key, etag: head.ETag, versionId: head.VersionId }),
      identify({ bucket, key: listed?.Key ?? '', etag: listed?.ETag, versionId: listedId }),
    ]).toEqual([answer, answer, answer])
  })
})
