import type { Readable } from 'node:stream'
import type { GetObjectCommandInput, GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { GetObjectCommand, HeadBucketCommand } from '@aws-sdk/client-s3'
import { Fault, isFault } from '@silversmith/core'
import type { BodyLimits } from './s3-body.ts'
import { createBody } from './s3-body.ts'
import { errorNameOf, faultOf, isForbidden, statusOf } from './vendor-fault.ts'

/** The parts of a GetObject that say which object is meant. */
export type ObjectQuery = Pick<GetObjectCommandInput, 'VersionId' | 'IfMatch'> & {
  readonly Bucket: string
  readonly Key: string
}

export interface OpenedObject {
  readonly sizeBytes: number
  readonly lastModified: number
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly etag: string
  readonly versionId: string | undefined
  readonly body: AsyncIterable<Uint8Array>
  /** Closes the connection of a body nobody will read. */
  discard(): void
}

/** Opens an object for one pass of exactly its bytes. Throws Faults, as does the body. */
export const openObject = async (
  client: S3Client,
  query: ObjectQuery,
  limits: BodyLimits,
  signal: AbortSignal,
): Promise<OpenedObject> => {
  const name = `s3://${query.Bucket}/${query.Key}`
  const answer = await getObject(client, query, signal)
  const connection = answer.Body as Readable
  const { ContentLength: sizeBytes, LastModified: modified, ETag: etag } = answer
  if (sizeBytes === undefined || modified === undefined || etag === undefined) {
    connection.destroy()
    throw new Fault(
      'STORE_UNAVAILABLE',
      `${name}: the answer has no length, date or etag; something between S3 and us removed it`,
    )
  }
  const reopen = async (fromByte: number): Promise<Readable> => {
    const part = await getObject(
      client,
      { ...query, IfMatch: query.IfMatch ?? etag, Range: `bytes=${fromByte}-` },
      signal,
    )
    const rest = part.Body as Readable
    if (part.ContentRange === `bytes ${fromByte}-${sizeBytes - 1}/${sizeBytes}`) return rest
    rest.destroy()
    throw new Fault('STORE_UNAVAILABLE', `${name}: asked for bytes from ${fromByte}, got others`)
  }
  return {
    sizeBytes,
    lastModified: modified.getTime(),
    contentType: answer.ContentType || undefined,
    contentEncoding: answer.ContentEncoding || undefined,
    etag,
    versionId: answer.VersionId,
    body: createBody({ name, sizeBytes, first: connection, reopen }, limits, signal),
    discard: () => void connection.destroy(),
  }
}

const getObject = async (
  client: S3Client,
  query: GetObjectCommandInput,
  signal: AbortSignal,
): Promise<GetObjectCommandOutput> => {
  const get = (input: GetObjectCommandInput): Promise<GetObjectCommandOutput> =>
    client.send(new GetObjectCommand(input), { abortSignal: signal })
  try {
    return await get(query)
  } catch (error) {
    const name = `s3://${query.Bucket}/${query.Key}`
    // An id that is none of S3's never was a version of anything: an event that names it is wrong, and stays so.
    if (query.VersionId !== undefined && errorNameOf(error) === 'InvalidArgument')
      throw new Fault('OBJECT_GONE', `${name} has no version ${query.VersionId}`, { cause: error })
    const fault = readFaultOf(error, name, 'reading', signal)
    const isByEtag = query.IfMatch !== undefined && query.VersionId === undefined
    if (!isByEtag || !isFault(fault, 'OBJECT_GONE')) throw fault
    try {
      return await get({ ...query, VersionId: 'null' })
    } catch (second) {
      throw faultBelow(second, fault, query, signal)
    }
  }
}

/**
 * Written before versioning was turned on, an object stays readable as version `null` below what replaced or deleted it. Where
 * there is none, or nobody may read versions, the first answer stands.
 */
const faultBelow = (
  error: unknown,
  gone: Fault,
  { Bucket, Key }: GetObjectCommandInput,
  signal: AbortSignal,
): unknown => {
  const isNone = isGone(error) || isForbidden(error) || errorNameOf(error) === 'InvalidArgument'
  return isNone ? gone : readFaultOf(error, `s3://${Bucket}/${Key}`, 'reading', signal)
}

/** Fault of a failed GetObject or HeadObject. */
export const readFaultOf = (
  error: unknown,
  name: string,
  doing: string,
  signal: AbortSignal,
): unknown => {
  if (isGone(error))
    return new Fault('OBJECT_GONE', `${name} is not there any more, or not in that version`, {
      cause: error,
    })
  const what = isForbidden(error)
    ? `${doing} ${name} (it may not exist: without s3:ListBucket S3 answers 403 for a missing object too)`
    : `${doing} ${name}`
  return faultOf('store', error, what, signal)
}

/** 404 is a missing key or version, 405 a version that is a delete marker, 412 an If-Match that no longer holds. */
const isGone = (error: unknown): boolean => {
  const status = statusOf(error)
  return (
    (status === 404 && errorNameOf(error) !== 'NoSuchBucket') || status === 405 || status === 412
  )
}

/**
 * A HEAD has no body, so its 404 does not say whether the key or the whole bucket is missing.
 *
 * @throws Fault STORE_DENIED when it is the bucket.
 */
export const refuseMissingBucket = async (
  client: S3Client,
  bucket: string,
  signal: AbortSignal,
): Promise<void> => {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal })
  } catch (error) {
    // Anything but a clear 404 (no s3:ListBucket, a throttle) proves nothing: the key's own answer stands.
    if (statusOf(error) !== 404) return
    throw new Fault('STORE_DENIED', `there is no bucket ${bucket}; create it or correct its name`, {
      cause: error,
    })
  }
}
