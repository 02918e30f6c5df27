import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { S3Notification } from './notification.ts'
import type { S3Server, S3ServerOptions } from './server.ts'
import { createS3Server } from './server.ts'

/** For tests: a server on a directory of its own, with a client and what it was notified of. */
export interface Bench {
  readonly server: S3Server
  readonly client: S3Client
  readonly dir: string
  readonly notifications: readonly S3Notification[]
  close(): Promise<void>
}

export const makeClient = (endpoint: string, more: S3ClientConfig = {}): S3Client =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    ...more,
  })

export const makeDir = (): Promise<string> => mkdtemp(join(tmpdir(), 's3-'))

/** With one bucket named `bench`. */
export const openBench = async (options: Partial<S3ServerOptions> = {}): Promise<Bench> => {
  const dir = await makeDir()
  const notifications: S3Notification[] = []
  const server = await createS3Server({
    dir,
    onNotification: (notification) => void notifications.push(notification),
    ...options,
  })
  const client = makeClient(server.url)
  await client.send(new CreateBucketCommand({ Bucket: 'bench' }))
  return {
    server,
    client,
    dir,
    notifications,
    close: async () => {
      client.destroy()
      await server.close()
      await rm(dir, { recursive: true })
    },
  }
}
