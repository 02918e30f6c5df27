import type { S3Client } from '@aws-sdk/client-s3'
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Check, Checker } from '@silversmith/core'
import { checksOf } from '@silversmith/core'
import { withinTime } from '../back-off.ts'
import { errorNameOf, remedyOf, statusOf, wordsOf } from '../vendor-fault.ts'
import { checkMsMax, checkOfFailure } from './call-check.ts'

/** Nothing has it: a write on condition of it is looked at by S3 as a whole, and refused. */
const impossibleEtag = '"00000000000000000000000000000000"'
/** Below what the house may write, and never there. */
const probeKey = '_staging/checkup'

export interface BucketUse {
  readonly isWritten: boolean
  /** Who asks is who works with it, so that what is not allowed is wrong. */
  readonly isOwn?: boolean
}

/** Lists a bucket, and where it is written to asks whether a write would be allowed, by one that cannot land. */
export const createBucketChecker =
  (client: S3Client, bucket: string, { isWritten, isOwn = true }: BucketUse): Checker =>
  async (signal) => {
    const check = checksOf('s3', bucket)
    const within = () => ({ abortSignal: withinTime(signal, checkMsMax) })
    try {
      await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }), within())
    } catch (error) {
      const call = { what: `listing s3://${bucket}/`, permission: 's3:ListBucket', isNeeded: isOwn }
      return [checkOfFailure(check, error, call)]
    }
    if (!isWritten) return [check.ok('can be listed')]
    return [await checkWrite(client, bucket, isOwn, within)]
  }

const checkWrite = async (
  client: S3Client,
  bucket: string,
  isOwn: boolean,
  within: () => { readonly abortSignal: AbortSignal },
): Promise<Check> => {
  const check = checksOf('s3', bucket)
  const place = { Bucket: bucket, Key: probeKey }
  let landed: { readonly VersionId?: string | undefined }
  try {
    const put = new PutObjectCommand({
      ...place,
      Body: '',
      ContentLength: 0,
      IfMatch: impossibleEtag,
    })
    landed = await client.send(put, within())
  } catch (error) {
    // There is no such object, or one with another etag: the condition was what stopped it.
    if (statusOf(error) === 412 || errorNameOf(error) === 'NoSuchKey')
      return check.ok('can be listed and written to')
    const call = {
      ...{ what: `writing to s3://${bucket}/`, permission: 's3:PutObject', isNeeded: isOwn },
    }
    return checkOfFailure(check, error, call)
  }
  const { VersionId } = landed
  const remove = new DeleteObjectCommand({ ...place, ...(VersionId && { VersionId }) })
  await client.send(remove, within()).catch(() => undefined)
  return check.wrong(
    `s3://${bucket}/ took a write whose condition does not hold: this S3 knows no conditional writes`,
    'use one that does (AWS does): exactly-once delivery rests on files that are created once',
  )
}

/**
 * What is at a place, in the words of the scripts that ask: `status` `ok` or `error`, `key_found`, `first_object`. Never throws.
 */
export const lookAtPlace = async (
  client: S3Client,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> => {
  const request = { bucket, prefix }
  try {
    const ask = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 })
    const { Contents = [] } = await client.send(ask, {
      abortSignal: withinTime(signal, checkMsMax),
    })
    const [first] = Contents
    return {
      ...{ request, status: 'ok', key_found: first !== undefined },
      ...(first && {
        first_object: {
          ...{ key: first.Key, size: first.Size },
          last_modified: first.LastModified?.toISOString(),
        },
      }),
    }
  } catch (error) {
    const remedy = remedyOf(error)
    const told = `${wordsOf(error)}${remedy === undefined ? '' : `; ${remedy}`}`
    return { request, status: 'error', key_found: false, error: told }
  }
}
