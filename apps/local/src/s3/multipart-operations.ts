import { createHash } from 'node:crypto'

import type { Backend } from './backend.ts'
import { readBlob } from './blobs.ts'
import type { Checksum } from './checksum.ts'
import { checksumAlgorithms, checksumElement, checksumHeader, createHasher } from './checksum.ts'
import { readChecksumWish } from './copy-operations.ts'
import { s3Limits } from './limits.ts'
import { owner, readEncoding, readPageSize } from './list-operations.ts'
import { quoted, readObjectHeaders, xmlDate } from './object-headers.ts'
import { findUpload } from './part-operations.ts'
import { receiveText } from './payload.ts'
import type { Reply } from './reply.ts'
import { xmlReply } from './reply.ts'
import type { S3Request } from './request.ts'
import { bucketOf, headerOf, keyOf } from './request.ts'
import { S3Error } from './s3-error.ts'
import type { Part, Upload } from './uploads.ts'
import { createObject, writtenHeaders } from './write-operations.ts'
import { childrenOf, malformedXml, readXml, textOf } from './xml.ts'

const readChecksumType = (request: S3Request): Checksum['type'] | undefined => {
  const type = headerOf(request, 'x-amz-checksum-type')
  if (type === undefined || type === 'COMPOSITE' || type === 'FULL_OBJECT') return type
  throw new S3Error('InvalidRequest', `Value for x-amz-checksum-type header is invalid: ${type}`)
}

export const createMultipartUpload = (backend: Backend, request: S3Request): Reply => {
  const bucket = bucketOf(request)
  backend.catalog.bucket(bucket)
  const headers = readObjectHeaders(request)
  const algorithm = readChecksumWish(request)
  const usual = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'
  const checksumType = algorithm && (readChecksumType(request) ?? usual)
  const upload = backend.uploads.create(bucket, keyOf(request), {
    headers,
    algorithm,
    checksumType,
  })
  return xmlReply(
    'InitiateMultipartUploadResult',
    { Bucket: bucket, Key: upload.key, UploadId: upload.id },
    { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': checksumType },
  )
}

export const abortMultipartUpload = async (
  backend: Backend,
  request: S3Request,
): Promise<Reply> => {
  const upload = findUpload(backend, request)
  await backend.uploads.hold(upload, () => backend.blobs.remove(backend.uploads.drop(upload)))
  return { status: 204 }
}

/** The parts the client lists, with its etags and checksums held against ours. */
const chooseParts = (listed: readonly Listed[], stored: readonly Part[]): readonly Part[] => {
  const byNumber = new Map(stored.map((part) => [part.number, part]))
  return listed.map(({ number, etag, checksums }, index) => {
    if (index > 0 && number <= (listed[index - 1]?.number ?? 0))
      throw new S3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
      )
    const part = byNumber.get(number)
    const wrong = checksums.some(
      ([element, value]) =>
        part?.checksum &&
        element === checksumElement(part.checksum.algorithm) &&
        value !== part.checksum.value,
    )
    if (!part || part.etag !== etag || wrong)
      throw new S3Error(
        'InvalidPart',
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        { elements: { PartNumber: String(number), ETag: etag } },
      )
    if (index < listed.length - 1 && part.sizeBytes < s3Limits.partBytesMin)
      throw new S3Error(
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed size',
        {
          elements: {
            ProposedSize: String(part.sizeBytes),
            MinSizeAllowed: String(s3Limits.partBytesMin),
            PartNumber: String(number),
          },
        },
      )
    return part
  })
}

interface Listed {
  readonly number: number
  readonly etag: string
  readonly checksums: readonly (readonly [string, string])[]
}

const readListed = (text: string): readonly Listed[] => {
  const document = readXml(text, 'CompleteMultipartUpload')
  const listed = childrenOf(document, 'Part').map((element) => {
    const number = Number(textOf(element, 'PartNumber') ?? NaN)
    const etag = textOf(element, 'ETag')?.replaceAll('"', '')
    if (!Number.isSafeInteger(number) || etag === undefined) throw malformedXml()
    const checksums = element.children
      .filter((child) => child.name.startsWith('Checksum'))
      .map((child) => [child.name, child.text] as const)
    return { number, etag, checksums }
  })
  if (listed.length === 0 || listed.length > s3Limits.partNumberMax) throw malformedXml()
  return listed
}

const multipartEtag = (parts: readonly Part[]): string => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part.etag, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}

const compositeChecksum = (upload: Upload, parts: readonly Part[]): Checksum | undefined => {
  const { algorithm } = upload.facts
  if (!algorithm) return undefined
  const hasher = createHasher(algorithm)
  for (const part of parts) hasher.update(Buffer.from(part.checksum?.value ?? '', 'base64'))
  return { algorithm, value: `${hasher.digest()}-${parts.length}`, type: 'COMPOSITE' }
}

/** One blob of all parts, in constant memory. */
const joinParts = async (
  backend: Backend,
  upload: Upload,
  parts: readonly Part[],
): Promise<{ blob: string; checksum: Checksum | undefined }> => {
  const { algorithm, checksumType } = upload.facts
  const whole = algorithm && checksumType === 'FULL_OBJECT' ? createHasher(algorithm) : undefined
  const { blob } = await backend.blobs.create(async (sink) => {
    for (const part of parts) {
      const range = { start: 0, length: part.sizeBytes }
      await readBlob(backend.blobs.open(part.blob), range, (bytes) => {
        whole?.update(bytes)
        return sink(bytes)
      })
    }
  })
  if (!whole || !algorithm) return { blob, checksum: compositeChecksum(upload, parts) }
  return { blob, checksum: { algorithm, value: whole.digest(), type: 'FULL_OBJECT' } }
}

/** What the client says of the whole object, in headers: they are not about the XML body. */
const checkWhole = (
  request: S3Request,
  sizeBytes: number,
  checksum: Checksum | undefined,
): void => {
  const size = headerOf(request, 'x-amz-mp-object-size')
  if (size !== undefined && size !== String(sizeBytes))
    throw new S3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${size} does not match what was computed: ${sizeBytes}`,
    )
  const given = checksum && headerOf(request, checksumHeader(checksum.algorithm))
  if (given !== undefined && given !== checksum?.value)
    throw new S3Error(
      'BadDigest',
      `The ${checksum?.algorithm} you specified did not match the calculated checksum.`,
    )
}

const withoutChecksums = (request: S3Request): S3Request => {
  const headers = { ...request.headers }
  for (const algorithm of checksumAlgorithms) delete headers[checksumHeader(algorithm)]
  return { ...request, headers }
}

export const completeMultipartUpload = async (
  backend: Backend,
  request: S3Request,
): Promise<Reply> => {
  const upload = findUpload(backend, request)
  const listed = readListed(await receiveText(withoutChecksums(request), s3Limits.xmlBytesMax))
  return backend.uploads.hold(upload, async () => {
    const parts = chooseParts(
      listed,
      backend.uploads.parts(findUpload(backend, request), 0, s3Limits.partNumberMax),
    )
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
    let released: readonly string[] = []
    const version = await createObject(backend, request, {
      name: 'ObjectCreated:CompleteMultipartUpload',
      make: async () => {
        const { blob, checksum } = await joinParts(backend, upload, parts)
        const { headers } = upload.facts
        const facts = { headers, checksum, partSizes: parts.map((part) => part.sizeBytes) }
        try {
          checkWhole(request, sizeBytes, checksum)
        } catch (error) {
          await backend.blobs.remove([blob])
          throw error
        }
        return { blob, sizeBytes, etag: multipartEtag(parts), facts }
      },
      also: () => {
        released = backend.uploads.drop(upload)
      },
    })
    await backend.blobs.remove(released)
    const { checksum } = version.facts
    return xmlReply(
      'CompleteMultipartUploadResult',
      {
        Location: `http://${request.headers.host}${request.path}`,
        Bucket: version.bucket,
        Key: version.key,
        ETag: quoted(version.etag),
        ...(checksum ? { [checksumElement(checksum.algorithm)]: checksum.value } : {}),
        ChecksumType: checksum?.type,
      },
      writtenHeaders(backend, version),
    )
  })
}

export const listMultipartUploads = (backend: Backend, request: S3Request): Reply => {
  const bucket = bucketOf(request)
  backend.catalog.bucket(bucket)
  const { query } = request
  const encode = readEncoding(request)
  const prefix = query.get('prefix') ?? ''
  const uploadsMax = readPageSize(request, 'max-uploads')
  const key = query.get('key-marker') ?? ''
  // Without an id the marker means: behind every upload of that key. Ids are hex, so `~` is behind all.
  const id = query.get('upload-id-marker') ?? '~'
  const behind = Buffer.compare(Buffer.from(key), Buffer.from(prefix)) >= 0
  const from = behind ? { key, id } : { key: prefix, id: '' }
  const found = backend.uploads
    .list(bucket, from, uploadsMax + 1)
    .filter((upload) => upload.key.startsWith(prefix))
  const uploads = found.slice(0, uploadsMax)
  const last = found.length > uploads.length ? uploads.at(-1) : undefined
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: bucket,
    Prefix: encode(prefix),
    KeyMarker: encode(key),
    UploadIdMarker: query.get('upload-id-marker') ?? '',
    NextKeyMarker: last && encode(last.key),
    NextUploadIdMarker: last?.id,
    MaxUploads: uploadsMax,
    EncodingType: query.get('encoding-type'),
    IsTruncated: last !== undefined,
    Upload: uploads.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiator: owner,
      Owner: owner,
      StorageClass: 'STANDARD',
      Initiated: xmlDate(upload.created),
      ChecksumAlgorithm: upload.facts.algorithm,
      ChecksumType: upload.facts.checksumType,
    })),
  })
}
