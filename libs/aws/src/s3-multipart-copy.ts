import type { CompletedPart, S3Client } from '@aws-sdk/client-s3'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { writeCopyMark } from '@silversmith/core'
import type { CopySource, Destination } from './s3-replicator.ts'

export interface MultipartCopySettings {
  readonly client: S3Client
  /** Least size of a part. */
  readonly partBytes: number
  readonly sending: (signal: AbortSignal) => object
}

const partsMax = 10_000
const partsAtOnceMax = 8

/** Ranges of all parts in order; the last may be shorter. */
export const partsOf = (
  sizeBytes: number,
  partBytes: number,
): readonly { readonly start: number; readonly end: number }[] => {
  const size = Math.max(partBytes, Math.ceil(sizeBytes / partsMax))
  return Array.from({ length: Math.ceil(sizeBytes / size) }, (_, n) => ({
    start: n * size,
    end: Math.min(sizeBytes, (n + 1) * size),
  }))
}

/**
 * Copies an object part by part and creates it in one step. Returns the etag it has when it is made of the bytes. Throws what the SDK
 * throws; the parts of a copy that failed are deleted.
 */
export const createMultipartCopy =
  ({ client, partBytes, sending }: MultipartCopySettings) =>
  async (source: CopySource, to: Destination, signal: AbortSignal): Promise<string> => {
    const place = { Bucket: to.bucket, Key: to.key }
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        ...{ ...place, Metadata: writeCopyMark(to.mark) },
        ...{ ContentType: source.contentType, ContentEncoding: source.contentEncoding },
      }),
      sending(signal),
    )
    const upload = { ...place, UploadId }
    const ranges = partsOf(source.sizeBytes, partBytes)
    const parts: CompletedPart[] = []
    let next = 0
    let isFailed = false
    const worker = async (): Promise<void> => {
      for (let n = next++; n < ranges.length && !isFailed; n = next++) {
        const { start, end } = ranges[n]!
        const { CopyPartResult: made } = await client.send(
          new UploadPartCopyCommand({
            ...{ ...upload, PartNumber: n + 1, CopySource: source.path },
            ...{ CopySourceIfMatch: source.etag, CopySourceRange: `bytes=${start}-${end - 1}` },
          }),
          sending(signal),
        )
        parts[n] = { PartNumber: n + 1, ETag: made?.ETag }
      }
    }
    try {
      const workers = Array.from({ length: partsAtOnceMax }, () =>
        worker().catch((error: unknown) => {
          isFailed = true
          throw error
        }),
      )
      const ended = await Promise.allSettled(workers)
      const failed = ended.find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
      const whole = { MultipartUpload: { Parts: parts }, IfNoneMatch: '*' }
      await client.send(
        new CompleteMultipartUploadCommand({ ...upload, ...whole }),
        sending(signal),
      )
    } catch (error) {
      // Best effort, also when the caller gave up: the lifecycle rule for unfinished uploads does the rest.
      await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined)
      throw error
    }
    const digests = parts.map(({ ETag = '' }) => Buffer.from(ETag.replaceAll('"', ''), 'hex'))
    const md5 = createHash('md5').update(Buffer.concat(digests)).digest('hex')
    return `"${md5}-${parts.length}"`
  }
