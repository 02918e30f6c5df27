import type { S3Client } from '@aws-sdk/client-s3'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { it } from 'vitest'

/** What some S3s do otherwise; a suite may leave it out by name. */
export type Behaviour =
  | 'bad-md5-refused'
  | 'bad-checksum-refused'
  | 'copy-conditions'
  | 'marker-by-id-405'
  | 'suspended-null-version'
  | 'aborted-upload-404'
  | 'one-winner'

export const md5 = (bytes: Uint8Array | string): string =>
  createHash('md5').update(bytes).digest('hex')

export const quoted = (etag: string): string => `"${etag}"`

/** Status and name of the refusal, or `accepted`. */
export const refusalOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'accepted',
    (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode} ${error.name}`,
  )

let buckets = 0

const createBucket = async (client: S3Client): Promise<string> => {
  const Bucket = `contract-${process.pid}-${(buckets += 1)}`
  await client.send(new CreateBucketCommand({ Bucket }))
  return Bucket
}

/** One bucket of the S3 under test, and the calls on it. `open` belongs in a `beforeAll`. */
export const createRoom = (clientOf: () => S3Client, leave: readonly Behaviour[]) => {
  let client: S3Client
  let Bucket: string
  const get = (Key: string, more: object = {}) =>
    client.send(new GetObjectCommand({ Bucket, Key, ...more }))
  return {
    get client() {
      return client
    },
    get bucket() {
      return Bucket
    },
    open: async (): Promise<void> => {
      client = clientOf()
      Bucket = await createBucket(client)
    },
    createBucket: () => createBucket(client),
    /** A test of what this S3 may be known to do otherwise. */
    does: (behaviour: Behaviour): typeof it => it.skipIf(leave.includes(behaviour)) as typeof it,
    setVersioning: (Status: 'Enabled' | 'Suspended') =>
      client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } })),
    put: (Key: string, Body: string | Uint8Array, more: object = {}) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body, ...more })),
    get,
    head: (Key: string, more: object = {}) =>
      client.send(new HeadObjectCommand({ Bucket, Key, ...more })),
    textOf: async (Key: string, more: object = {}): Promise<string> =>
      (await get(Key, more)).Body!.transformToString(),
    list: (more: object = {}) => client.send(new ListObjectsV2Command({ Bucket, ...more })),
    copy: (from: string, Key: string, more: object = {}) => {
      const CopySource = `${Bucket}/${encodeURIComponent(from)}`
      return client.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }))
    },
  }
}

export type Room = ReturnType<typeof createRoom>
