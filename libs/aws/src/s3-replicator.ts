import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { CopyObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Clock, CopyMark, CopyOrder, ObjectRef, Replicator } from '@silversmith/core'
import { Fault, identify, isFault, objectUri, readCopyMark, writeCopyMark } from '@silversmith/core'
import { systemClock, waitAfter, withinTime } from './back-off.ts'
import { createMultipartCopy } from './s3-multipart-copy.ts'
import { readFaultOf, refuseMissingBucket } from './s3-object.ts'
import { statusOf } from './vendor-fault.ts'

export interface S3ReplicatorSettings {
  readonly client: S3Client
  readonly clock?: Clock
  /** Tries of a copy that meets another. */
  readonly attemptsMax?: number
  readonly backOffMs?: number
  /** One look-up in all, the SDK's retries included. */
  readonly callTimeoutMs?: number
  /** One request that moves bytes: S3 answers when it is done. */
  readonly copyTimeoutMs?: number
  /** Copied in one request; S3 takes no more than 5 GiB: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
  readonly singleBytesMax?: number
  /** Least size of the parts of larger ones. */
  readonly partBytes?: number
}

/** What is copied, as it is now. */
export interface CopySource {
  readonly object: ObjectRef
  /** As CopySource wants it. */
  readonly path: string
  /** With quotes. */
  readonly etag: string
  readonly sizeBytes: number
  readonly lastModified: number
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly isPlainMd5: boolean
}

export const copySingleBytesMax = 5 * 1024 ** 3

/**
 * Copies within one bucket of S3. Each copy is created on the condition that its key is free and that its source still has the etag
 * looked up before; its size is compared afterwards, and its etag where that is made of the bytes.
 *
 * Faults: OBJECT_GONE, STORE_CONFLICT, STORE_UNAVAILABLE, STORE_DENIED, DEADLINE_REACHED.
 */
export const createS3Replicator = ({
  client,
  clock = systemClock,
  attemptsMax = 5,
  backOffMs = 100,
  callTimeoutMs = 120_000,
  copyTimeoutMs = 600_000,
  singleBytesMax = copySingleBytesMax,
  partBytes = 512 * 1024 ** 2,
}: S3ReplicatorSettings): Replicator => {
  const limits = { clock, attemptsMax, backOffMs }
  const head = (bucket: string, key: string, which: Which, signal: AbortSignal) =>
    client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ...which }), {
      abortSignal: withinTime(signal, callTimeoutMs),
    })
  const sending = (signal: AbortSignal) => ({
    abortSignal: signal,
    requestTimeout: copyTimeoutMs,
  })

  const lookUp = async (
    { bucket, key }: Pick<ObjectRef, 'bucket' | 'key'>,
    [first, below]: readonly [Which, Which?],
    signal: AbortSignal,
  ): Promise<Found> => {
    try {
      return { which: first, answer: await head(bucket, key, first, signal) }
    } catch (error) {
      const fault = readFaultOf(error, objectUri({ bucket, key }), 'looking up', signal)
      if (!isFault(fault, 'OBJECT_GONE')) throw fault
      const found = below && (await head(bucket, key, below, signal).catch(() => undefined))
      if (below && found) return { which: below, answer: found }
      await refuseMissingBucket(client, bucket, signal)
      throw fault
    }
  }

  /** False: there is nothing. @throws Fault STORE_CONFLICT when it is anything but this copy. */
  const isThere = async (to: Destination, signal: AbortSignal): Promise<boolean> => {
    const { mark, sizeBytes } = to
    const name = objectUri(to)
    const found = await lookUp(to, [{}], signal).catch((error: unknown) => {
      if (isFault(error, 'OBJECT_GONE')) return undefined
      throw error
    })
    if (!found) return false
    const { answer } = found
    const there = readCopyMark(answer.Metadata ?? {})
    if (there && isSameCopy(there, mark) && answer.ContentLength === sizeBytes) return true
    throw new Fault(
      'STORE_CONFLICT',
      there && isSameOrigin(there, mark)
        ? `${name} is a copy of the same object made ${there.generation > 0 ? 'with' : 'without'} --force: take another folder`
        : `${name} is there already and no copy of ${objectUri(mark.origin)}; take another folder`,
    )
  }

  const copyWhole = async (source: CopySource, to: Destination, signal: AbortSignal) => {
    await client.send(
      new CopyObjectCommand({
        ...{ Bucket: to.bucket, Key: to.key, IfNoneMatch: '*' },
        ...{ CopySource: source.path, CopySourceIfMatch: source.etag },
        ...{ MetadataDirective: 'REPLACE', Metadata: writeCopyMark(to.mark) },
        ...{ ContentType: source.contentType, ContentEncoding: source.contentEncoding },
      }),
      sending(signal),
    )
    return source.isPlainMd5 ? source.etag : undefined
  }
  const copyParts = createMultipartCopy({ client, partBytes, sending })

  return {
    copy: async (origin: ObjectRef, order: CopyOrder, signal) => {
      const { bucket } = origin
      for (let attempt = 1; ; attempt += 1) {
        const source = readSource(origin, await lookUp(origin, whichOf(origin), signal))
        const { sizeBytes, lastModified } = source
        const mark = { origin, lastModified, generation: order.generation }
        const to: Destination = { bucket, key: order.key, mark, sizeBytes }
        const isLarge = sizeBytes > singleBytesMax
        if (isLarge && (await isThere(to, signal))) return false
        try {
          const etag = await (isLarge ? copyParts : copyWhole)(source, to, signal)
          refuseOther(to, etag, await head(bucket, order.key, {}, signal))
          return true
        } catch (error) {
          if (isFault(error)) throw error
          const status = statusOf(error)
          const name = objectUri({ bucket, key: order.key })
          if (status === 412 && (await isThere(to, signal))) return false
          // 412 is also a source that was replaced, and then the next look-up says so.
          if ((status !== 412 && status !== 409) || attempt >= attemptsMax)
            throw status === 412
              ? new Fault('STORE_UNAVAILABLE', `${name} could not be created`, { cause: error })
              : readFaultOf(error, `${objectUri(origin)} to ${name}`, 'copying', signal)
          await waitAfter(attempt, limits, signal)
        }
      }
    },
    look: async (facts, signal) => {
      const asked = identify(facts)
      const { bucket, key } = facts
      const { answer } = await lookUp(facts, asked ? whichOf(asked) : [{}], signal)
      const { VersionId: versionId, ETag: etag, ContentLength: sizeBytes = 0, Metadata } = answer
      const object = asked ?? identify({ bucket, key, versionId, etag })
      if (!object) throw incomplete({ bucket, key })
      return { object, sizeBytes, mark: readCopyMark(Metadata ?? {}) }
    },
  }
}

type Which = { readonly VersionId?: string; readonly IfMatch?: string }

interface Found {
  readonly which: Which
  readonly answer: HeadObjectCommandOutput
}

export interface Destination {
  readonly bucket: string
  readonly key: string
  readonly mark: CopyMark
  readonly sizeBytes: number
}

/** Written before versioning was turned on, an object stays readable as version `null` below what replaced it. */
const whichOf = ({ version, versioned }: ObjectRef): readonly [Which, Which?] =>
  versioned
    ? [{ VersionId: version }]
    : [{ IfMatch: `"${version}"` }, { IfMatch: `"${version}"`, VersionId: 'null' }]

const readSource = (object: ObjectRef, { which, answer }: Found): CopySource => {
  const { ContentLength: sizeBytes, ETag: etag, LastModified: modified } = answer
  if (sizeBytes === undefined || etag === undefined || modified === undefined)
    throw incomplete(object)
  const path = `${object.bucket}/${object.key.split('/').map(encodeURIComponent).join('/')}`
  const { VersionId: id } = which
  return {
    ...{ object, etag, sizeBytes, lastModified: modified.getTime() },
    path: id === undefined ? path : `${path}?versionId=${encodeURIComponent(id)}`,
    contentType: answer.ContentType,
    contentEncoding: answer.ContentEncoding || undefined,
    isPlainMd5: !etag.includes('-') && isMadeOfBytes(answer),
  }
}

const incomplete = (object: Pick<ObjectRef, 'bucket' | 'key'>): Fault =>
  new Fault(
    'STORE_UNAVAILABLE',
    `${objectUri(object)}: the answer has no length, date or etag; something between S3 and us removed it`,
  )

/** With a key of KMS or of a customer an etag is no MD5. */
const isMadeOfBytes = ({ ServerSideEncryption, SSECustomerAlgorithm }: HeadObjectCommandOutput) =>
  SSECustomerAlgorithm === undefined &&
  (ServerSideEncryption === undefined || ServerSideEncryption === 'AES256')

const isSameOrigin = ({ origin: a }: CopyMark, { origin: b }: CopyMark): boolean =>
  a.bucket === b.bucket && a.key === b.key && a.version === b.version && a.versioned === b.versioned

/** Of which reload does not matter: one that was killed and is run again has another number. */
const isSameCopy = (a: CopyMark, b: CopyMark): boolean =>
  isSameOrigin(a, b) && a.generation > 0 === b.generation > 0

/** `etag`: what it must be where it is made of the bytes; undefined: that cannot be told. */
const refuseOther = (
  { bucket, key, mark, sizeBytes }: Destination,
  etag: string | undefined,
  made: HeadObjectCommandOutput,
): void => {
  const isSame = etag === undefined || !isMadeOfBytes(made) || made.ETag === etag
  if (made.ContentLength === sizeBytes && isSame) return
  throw new Fault(
    'STORE_CONFLICT',
    `${objectUri({ bucket, key })} does not have the bytes of ${objectUri(mark.origin)} it was copied from; delete it and run the replay again`,
  )
}
