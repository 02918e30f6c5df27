import type { Backend } from './backend.ts'
import { encodeKey } from './encoded-key.ts'
import { s3Limits } from './limits.ts'
import type { Entry, Page, Query } from './listing.ts'
import { afterKey, afterPrefix } from './listing.ts'
import { quoted, xmlDate } from './object-headers.ts'
import type { Reply } from './reply.ts'
import { xmlReply } from './reply.ts'
import type { S3Request } from './request.ts'
import { bucketOf, numberOf } from './request.ts'
import { S3Error } from './s3-error.ts'
import type { Version } from './version.ts'
import { keyBytes } from './version.ts'
import type { XmlValue } from './xml.ts'

export const owner = { ID: 'local', DisplayName: 'local' }

export const invalidArgument = (name: string, value: string): S3Error =>
  new S3Error('InvalidArgument', `The ${name} provided is incorrect`, {
    elements: { ArgumentName: name, ArgumentValue: value },
  })

/** encoding-type=url or none. */
export const readEncoding = (request: S3Request): ((key: string) => string) => {
  const encoding = request.query.get('encoding-type')
  if (encoding !== undefined && encoding !== 'url') throw invalidArgument('encoding-type', encoding)
  return encoding === undefined ? (key) => key : encodeKey
}

// S3 takes larger numbers and gives 1000 all the same.
export const readPageSize = (request: S3Request, name: string): number =>
  Math.min(
    numberOf(request, name, { min: 0, max: 2 ** 31 - 1, absent: s3Limits.pageKeysMax }),
    s3Limits.pageKeysMax,
  )

const readQuery = (request: S3Request, from: Uint8Array): Query => ({
  bucket: bucketOf(request),
  prefix: request.query.get('prefix') ?? '',
  delimiter: request.query.get('delimiter') ?? '',
  keysMax: readPageSize(request, 'max-keys'),
  from,
})

const versionsOf = (page: Page): readonly Version[] =>
  page.entries.flatMap((entry) => (entry.kind === 'version' ? [entry.version] : []))

const commonPrefixes = (page: Page, encode: (key: string) => string): XmlValue =>
  page.entries.flatMap((entry) =>
    entry.kind === 'prefix' ? [{ Prefix: encode(entry.prefix) }] : [],
  )

const contents = (page: Page, encode: (key: string) => string, withOwner: boolean): XmlValue =>
  versionsOf(page).map((version) => ({
    Key: encode(version.key),
    LastModified: xmlDate(version.modified),
    ETag: quoted(version.etag),
    ChecksumAlgorithm: version.facts.checksum?.algorithm,
    ChecksumType: version.facts.checksum?.type,
    Size: version.sizeBytes,
    Owner: withOwner ? owner : undefined,
    StorageClass: 'STANDARD',
  }))

// A token is the key the next page begins at: it stays right whatever is written or deleted in between.
const writeToken = (from: Uint8Array): string => Buffer.from(from).toString('base64url')

const readToken = (token: string): Uint8Array => {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length === 0 || bytes.toString('base64url') !== token)
    throw invalidArgument('continuation-token', token)
  return bytes
}

export const listObjectsV2 = (backend: Backend, request: S3Request): Reply => {
  const { query } = request
  const token = query.get('continuation-token')
  const start = query.get('start-after')
  const first = start === undefined ? Buffer.alloc(0) : afterKey(keyBytes(start))
  const from = token === undefined ? first : readToken(token)
  const asked = readQuery(request, from)
  const encode = readEncoding(request)
  backend.catalog.bucket(asked.bucket)
  const page = backend.listing.objects(asked)
  return xmlReply('ListBucketResult', {
    Name: asked.bucket,
    Prefix: encode(asked.prefix),
    Delimiter: asked.delimiter === '' ? undefined : encode(asked.delimiter),
    StartAfter: start === undefined ? undefined : encode(start),
    ContinuationToken: token,
    NextContinuationToken: page.next && writeToken(page.next),
    KeyCount: page.entries.length,
    MaxKeys: asked.keysMax,
    EncodingType: query.get('encoding-type'),
    IsTruncated: page.next !== undefined,
    Contents: contents(page, encode, query.get('fetch-owner') === 'true'),
    CommonPrefixes: commonPrefixes(page, encode),
  })
}

const nameOf = (entry: Entry | undefined): string | undefined =>
  entry?.kind === 'prefix' ? entry.prefix : entry?.version.key

// A marker that is itself a common prefix means: behind all of it.
const afterMarker = (marker: string, prefix: string, delimiter: string): Uint8Array => {
  const bytes = keyBytes(marker)
  const rolled =
    delimiter !== '' && marker.startsWith(prefix) && marker.slice(prefix.length).endsWith(delimiter)
  return rolled ? afterPrefix(bytes) : afterKey(bytes)
}

/** The first version of the call, still used by older tools. */
export const listObjects = (backend: Backend, request: S3Request): Reply => {
  const { query } = request
  const marker = query.get('marker') ?? ''
  const { prefix, delimiter } = readQuery(request, Buffer.alloc(0))
  const from = marker === '' ? Buffer.alloc(0) : afterMarker(marker, prefix, delimiter)
  const asked = readQuery(request, from)
  const encode = readEncoding(request)
  backend.catalog.bucket(asked.bucket)
  const page = backend.listing.objects(asked)
  const last = page.next ? nameOf(page.entries.at(-1)) : undefined
  return xmlReply('ListBucketResult', {
    Name: asked.bucket,
    Prefix: encode(prefix),
    Marker: encode(marker),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    NextMarker: delimiter === '' || last === undefined ? undefined : encode(last),
    MaxKeys: asked.keysMax,
    EncodingType: query.get('encoding-type'),
    IsTruncated: page.next !== undefined,
    Contents: contents(page, encode, true),
    CommonPrefixes: commonPrefixes(page, encode),
  })
}

const versionElement = (version: Version, encode: (key: string) => string): XmlValue => ({
  Key: encode(version.key),
  VersionId: version.id,
  IsLatest: version.latest,
  LastModified: xmlDate(version.modified),
  ETag: version.marker ? undefined : quoted(version.etag),
  Size: version.marker ? undefined : version.sizeBytes,
  StorageClass: version.marker ? undefined : 'STANDARD',
  Owner: owner,
})

const versionsFrom = (
  marker: string,
  before: string | undefined,
  query: { prefix: string; delimiter: string },
): Uint8Array => {
  if (marker === '') return Buffer.alloc(0)
  return before === undefined
    ? afterMarker(marker, query.prefix, query.delimiter)
    : keyBytes(marker)
}

export const listObjectVersions = (backend: Backend, request: S3Request): Reply => {
  const { query } = request
  const marker = query.get('key-marker') ?? ''
  const before = query.get('version-id-marker') || undefined
  if (marker === '' && before !== undefined) throw invalidArgument('version-id-marker', before)
  const from = versionsFrom(marker, before, readQuery(request, Buffer.alloc(0)))
  const asked = readQuery(request, from)
  const encode = readEncoding(request)
  backend.catalog.bucket(asked.bucket)
  const page = backend.listing.versions(asked, before)
  const versions = versionsOf(page)
  const last = page.next ? page.entries.at(-1) : undefined
  const lastName = nameOf(last)
  return xmlReply('ListVersionsResult', {
    Name: asked.bucket,
    Prefix: encode(asked.prefix),
    KeyMarker: encode(marker),
    VersionIdMarker: before ?? '',
    NextKeyMarker: lastName === undefined ? undefined : encode(lastName),
    NextVersionIdMarker: last?.kind === 'version' ? last.version.id : undefined,
    Delimiter: asked.delimiter === '' ? undefined : encode(asked.delimiter),
    MaxKeys: asked.keysMax,
    EncodingType: query.get('encoding-type'),
    IsTruncated: page.next !== undefined,
    Version: versions
      .filter((version) => !version.marker)
      .map((version) => versionElement(version, encode)),
    DeleteMarker: versions
      .filter((version) => version.marker)
      .map((version) => versionElement(version, encode)),
    CommonPrefixes: commonPrefixes(page, encode),
  })
}
