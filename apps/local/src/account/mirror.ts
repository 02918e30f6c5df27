import { GetObjectCommand } from '@aws-sdk/client-s3'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { listKeys, mapLimited } from './history.ts'
import type { Stack } from '../stack.ts'

const downloadsMax = 8

/** A file of the silver bucket as it lies on disk. */
export interface MirroredFile {
  readonly key: string
  readonly path: string
  readonly sizeBytes: number
}

const isThere = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/**
 * Copies the files below a prefix to `<dir>/<key>`, so that a person can open them. Files are immutable: what is there
 * already is right.
 */
export const mirror = async (stack: Stack, prefix: string): Promise<readonly MirroredFile[]> => {
  const keys: string[] = []
  for await (const key of listKeys(stack, `${prefix}/`)) keys.push(key)
  return mapLimited(keys, downloadsMax, async (key) => {
    const path = join(stack.dir, ...key.split('/'))
    if (!(await isThere(path))) {
      await mkdir(dirname(path), { recursive: true })
      const { Body } = await stack.clients.s3.send(
        new GetObjectCommand({ Bucket: stack.resources.silverBucket, Key: key }),
      )
      const partial = `${path}.partial`
      await pipeline(Body as Readable, createWriteStream(partial))
      await rename(partial, path)
    }
    return { key, path, sizeBytes: (await stat(path)).size }
  })
}
