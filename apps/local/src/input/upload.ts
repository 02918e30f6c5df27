import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import type { InputObject } from './input-object.ts'

export interface Uploaded {
  readonly key: string
  /** As S3 names it: versionId where the bucket has versions, else the etag without quotes. */
  readonly version: string
  readonly versionId: string | undefined
  readonly etag: string
  readonly sizeBytes: number
}

export interface UploadOptions {
  readonly s3: S3Client
  readonly bucket: string
  readonly signal: AbortSignal
  /** An object is uploaded when this is done. */
  readonly onUploaded: (object: Uploaded) => void | Promise<void>
  /** It could not be read to its end: nothing of it is uploaded, the others go on. Absent: that ends it like a failure of S3. */
  readonly onUnreadable?: (object: InputObject, reason: string) => void
}

const uploadsMax = 8
/** An object of unknown or small size is sent from memory. */
const wholeBytesMax = 8 * 1024 * 1024

const readWhole = async (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const part of pieces) parts.push(part)
  return Buffer.concat(parts)
}

/** Its failure is told by whoever reads the pieces; unheard by the request, which is aborted, it would end the process. */
const streamOf = (pieces: AsyncIterable<Uint8Array>): Readable =>
  Readable.from(pieces, { objectMode: false }).on('error', () => undefined)

/** The object's bytes; the signal tells that reading them failed, and why. */
const watchReading = (object: InputObject) => {
  const reading = new AbortController()
  const read = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* object.open()
    } catch (error) {
      reading.abort(error)
      throw error
    }
  }
  return { pieces: read(), failed: reading.signal }
}

const upload = async (object: InputObject, options: UploadOptions): Promise<void> => {
  const { pieces, failed } = watchReading(object)
  // A request whose body ends early would wait for the rest of it.
  const signal = AbortSignal.any([options.signal, failed])
  try {
    await send(object, pieces, { ...options, signal })
  } catch (error) {
    const { onUnreadable } = options
    if (!failed.aborted || options.signal.aborted) throw error
    if (!onUnreadable) throw failed.reason
    onUnreadable(object, (failed.reason as Error).message)
  }
}

const send = async (
  object: InputObject,
  pieces: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<void> => {
  const { s3, bucket, signal } = options
  const streamed = object.sizeBytes !== undefined && object.sizeBytes > wholeBytesMax
  const body = streamed ? streamOf(pieces) : await readWhole(pieces)
  const sizeBytes = Buffer.isBuffer(body) ? body.length : (object.sizeBytes ?? 0)
  const put = new PutObjectCommand({
    Bucket: bucket,
    Key: object.key,
    Body: body,
    ContentLength: sizeBytes,
    ContentEncoding: object.contentEncoding,
  })
  const { VersionId, ETag } = await s3
    .send(put, { abortSignal: signal })
    .catch((error: unknown) => {
      const { name, message } = error as Error
      throw new Error(`${object.origin} could not be uploaded: ${name}: ${message}`, {
        cause: error,
      })
    })
  const etag = ETag?.replaceAll('"', '') ?? ''
  const { key } = object
  await options.onUploaded({
    key,
    version: VersionId ?? etag,
    versionId: VersionId,
    etag,
    sizeBytes,
  })
}

/** Uploads objects as they are listed, a few at a time. A failure of S3 ends it, after the uploads under way. */
export const uploadAll = async (
  objects: AsyncIterable<InputObject>,
  options: UploadOptions,
): Promise<void> => {
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  for await (const object of objects) {
    if (failures.length > 0 || options.signal.aborted) break
    const work: Promise<void> = upload(object, options)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(work))
    running.add(work)
    if (running.size >= uploadsMax) await Promise.race(running)
  }
  await Promise.all(running)
  if (failures.length > 0) throw failures[0]
}
