import type { Backend } from './backend.ts'
import { checksumElement, checksumHeader } from './checksum.ts'
import { findCopySource } from './copy-source.ts'
import { digestFile } from './copy-operations.ts'
import { s3Limits } from './limits.ts'
import { owner, readPageSize } from './list-operations.ts'
import { quoted, xmlDate } from './object-headers.ts'
import type { PayloadFacts } from './payload.ts'
import { receivePayload } from './payload.ts'
import type { ByteRange } from './range.ts'
import type { Headers, Reply } from './reply.ts'
import { xmlReply } from './reply.ts'
import type { S3Request } from './request.ts'
import { bucketOf, headerOf, keyOf, numberOf } from './request.ts'
import { S3Error } from './s3-error.ts'
import type { Part, Upload } from './uploads.ts'

export const findUpload = (backend: Backend, request: S3Request): Upload => {
  const bucket = bucketOf(request)
  backend.catalog.bucket(bucket)
  return backend.uploads.find(bucket, keyOf(request), request.query.get('uploadId') ?? '')
}

const readPartNumber = (request: S3Request): number => {
  const number = numberOf(request, 'partNumber', { min: 1, max: s3Limits.partNumberMax, absent: 0 })
  if (number > 0) return number
  throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000.')
}

const keepPart = async (
  backend: Backend,
  upload: Upload,
  number: number,
  made: { blob: string; result: PayloadFacts },
): Promise<Part> => {
  const { sizeBytes, md5, checksum } = made.result
  const part = { number, modified: Date.now(), etag: md5, sizeBytes, blob: made.blob, checksum }
  try {
    const { algorithm } = upload.facts
    if (algorithm && checksum?.algorithm !== algorithm)
      throw new S3Error(
        'InvalidRequest',
        `Checksum Type mismatch occurred, expected checksum Type: ${algorithm}, actual checksum Type: ${checksum?.algorithm}`,
      )
    await backend.blobs.remove(backend.uploads.putPart(upload, part))
    return part
  } catch (error) {
    await backend.blobs.remove([made.blob])
    throw error
  }
}

export const uploadPart = async (backend: Backend, request: S3Request): Promise<Reply> => {
  const upload = findUpload(backend, request)
  const number = readPartNumber(request)
  const made = await backend.blobs.create((sink) =>
    receivePayload(request, s3Limits.putBytesMax, sink, upload.facts.algorithm),
  )
  const { etag, checksum } = await keepPart(backend, upload, number, made)
  const headers: Headers = checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {}
  return { status: 200, headers: { etag: quoted(etag), ...headers } }
}

/** Unlike a GET's range this one has to be whole and inside the source. */
const readSourceRange = (request: S3Request, sizeBytes: number): ByteRange => {
  const header = headerOf(request, 'x-amz-copy-source-range')
  if (header === undefined) return { start: 0, length: sizeBytes }
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? []
  const start = Number(first)
  const end = Number(last)
  if (start <= end && end < sizeBytes) return { start, length: end - start + 1 }
  throw new S3Error(
    'InvalidArgument',
    `The x-amz-copy-source-range value must be of the form bytes=first-last within the ${sizeBytes} bytes of the source.`,
    { elements: { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header } },
  )
}

export const uploadPartCopy = async (backend: Backend, request: S3Request): Promise<Reply> => {
  const upload = findUpload(backend, request)
  const number = readPartNumber(request)
  const { version } = findCopySource(backend, request)
  const range = readSourceRange(request, version.sizeBytes)
  if (range.length > s3Limits.putBytesMax)
    throw new S3Error(
      'InvalidRequest',
      `A part cannot be larger than ${s3Limits.putBytesMax} bytes.`,
    )
  const source = backend.blobs.open(version.blob)
  const made = await backend.blobs.create((sink) =>
    digestFile(source, range, upload.facts.algorithm, sink),
  )
  const { etag, modified, checksum } = await keepPart(backend, upload, number, made)
  return xmlReply(
    'CopyPartResult',
    {
      LastModified: xmlDate(modified),
      ETag: quoted(etag),
      ...(checksum ? { [checksumElement(checksum.algorithm)]: checksum.value } : {}),
    },
    { 'x-amz-copy-source-version-id': version.id === 'null' ? undefined : version.id },
  )
}

export const listParts = (backend: Backend, request: S3Request): Reply => {
  const upload = findUpload(backend, request)
  const after = numberOf(request, 'part-number-marker', { min: 0, max: 2 ** 31 - 1, absent: 0 })
  const partsMax = readPageSize(request, 'max-parts')
  const found = backend.uploads.parts(upload, after, partsMax + 1)
  const parts = found.slice(0, partsMax)
  const truncated = parts.length > 0 && found.length > parts.length
  return xmlReply('ListPartsResult', {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.id,
    Initiator: owner,
    Owner: owner,
    StorageClass: 'STANDARD',
    PartNumberMarker: after,
    NextPartNumberMarker: parts.at(-1)?.number ?? after,
    MaxParts: partsMax,
    IsTruncated: truncated,
    ChecksumAlgorithm: upload.facts.algorithm,
    ChecksumType: upload.facts.checksumType,
    Part: parts.map((part) => ({
      PartNumber: part.number,
      LastModified: xmlDate(part.modified),
      ETag: quoted(part.etag),
      Size: part.sizeBytes,
      ...(part.checksum ? { [checksumElement(part.checksum.algorithm)]: part.checksum.value } : {}),
    })),
  })
}
