import type { CopyObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import {
  CopyObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import type { Clock, FileFacts, Store } from '@silversmith/core'
import { Fault, isFault } from '@silversmith/core'
import { refuseAborted, systemClock, waitAfter, withinTime } from './back-off.ts'
import { openObject, readFaultOf, refuseMissingBucket } from './s3-object.ts'
import { purgeVersions, removeAll } from './s3-removal.ts'
import { errorNameOf, faultOf, statusOf } from './vendor-fault.ts'

export interface S3StoreSettings {
  /** From `createAwsClients`: the SDK's own checksums of answers must be off. */
  readonly client: S3Client
  readonly bucket: string
  readonly clock?: Clock
  /** Tries of one step (a create that meets another, a read that is cut off, keys left by a delete). */
  readonly attemptsMax?: number
  readonly backOffMs?: number
  /** Longest silence of a connection while its next bytes are waited for. */
  readonly stallMs?: number
  /** One call in all, the SDK's retries included. */
  readonly callTimeoutMs?: number
  /** Until the answer to an upload or a copy begins, the transfer included. */
  readonly transferTimeoutMs?: number
  /** `read` holds the file in memory; a larger one is STORE_DENIED. */
  readonly readBytesMax?: number
}

/** CopyObject takes no more: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const copyBytesMax = 5 * 1024 ** 3

/**
 * The Store port on one bucket. Files carry their sha256 as user metadata `sha256`; a create that finds the key taken
 * compares it. S3 checks the bytes of an upload against the same sha256.
 *
 * OBJECT_GONE and OBJECT_UNREADABLE tell of the file read or copied, and only that it is missing or has other bytes: a fault of
 * a file of ours must never count against the source that is being read. Other faults: STORE_CONFLICT, STORE_UNAVAILABLE, STORE_DENIED, DEADLINE_REACHED.
 */
export const createS3Store = ({
  client,
  bucket,
  clock = systemClock,
  attemptsMax = 5,
  backOffMs = 100,
  stallMs = 20_000,
  callTimeoutMs = 120_000,
  transferTimeoutMs = 60_000,
  readBytesMax = 512 * 1024 ** 2,
}: S3StoreSettings): Store => {
  const limits = { clock, attemptsMax, backOffMs, stallMs }
  const uriOf = (key: string): string => `s3://${bucket}/${key}`
  const within = (signal: AbortSignal) => ({
    abortSignal: withinTime(signal, callTimeoutMs),
  })

  /** Undefined: there is no such file. */
  const look = async (
    key: string,
    signal: AbortSignal,
  ): Promise<{ sha256: string | undefined; sizeBytes: number } | undefined> => {
    try {
      const found = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: key }),
        within(signal),
      )
      return { sha256: found.Metadata?.['sha256'], sizeBytes: found.ContentLength ?? 0 }
    } catch (error) {
      const fault = readFaultOf(error, uriOf(key), 'looking up', signal)
      if (isFault(fault, 'OBJECT_GONE')) return undefined
      throw fault
    }
  }

  const create = async (
    key: string,
    sha256: string,
    send: () => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<void> => {
    let failure: { readonly error: unknown } | undefined
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      if (attempt > 1) await waitAfter(attempt - 1, limits, signal)
      failure = await failureOf(send)
      if (!failure) return
      const status = statusOf(failure.error)
      if (status === 412) {
        const there = await look(key, signal)
        if (there?.sha256 === sha256) return
        if (there)
          throw new Fault(
            'STORE_CONFLICT',
            `${uriOf(key)} is there already with other bytes; find out who else writes there`,
          )
      } else if (status !== 409 && !isDamaged(failure.error))
        throw faultOf('store', failure.error, `writing ${uriOf(key)}`, signal)
    }
    throw new Fault(
      'STORE_UNAVAILABLE',
      `${uriOf(key)} could not be created in ${attemptsMax} tries: ${
        isDamaged(failure?.error)
          ? 'its bytes arrived with another sha256 than the one given'
          : 'others were writing or deleting it'
      }`,
      { cause: failure?.error },
    )
  }

  return {
    write: (key, bytes, { sha256, contentType }, signal) =>
      create(
        key,
        sha256,
        () =>
          client.send(
            new PutObjectCommand({
              Bucket: bucket,
              Key: key,
              Body: bytes,
              ContentLength: bytes.byteLength,
              ContentType: contentType,
              Metadata: { sha256 },
              ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
              IfNoneMatch: '*',
            }),
            { ...within(signal), requestTimeout: transferTimeoutMs },
          ),
        signal,
      ),

    copy: async (from, to, file, signal) => {
      const source = await look(from, signal)
      if (!source) {
        // A copy that landed before its source was cleaned away is done.
        if ((await look(to, signal))?.sha256 === file.sha256) return
        await refuseMissingBucket(client, bucket, signal)
        throw new Fault(
          'OBJECT_GONE',
          `${uriOf(from)} is not there, so ${uriOf(to)} cannot be made`,
        )
      }
      refuseSource(uriOf(from), source, file)
      const send = (): Promise<CopyObjectCommandOutput> =>
        client.send(
          new CopyObjectCommand({
            Bucket: bucket,
            Key: to,
            CopySource: `${bucket}/${from.split('/').map(encodeURIComponent).join('/')}`,
            MetadataDirective: 'REPLACE',
            Metadata: { sha256: file.sha256 },
            ContentType: file.contentType,
            IfNoneMatch: '*',
          }),
          { ...within(signal), requestTimeout: transferTimeoutMs },
        )
      await create(to, file.sha256, send, signal)
    },

    read: async (key, sha256, signal) => {
      const opened = await openObject(client, { Bucket: bucket, Key: key }, limits, signal)
      if (opened.sizeBytes > readBytesMax) {
        opened.discard()
        throw new Fault(
          'STORE_DENIED',
          `${uriOf(key)} has ${opened.sizeBytes} bytes, over the ${readBytesMax} that are read at once; lower the bytes of a chunk`,
        )
      }
      const bytes = new Uint8Array(opened.sizeBytes)
      const hash = createHash('sha256')
      let reached = 0
      for await (const chunk of opened.body) {
        bytes.set(chunk, reached)
        hash.update(chunk)
        reached += chunk.byteLength
      }
      if (sha256 !== undefined && hash.digest('hex') !== sha256)
        throw new Fault('OBJECT_UNREADABLE', `${uriOf(key)} does not have the sha256 ${sha256}`)
      return bytes
    },

    look,

    remove: (keys, signal) =>
      removeAll(
        { client, bucket },
        keys.map((Key) => ({ Key })),
        () => within(signal),
        limits,
        signal,
      ),

    purge: (prefix, signal) =>
      purgeVersions({ client, bucket, prefix }, () => within(signal), limits, signal),

    list: async function* (prefix, signal, startAfter) {
      let from: string | undefined
      do {
        refuseAborted(signal)
        const input = {
          Bucket: bucket,
          Prefix: prefix,
          ...(from === undefined ? { StartAfter: startAfter } : { ContinuationToken: from }),
        }
        const page = await client
          .send(new ListObjectsV2Command(input), within(signal))
          .catch((error: unknown) => {
            throw faultOf('store', error, `listing ${uriOf(prefix)}`, signal)
          })
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key
        from = page.NextContinuationToken
      } while (from !== undefined)
    },
  }
}

const failureOf = async (
  send: () => Promise<unknown>,
): Promise<{ readonly error: unknown } | undefined> => {
  try {
    await send()
    return undefined
  } catch (error) {
    return { error }
  }
}

/** S3's names for bytes that do not have the checksum sent with them: they were damaged on the way. */
const damaged = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch'])

const isDamaged = (error: unknown): boolean => damaged.has(errorNameOf(error))

const refuseSource = (
  name: string,
  source: { readonly sha256: string | undefined; readonly sizeBytes: number },
  file: FileFacts,
): void => {
  if (source.sha256 !== file.sha256)
    throw new Fault('OBJECT_UNREADABLE', `${name} does not have the sha256 ${file.sha256}`)
  if (source.sizeBytes > copyBytesMax)
    throw new Fault(
      'STORE_DENIED',
      `${name} has ${source.sizeBytes} bytes, and S3 copies at most ${copyBytesMax} in one step; make smaller files`,
    )
}
