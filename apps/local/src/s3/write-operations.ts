import type { Backend } from './backend.ts'
import type { Draft } from './catalog.ts'
import { readWriteCheck } from './conditions.ts'
import { s3Limits } from './limits.ts'
import type { NotificationName } from './notification.ts'
import { checksumHeaders, quoted, readObjectHeaders, versionHeader } from './object-headers.ts'
import { receivePayload } from './payload.ts'
import type { Headers, Reply } from './reply.ts'
import type { S3Request } from './request.ts'
import { bucketOf, keyOf } from './request.ts'
import type { Version } from './version.ts'

export interface Creation {
  readonly name: NotificationName
  /** Makes the bytes; runs after the conditions have been looked at once, so that a lost race costs no upload. */
  make(): Promise<Omit<Draft, 'bucket' | 'key'>>
  /** Part of the same transaction. */
  also?(): void
}

/**
 * The one way an object comes to be: conditions, bytes, conditions again with the write in one transaction, notification.
 * When it fails after the bytes were made they are removed.
 */
export const createObject = async (
  backend: Backend,
  request: S3Request,
  creation: Creation,
): Promise<Version> => {
  const bucket = bucketOf(request)
  const key = keyOf(request)
  backend.catalog.bucket(bucket)
  return backend.races.guard(bucket, key, readWriteCheck(request), async (check) => {
    check(backend.catalog.latest(bucket, key))
    const draft = { bucket, key, ...(await creation.make()) }
    const { version, released } = await keepOrRemove(backend, draft.blob, () =>
      backend.catalog.put(draft, check, creation.also),
    )
    await backend.blobs.remove(released)
    await notifyCreation(backend, request, creation.name, version)
    return version
  })
}

const keepOrRemove = async <Result>(
  backend: Backend,
  blob: string,
  keep: () => Result,
): Promise<Result> => {
  try {
    return keep()
  } catch (error) {
    await backend.blobs.remove([blob])
    throw error
  }
}

const notifyCreation = (
  backend: Backend,
  request: S3Request,
  name: NotificationName,
  version: Version,
): Promise<void> =>
  backend.notify(
    {
      name,
      bucket: version.bucket,
      key: version.key,
      sequence: version.sequence,
      at: version.modified,
      sizeBytes: version.sizeBytes,
      etag: version.etag,
      versionId: version.id,
    },
    request,
  )

export const putObject = async (backend: Backend, request: S3Request): Promise<Reply> => {
  const headers = readObjectHeaders(request)
  const version = await createObject(backend, request, {
    name: 'ObjectCreated:Put',
    make: async () => {
      const { blob, result } = await backend.blobs.create((sink) =>
        receivePayload(request, s3Limits.putBytesMax, sink),
      )
      const { sizeBytes, md5, checksum } = result
      return { blob, sizeBytes, etag: md5, facts: { headers, checksum } }
    },
  })
  return {
    status: 200,
    headers: {
      etag: quoted(version.etag),
      ...checksumHeaders(version),
      ...writtenHeaders(backend, version),
    },
  }
}

/** Of every write: the version it made and how it is kept. */
export const writtenHeaders = (backend: Backend, version: Version): Headers => ({
  ...versionHeader(backend.catalog.bucket(version.bucket).versioning !== undefined, version),
  'x-amz-server-side-encryption': 'AES256',
})
