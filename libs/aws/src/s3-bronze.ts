import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { GetBucketVersioningCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Bronze, Buckets, BucketState, Clock, ObjectRef } from '@silversmith/core'
import { Fault, identify, isFault, objectUri } from '@silversmith/core'
import { systemClock, withinTime } from './back-off.ts'
import { listVersions } from './s3-listing.ts'
import { openObject, readFaultOf, refuseMissingBucket } from './s3-object.ts'
import { faultOf } from './vendor-fault.ts'

export interface S3BronzeSettings {
  /** From `createAwsClients`: the SDK's own checksums of answers must be off. */
  readonly client: S3Client
  readonly clock?: Clock
  /** Connections one body may take, the first included. */
  readonly attemptsMax?: number
  readonly backOffMs?: number
  /** Longest silence of a connection while its next bytes are waited for. */
  readonly stallMs?: number
  /** One look-up or page of a listing in all, the SDK's retries included. */
  readonly callTimeoutMs?: number
}

/**
 * Bronze on S3. Bodies are the stored bytes, never decompressed. A dropped, stalled or short connection is resumed with
 * a Range of the same version.
 *
 * Faults: OBJECT_GONE, STORE_UNAVAILABLE, STORE_DENIED, DEADLINE_REACHED.
 */
export const createS3Bronze = ({
  client,
  clock = systemClock,
  attemptsMax = 5,
  backOffMs = 100,
  stallMs = 20_000,
  callTimeoutMs = 120_000,
}: S3BronzeSettings): Bronze & Buckets => {
  const limits = { clock, attemptsMax, backOffMs, stallMs }
  return {
    open: async (object, signal) => {
      const opened = await openObject(client, queryOf(object), limits, signal)
      if (!isSame(object, opened)) {
        opened.discard()
        throw new Fault('OBJECT_GONE', `${objectUri(object)} was replaced: not ${object.version}`)
      }
      const { sizeBytes, lastModified, contentType, contentEncoding, body } = opened
      return { sizeBytes, lastModified, contentType, contentEncoding, body }
    },
    head: async (bucket, key, signal) => {
      const answer = await headObject(client, bucket, key, signal, callTimeoutMs)
      const { VersionId: versionId, ETag: etag, ContentLength: sizeBytes } = answer
      const object = identify({ bucket, key, versionId, etag })
      if (!object || sizeBytes === undefined)
        throw new Fault(
          'STORE_UNAVAILABLE',
          `${objectUri({ bucket, key })}: the answer has no etag or length; something between S3 and us removed it`,
        )
      return { ...object, sizeBytes }
    },
    list: (bucket, prefix, from, signal) =>
      listVersions(client, bucket, prefix, from, signal, callTimeoutMs),
    stateOf: (bucket, signal) => readState(client, bucket, signal, callTimeoutMs),
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html: one that never kept versions has no status. */
const readState = async (
  client: S3Client,
  bucket: string,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<BucketState> => {
  const command = new GetBucketVersioningCommand({ Bucket: bucket })
  const answer = await client
    .send(command, { abortSignal: withinTime(signal, timeoutMs) })
    .catch((error: unknown) => {
      throw faultOf('store', error, `asking for the versioning of ${bucket}`, signal)
    })
  if (answer.Status === undefined) return 'unversioned'
  return answer.Status === 'Suspended' ? 'suspended' : 'versioned'
}

const queryOf = ({ bucket, key, version, versioned }: ObjectRef) => ({
  Bucket: bucket,
  Key: key,
  ...(versioned ? { VersionId: version } : { IfMatch: `"${version}"` }),
})

/** S3-like servers exist that ignore If-Match or versionId and answer with what they have. */
const isSame = (
  object: ObjectRef,
  { etag, versionId }: { etag: string; versionId: string | undefined },
): boolean =>
  object.versioned
    ? versionId === undefined || versionId === object.version
    : etag.replaceAll('"', '') === object.version

const headObject = async (
  client: S3Client,
  bucket: string,
  key: string,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<HeadObjectCommandOutput> => {
  const name = objectUri({ bucket, key })
  try {
    return await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), {
      abortSignal: withinTime(signal, timeoutMs),
    })
  } catch (error) {
    const fault = readFaultOf(error, name, 'looking up', signal)
    if (isFault(fault, 'OBJECT_GONE')) await refuseMissingBucket(client, bucket, signal)
    throw fault
  }
}
