import type { Backend } from './backend.ts'
import { checkRead } from './conditions.ts'
import { checksumHeaders, httpDate, writeObjectHeaders } from './object-headers.ts'
import type { ByteRange } from './range.ts'
import { readRange } from './range.ts'
import type { Reply } from './reply.ts'
import type { S3Request } from './request.ts'
import { bucketOf, headerOf, keyOf, numberOf } from './request.ts'
import { s3Limits } from './limits.ts'
import { S3Error, noSuchKey } from './s3-error.ts'
import type { Version } from './version.ts'
import { nullVersion } from './version.ts'

const versionId = /^[\w.]{32}$/

/** A version that exists and is no delete marker, with S3's answers where it is not. */
export const findVersion = (
  backend: Backend,
  bucket: string,
  key: string,
  id: string | undefined,
): Version & { readonly blob: string } => {
  backend.catalog.bucket(bucket)
  if (id !== undefined && id !== nullVersion && !versionId.test(id))
    throw new S3Error('InvalidArgument', 'Invalid version id specified', {
      elements: { ArgumentName: 'versionId', ArgumentValue: id },
    })
  const version =
    id === undefined
      ? backend.catalog.latest(bucket, key)
      : backend.catalog.version(bucket, key, id)
  if (!version && id !== undefined)
    throw new S3Error('NoSuchVersion', 'The specified version does not exist.', {
      elements: { Key: key, VersionId: id },
    })
  if (!version) throw noSuchKey(key)
  const { blob } = version
  if (blob !== undefined) return { ...version, blob }
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.id }
  if (id === undefined) throw noSuchKey(key, headers)
  throw new S3Error(
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
    {
      elements: { Method: 'GET', ResourceType: 'DeleteMarker' },
      headers: { ...headers, allow: 'DELETE', 'last-modified': httpDate(version.modified) },
    },
  )
}

interface Selection {
  readonly range: ByteRange | undefined
  readonly partsCount: number | undefined
}

const selectPart = (version: Version, number: number): Selection => {
  const sizes = version.facts.partSizes ?? [version.sizeBytes]
  const length = sizes[number - 1]
  if (length === undefined)
    throw new S3Error('InvalidRange', 'The requested partnumber is not satisfiable')
  const start = sizes.slice(0, number - 1).reduce((sum, size) => sum + size, 0)
  return {
    range: length === version.sizeBytes ? undefined : { start, length },
    partsCount: version.facts.partSizes?.length,
  }
}

const select = (request: S3Request, version: Version): Selection => {
  const bounds = { min: 1, max: s3Limits.partNumberMax, absent: 0 }
  const number = numberOf(request, 'partNumber', bounds)
  const range = headerOf(request, 'range')
  if (number === 0) return { range: readRange(range, version.sizeBytes), partsCount: undefined }
  if (range !== undefined)
    throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query')
  return selectPart(version, number)
}

/** GetObject and HeadObject. The file is opened in the same turn as it is looked up, so no overwrite comes between. */
export const readObject = (backend: Backend, request: S3Request): Reply => {
  const bucket = bucketOf(request)
  const versioned = backend.catalog.bucket(bucket).versioning !== undefined
  const version = findVersion(backend, bucket, keyOf(request), request.query.get('versionId'))
  const headers = writeObjectHeaders(request, version, versioned)
  if (!checkRead(request, version)) {
    const { etag, 'last-modified': modified, 'x-amz-version-id': id } = headers
    return { status: 304, headers: { etag, 'last-modified': modified, 'x-amz-version-id': id } }
  }
  const { range, partsCount } = select(request, version)
  const { start, length } = range ?? { start: 0, length: version.sizeBytes }
  if (!range && headerOf(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED')
    Object.assign(headers, checksumHeaders(version))
  if (range) headers['content-range'] = `bytes ${start}-${start + length - 1}/${version.sizeBytes}`
  if (partsCount !== undefined) headers['x-amz-mp-parts-count'] = String(partsCount)
  headers['content-length'] = String(length)
  const reply = { status: range || partsCount !== undefined ? 206 : 200, headers }
  if (request.method === 'HEAD' || length === 0) return reply
  return { ...reply, file: { descriptor: backend.blobs.open(version.blob), start, length } }
}
