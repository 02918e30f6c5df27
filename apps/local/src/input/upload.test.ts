import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { createAwsClients } from '@silversmith/aws'
import type { AwsClients } from '@silversmith/aws'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InputObject } from './input-object.ts'
import { createS3Server } from '../s3/server.ts'
import { uploadAll } from './upload.ts'

const mib = 1024 * 1024
const bucket = 'uploads'

let dir: string
let server: Awaited<ReturnType<typeof createS3Server>>
let clients: AwsClients

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-upload-'))
  server = await createS3Server({ dir, onNotification: () => undefined })
  clients = createAwsClients({
    region: 'us-east-1',
    endpoints: { s3: server.url, sqs: server.url, dynamodb: server.url },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  await clients.s3.send(new CreateBucketCommand({ Bucket: bucket }))
})
afterAll(async () => {
  clients.destroy()
  await server.close()
  await rm(dir, { recursive: true, force: true })
})

/** Its first MiB is there; then it fails, or all of it is. */
const made = (key: string, sizeBytes: number, failure?: string): InputObject => ({
  key,
  sizeBytes,
  origin: `origin of ${key}`,
  open: async function* () {
    for (let left = sizeBytes; left > 0; left -= mib) {
      yield await Promise.resolve(new Uint8Array(Math.min(mib, left)))
      if (failure !== undefined) throw new Error(failure)
    }
  },
})

async function* list(...objects: readonly InputObject[]): AsyncGenerator<InputObject> {
  yield* await Promise.resolve(objects)
}

it('leaves out what fails while it is read, small or streamed, and uploads the others', async () => {
  const uploaded: string[] = []
  const unreadable: (readonly [string, string])[] = []
  await uploadAll(
    list(
      made('small', 2 * mib, 'the disk is gone'),
      made('a', 3),
      made('large', 20 * mib, 'the network is gone'),
      made('b', 9 * mib),
    ),
    {
      s3: clients.s3,
      bucket,
      signal: AbortSignal.timeout(300_000),
      onUploaded: ({ key }) => void uploaded.push(key),
      onUnreadable: ({ origin }, reason) => void unreadable.push([origin, reason]),
    },
  )
  expect(unreadable.sort()).toEqual([
    ['origin of large', 'the network is gone'],
    ['origin of small', 'the disk is gone'],
  ])
  expect(uploaded.sort()).toEqual(['a', 'b'])
  const { Contents } = await clients.s3.send(new ListObjectsV2Command({ Bucket: bucket }))
  expect(Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
    ['a', 3],
    ['b', 9 * mib],
  ])
})

it('ends with the first failure of S3, which names the object', async () => {
  const options = { s3: clients.s3, bucket: 'nowhere', signal: AbortSignal.timeout(300_000) }
  await expect(
    uploadAll(list(made('a', 3)), {
      ...options,
      onUploaded: () => undefined,
      onUnreadable: () => undefined,
    }),
  ).rejects.toThrow('origin of a could not be uploaded: NoSuchBucket')
})
