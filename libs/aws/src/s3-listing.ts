import type { S3Client } from '@aws-sdk/client-s3'
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { identify, type ListedObject, type ListingPage, objectUri } from '@silversmith/core'
import { faultOf } from './vendor-fault.ts'

/**
 * One page of ListObjectVersions, which answers for buckets in every state: where there are no versions their id is `null`,
 * and `identify` goes by the etag. ListObjectsV2 would not tell version ids.
 */
export const listVersions = async (
  client: S3Client,
  bucket: string,
  prefix: string,
  from: string | undefined,
  signal: AbortSignal,
): Promise<ListingPage> => {
  const [keyMarker, versionMarker] = from === undefined ? [] : (JSON.parse(from) as string[])
  const command = new ListObjectVersionsCommand({
    Bucket: bucket,
    Prefix: prefix,
    KeyMarker: keyMarker,
    VersionIdMarker: versionMarker,
  })
  const page = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    throw faultOf('store', error, `listing ${objectUri({ bucket, key: prefix })}`, signal)
  })
  const objects = (page.Versions ?? []).flatMap((found): readonly ListedObject[] => {
    const { Key: key, VersionId: versionId, ETag: etag, Size: sizeBytes, LastModified } = found
    const object = key === undefined ? undefined : identify({ bucket, key, versionId, etag })
    if (!object || sizeBytes === undefined || !LastModified) return []
    return [{ object, sizeBytes, lastModified: LastModified.getTime() }]
  })
  const next = page.IsTruncated
    ? JSON.stringify([page.NextKeyMarker, page.NextVersionIdMarker])
    : undefined
  return { objects, next }
}
