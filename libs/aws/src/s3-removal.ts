import type { ObjectIdentifier, S3Client } from '@aws-sdk/client-s3'
import { DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import type { Clock } from '@silversmith/core'
import { Fault } from '@silversmith/core'
import { waitAfter } from './back-off.ts'
import { faultOf, isPassing } from './vendor-fault.ts'

interface Limits {
  readonly clock: Clock
  readonly attemptsMax: number
  readonly backOffMs: number
}

interface Bucket {
  readonly client: S3Client
  readonly bucket: string
}

/** DeleteObjects takes no more: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const removeSliceMax = 1000

/** Deletes these, by slices; what S3 leaves for a reason that passes is tried again. */
export const removeAll = async (
  place: Bucket,
  files: readonly ObjectIdentifier[],
  optionsOf: () => { readonly abortSignal: AbortSignal },
  limits: Limits,
  signal: AbortSignal,
): Promise<void> => {
  for (let at = 0; at < files.length; at += removeSliceMax) {
    let left: readonly ObjectIdentifier[] = files.slice(at, at + removeSliceMax)
    for (let attempt = 1; left.length > 0; attempt += 1) {
      if (attempt > limits.attemptsMax)
        throw new Fault(
          'STORE_UNAVAILABLE',
          `${left.length} files were not deleted in ${limits.attemptsMax} tries, s3://${place.bucket}/${left[0]?.Key ?? ''} first`,
        )
      if (attempt > 1) await waitAfter(attempt - 1, limits, signal)
      left = await removeSlice(place, left, optionsOf(), signal)
    }
  }
}

/** Returns those that should be tried again. */
const removeSlice = async (
  { client, bucket }: Bucket,
  files: readonly ObjectIdentifier[],
  options: { readonly abortSignal: AbortSignal },
  signal: AbortSignal,
): Promise<readonly ObjectIdentifier[]> => {
  const input = { Bucket: bucket, Delete: { Objects: [...files], Quiet: true } }
  const answer = await client
    .send(new DeleteObjectsCommand(input), options)
    .catch((error: unknown) => {
      throw faultOf('store', error, `deleting ${files.length} files of ${bucket}`, signal)
    })
  const failed = (answer.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey')
  const refused = failed.find(({ Code }) => !isPassing(Code ?? ''))
  if (refused)
    throw faultOf(
      'store',
      { name: refused.Code, message: refused.Message, $metadata: { httpStatusCode: 400 } },
      `deleting s3://${bucket}/${refused.Key ?? ''} (one of ${failed.length} files not deleted)`,
    )
  return failed.flatMap(({ Key, VersionId }) =>
    Key === undefined ? [] : [{ Key, ...(VersionId && { VersionId }) }],
  )
}

/**
 * Deletes every version below a prefix, and every delete marker. The current ones of a page go last: what was cut off on the way
 * leaves no older version behind as the current one. `optionsOf` is asked for each call: each has a time of its own.
 */
export const purgeVersions = async (
  { client, bucket, prefix }: Bucket & { readonly prefix: string },
  optionsOf: () => { readonly abortSignal: AbortSignal },
  limits: Limits,
  signal: AbortSignal,
): Promise<void> => {
  let marker: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {}
  for (;;) {
    const command = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...marker })
    const page = await client.send(command, optionsOf()).catch((error: unknown) => {
      throw faultOf('store', error, `listing versions of s3://${bucket}/${prefix}`, signal)
    })
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]
    const older = found.filter(({ IsLatest }) => !IsLatest)
    const current = found.filter(({ IsLatest }) => IsLatest)
    for (const some of [older, current]) {
      const files = some.flatMap(({ Key, VersionId }) =>
        Key === undefined ? [] : [{ Key, ...(VersionId !== undefined && { VersionId }) }],
      )
      await removeAll({ client, bucket }, files, optionsOf, limits, signal)
    }
    if (!page.IsTruncated || page.NextKeyMarker === undefined) return
    marker = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
    }
  }
}
