import type { IncomingHttpHeaders } from 'node:http'

import { checksumHeader } from './checksum.ts'
import { s3Limits } from './limits.ts'
import type { Headers } from './reply.ts'
import type { S3Request } from './request.ts'
import { headerOf } from './request.ts'
import { S3Error, notImplemented } from './s3-error.ts'
import type { Version } from './version.ts'

const kept = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]
const metadataPrefix = 'x-amz-meta-'

// Asking for what is not there must fail, not be forgotten.
const refused =
  /^x-amz-(tagging|grant-|object-lock-|server-side-encryption-|website-|write-offset-bytes|copy-source-server-side-)/

const refuseOptions = (headers: IncomingHttpHeaders): void => {
  const name = Object.keys(headers).find((each) => refused.test(each))
  if (name !== undefined) throw notImplemented(`the header ${name}`)
  const plain: readonly (readonly [string, readonly string[]])[] = [
    ['x-amz-acl', ['private', 'bucket-owner-full-control']],
    ['x-amz-storage-class', ['STANDARD']],
    ['x-amz-server-side-encryption', ['AES256']],
  ]
  for (const [option, accepted] of plain) {
    const value = headers[option]
    if (value !== undefined && !accepted.includes(String(value)))
      throw notImplemented(`${option}: ${String(value)}`)
  }
}

/** Headers of a write that are given back by reads. Throws MetadataTooLarge, NotImplemented. */
export const readObjectHeaders = (request: S3Request): Record<string, string> => {
  refuseOptions(request.headers)
  const found: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  let metadataBytes = 0
  for (const name of Object.keys(request.headers)) {
    const value = headerOf(request, name)
    if (value === undefined) continue
    if (kept.includes(name)) found[name] = value
    if (!name.startsWith(metadataPrefix)) continue
    metadataBytes += name.length - metadataPrefix.length + Buffer.byteLength(value, 'latin1')
    found[name] = value
  }
  if (metadataBytes > s3Limits.metadataBytesMax)
    throw new S3Error(
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size',
    )
  // aws-chunked is how the body travelled, not what it is.
  const encodings = (found['content-encoding'] ?? '').split(',').map((each) => each.trim())
  const encoding = encodings.filter((each) => each !== '' && each !== 'aws-chunked').join(',')
  if (encoding === '') delete found['content-encoding']
  else found['content-encoding'] = encoding
  return found
}

/** `x-amz-version-id`, where the bucket ever had versions. */
export const versionHeader = (versioned: boolean, version: Version): Headers =>
  versioned ? { 'x-amz-version-id': version.id } : {}

export const httpDate = (at: number): string => new Date(at).toUTCString()

/** Listings and copies show whole seconds, as Last-Modified does. */
export const xmlDate = (at: number): string => new Date(Math.floor(at / 1000) * 1000).toISOString()

export const quoted = (etag: string): string => `"${etag}"`

export const checksumHeaders = (version: Version): Headers => {
  const { checksum } = version.facts
  if (!checksum) return {}
  return {
    [checksumHeader(checksum.algorithm)]: checksum.value,
    'x-amz-checksum-type': checksum.type,
  }
}

/** Everything HEAD tells, but for length and range. */
export const writeObjectHeaders = (
  request: S3Request,
  version: Version,
  versioned: boolean,
): Record<string, string | undefined> => {
  const headers: Record<string, string | undefined> = {
    ...version.facts.headers,
    ...versionHeader(versioned, version),
    etag: quoted(version.etag),
    'last-modified': httpDate(version.modified),
    'accept-ranges': 'bytes',
    'x-amz-server-side-encryption': 'AES256',
  }
  for (const name of kept) {
    const override = request.query.get(`response-${name}`)
    if (override !== undefined) headers[name] = override
  }
  return headers
}
