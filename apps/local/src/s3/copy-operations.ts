import { createHash } from 'node:crypto'

import type { Backend } from './backend.ts'
import { readBlob } from './blobs.ts'
import type { Checksum, ChecksumAlgorithm } from './checksum.ts'
import { checksumElement, createHasher, readAlgorithm } from './checksum.ts'
import type { CopySource } from './copy-source.ts'
import { findCopySource } from './copy-source.ts'
import { s3Limits } from './limits.ts'
import { quoted, readObjectHeaders, xmlDate } from './object-headers.ts'
import type { PayloadFacts, Sink } from './payload.ts'
import type { ByteRange } from './range.ts'
import type { Reply } from './reply.ts'
import { xmlReply } from './reply.ts'
import type { S3Request } from './request.ts'
import { bucketOf, headerOf, keyOf } from './request.ts'
import { S3Error, notImplemented } from './s3-error.ts'
import type { ObjectFacts } from './version.ts'
import { createObject, writtenHeaders } from './write-operations.ts'

/** The digests of stored bytes; pieces go to `sink` on the way. Closes the descriptor. */
export const digestFile = async (
  descriptor: number,
  range: ByteRange,
  algorithm: ChecksumAlgorithm | undefined,
  sink: Sink,
): Promise<PayloadFacts> => {
  const md5 = createHash('md5')
  const hasher = algorithm && createHasher(algorithm)
  await readBlob(descriptor, range, (bytes) => {
    md5.update(bytes)
    hasher?.update(bytes)
    return sink(bytes)
  })
  return {
    sizeBytes: range.length,
    md5: md5.digest('hex'),
    checksum:
      hasher && algorithm ? { algorithm, value: hasher.digest(), type: 'FULL_OBJECT' } : undefined,
  }
}

const isSimple = (etag: string): boolean => !etag.includes('-')

/**
 * Runs in the same turn as the source was looked up, up to its link: nothing can remove the bytes in between.
 * Bytes never change, so a copy is a second name of the same file; only unknown digests make it read.
 */
const copyBytes = async (
  backend: Backend,
  { version }: CopySource,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<{ blob: string; etag: string; checksum: Checksum | undefined }> => {
  const blob = backend.blobs.link(version.blob)
  const { checksum } = version.facts
  const wanted = algorithm ?? checksum?.algorithm
  const known = checksum?.type === 'FULL_OBJECT' && checksum.algorithm === wanted
  if (isSimple(version.etag) && (known || wanted === undefined))
    return { blob, etag: version.etag, checksum }
  const whole = { start: 0, length: version.sizeBytes }
  try {
    const facts = await digestFile(backend.blobs.open(blob), whole, wanted, () => undefined)
    return { blob, etag: facts.md5, checksum: facts.checksum }
  } catch (error) {
    await backend.blobs.remove([blob])
    throw error
  }
}

const readDirective = (request: S3Request): 'COPY' | 'REPLACE' => {
  const directive = headerOf(request, 'x-amz-metadata-directive') ?? 'COPY'
  if (directive !== 'COPY' && directive !== 'REPLACE')
    throw new S3Error('InvalidArgument', 'Unknown metadata directive.', {
      elements: { ArgumentName: 'x-amz-metadata-directive', ArgumentValue: directive },
    })
  return directive
}

export const readChecksumWish = (request: S3Request): ChecksumAlgorithm | undefined => {
  const name = headerOf(request, 'x-amz-checksum-algorithm')
  if (name === undefined) return undefined
  const algorithm = readAlgorithm(name)
  if (!algorithm) throw notImplemented(`checksum algorithm ${name}`)
  return algorithm
}

const checkCopy = (request: S3Request, source: CopySource, directive: string): void => {
  const { bucket, key, sizeBytes } = source.version
  const itself = bucket === bucketOf(request) && key === keyOf(request)
  if (itself && !source.pinned && directive === 'COPY')
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    )
  if (sizeBytes > s3Limits.putBytesMax)
    throw new S3Error(
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size for a copy source: ${s3Limits.putBytesMax}`,
    )
}

export const copyObject = async (backend: Backend, request: S3Request): Promise<Reply> => {
  const given = readObjectHeaders(request)
  const directive = readDirective(request)
  const algorithm = readChecksumWish(request)
  backend.catalog.bucket(bucketOf(request))
  const source = findCopySource(backend, request)
  checkCopy(request, source, directive)
  const headers = directive === 'REPLACE' ? given : source.version.facts.headers
  const version = await createObject(backend, request, {
    name: 'ObjectCreated:Copy',
    make: async () => {
      const { blob, etag, checksum } = await copyBytes(backend, source, algorithm)
      const facts: ObjectFacts = { headers, checksum }
      return { blob, etag, sizeBytes: source.version.sizeBytes, facts }
    },
  })
  const { checksum } = version.facts
  return xmlReply(
    'CopyObjectResult',
    {
      LastModified: xmlDate(version.modified),
      ETag: quoted(version.etag),
      ...(checksum ? { [checksumElement(checksum.algorithm)]: checksum.value } : {}),
      ChecksumType: checksum?.type,
    },
    {
      ...writtenHeaders(backend, version),
      'x-amz-copy-source-version-id': source.version.id === 'null' ? undefined : source.version.id,
    },
  )
}
