import type { ObjectVersion, S3Client } from '@aws-sdk/client-s3'
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { Fault, identify, type ListedObject, type ListingPage, objectUri } from '@silversmith/core'
import { withinTime } from './back-off.ts'
import { faultOf } from './vendor-fault.ts'

/**
 * One page of ListObjectVersions, which answers for buckets in every state: where there are no versions their id is `null`,
 * and `identify` goes by the etag. ListObjectsV2 would not tell version ids.
 *
 * Keys are asked for url-encoded: a key may have characters that XML cannot carry or changes (U+0001, a carriage return).
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 *
 * Faults: STORE_UNAVAILABLE, STORE_DENIED, DEADLINE_REACHED.
 */
export const listVersions = async (
  client: S3Client,
  bucket: string,
  prefix: string,
  from: string | undefined,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<ListingPage> => {
  const what = `listing ${objectUri({ bucket, key: prefix })}`
  const [keyMarker, versionMarker] = from === undefined ? [] : readMarker(from)
  const command = new ListObjectVersionsCommand({
    ...{ Bucket: bucket, Prefix: prefix, EncodingType: 'url' },
    ...(keyMarker !== undefined && { KeyMarker: keyMarker }),
    ...(versionMarker && { VersionIdMarker: versionMarker }),
  })
  const within = { abortSignal: withinTime(signal, timeoutMs) }
  const page = await client.send(command, within).catch((error: unknown) => {
    throw faultOf('store', error, what, signal)
  })
  if (page.IsTruncated === undefined)
    throw incomplete(what, 'it does not say whether it is the last')
  // S3-like servers exist that do not know the encoding and answer with plain keys.
  const decode = page.EncodingType === 'url' ? decodeKey : (key: string) => key
  const objects = (page.Versions ?? []).map((found) => readVersion(bucket, found, decode, what))
  if (!page.IsTruncated) return { objects, next: undefined }
  const marker = page.NextKeyMarker
  if (marker === undefined) throw incomplete(what, 'it is not the last page and names no next')
  return { objects, next: writeMarker(decode(marker), page.NextVersionIdMarker ?? '') }
}

/** Key and version id the next page begins after, in a form that no JSON makes longer: a checkpoint holds it. */
const writeMarker = (key: string, versionId: string): string =>
  Buffer.from(`${versionId}\n${key}`).toString('base64url')

const readMarker = (marker: string): readonly [key: string, versionId: string] => {
  const text = Buffer.from(marker, 'base64url').toString()
  const at = text.indexOf('\n')
  return [text.slice(at + 1), text.slice(0, Math.max(0, at))]
}

/** An entry that was left out would pass for an object that is not there. */
const readVersion = (
  bucket: string,
  { Key, VersionId: versionId, ETag: etag, Size: sizeBytes, LastModified }: ObjectVersion,
  decode: (key: string) => string,
  what: string,
): ListedObject => {
  const object =
    Key === undefined ? undefined : identify({ bucket, key: decode(Key), versionId, etag })
  if (!object || !etag || sizeBytes === undefined || !LastModified)
    throw incomplete(what, 'an entry has no key, version, etag, size or date')
  const lastModified = LastModified.getTime()
  return { object, etag: etag.replaceAll('"', ''), sizeBytes, lastModified }
}

/** Form encoding: a space is `+`. */
const decodeKey = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '))

const incomplete = (what: string, why: string): Fault =>
  new Fault(
    'STORE_UNAVAILABLE',
    `${what}: the answer is not whole (${why}); something between S3 and us changed it`,
  )
