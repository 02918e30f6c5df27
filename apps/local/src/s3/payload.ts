import { createHash } from 'node:crypto'

import type { Checksum, ChecksumAlgorithm } from './checksum.ts'
import { checksumAlgorithms, checksumHeader, createHasher, readAlgorithm } from './checksum.ts'
import { createChunkDecoder } from './chunked-body.ts'
import type { S3Request } from './request.ts'
import { headerOf } from './request.ts'
import { S3Error, notImplemented } from './s3-error.ts'

/** What is known of a body that has arrived whole and agrees with every digest its sender gave. */
export interface PayloadFacts {
  readonly sizeBytes: number
  /** Hex. */
  readonly md5: string
  readonly checksum: Checksum | undefined
}

export type Sink = (bytes: Buffer) => Promise<void> | void

interface Promised {
  readonly chunked: boolean
  readonly sizeBytes: number
  readonly md5: string | undefined
  readonly sha256: string | undefined
  readonly algorithm: ChecksumAlgorithm | undefined
  /** Given before the body; a trailer gives it after. */
  readonly checksum: string | undefined
}

const readChecksumPromise = (request: S3Request): Pick<Promised, 'algorithm' | 'checksum'> => {
  for (const algorithm of checksumAlgorithms) {
    const checksum = headerOf(request, checksumHeader(algorithm))
    if (checksum !== undefined) return { algorithm, checksum }
  }
  const trailer = /x-amz-checksum-(\w+)/i.exec(headerOf(request, 'x-amz-trailer') ?? '')?.[1]
  const name = trailer ?? headerOf(request, 'x-amz-sdk-checksum-algorithm')
  if (name === undefined) return { algorithm: undefined, checksum: undefined }
  const algorithm = readAlgorithm(name)
  if (!algorithm) throw notImplemented(`checksum algorithm ${name}`)
  return { algorithm, checksum: undefined }
}

const readPromise = (request: S3Request, sizeBytesMax: number): Promised => {
  const hash = headerOf(request, 'x-amz-content-sha256')
  const chunked =
    (hash?.startsWith('STREAMING-') ?? false) ||
    /\baws-chunked\b/.test(headerOf(request, 'content-encoding') ?? '')
  const size = headerOf(request, chunked ? 'x-amz-decoded-content-length' : 'content-length')
  if (size === undefined || !/^\d{1,15}$/.test(size))
    throw new S3Error(
      'MissingContentLength',
      chunked
        ? 'You must provide the x-amz-decoded-content-length HTTP header.'
        : 'You must provide the Content-Length HTTP header.',
    )
  if (Number(size) > sizeBytesMax)
    throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      elements: { ProposedSize: size, MaxSizeAllowed: String(sizeBytesMax) },
    })
  const md5 = headerOf(request, 'content-md5')
  if (md5 !== undefined && Buffer.from(md5, 'base64').length !== 16)
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.')
  return {
    chunked,
    sizeBytes: Number(size),
    md5,
    sha256: hash && /^[0-9a-f]{64}$/i.test(hash) ? hash.toLowerCase() : undefined,
    ...readChecksumPromise(request),
  }
}

const checkDigests = (
  promised: Promised,
  found: { md5: Buffer; sha256: string | undefined; checksum: string | undefined },
  trailer: string | undefined,
): void => {
  if (promised.md5 !== undefined && promised.md5 !== found.md5.toString('base64'))
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
  if (promised.sha256 !== found.sha256)
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  const checksum = promised.checksum ?? trailer
  if (checksum !== undefined && checksum !== found.checksum)
    throw new S3Error(
      'BadDigest',
      `The ${promised.algorithm} you specified did not match the calculated checksum.`,
    )
}

/**
 * Passes the payload to `sink` piece by piece as it arrives, waiting for each. `wish`: the checksum to compute where the
 * sender names none.
 * Throws EntityTooLarge and MissingContentLength before the first byte; IncompleteBody, BadDigest and
 * XAmzContentSHA256Mismatch at the end: what the sink got is then worthless.
 */
export const receivePayload = async (
  request: S3Request,
  sizeBytesMax: number,
  sink: Sink,
  wish?: ChecksumAlgorithm,
): Promise<PayloadFacts> => {
  const promised = readPromise(request, sizeBytesMax)
  const algorithm = promised.algorithm ?? wish
  const decoder = promised.chunked ? createChunkDecoder() : undefined
  const md5 = createHash('md5')
  const sha256 = promised.sha256 === undefined ? undefined : createHash('sha256')
  const hasher = algorithm && createHasher(algorithm)
  let sizeBytes = 0
  // A refusal half-way must leave the connection open, or the client would never read it.
  for await (const raw of request.openBody().iterator({ destroyOnReturn: false })) {
    const bytes = raw as Buffer
    for (const piece of decoder ? decoder.push(bytes) : [bytes]) {
      sizeBytes += piece.length
      if (sizeBytes > promised.sizeBytes) break
      md5.update(piece)
      sha256?.update(piece)
      hasher?.update(piece)
      await sink(piece)
    }
  }
  if (sizeBytes !== promised.sizeBytes || decoder?.ended === false)
    throw new S3Error(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
    )
  const md5Bytes = md5.digest()
  const checksum = hasher?.digest()
  const trailer = promised.algorithm && decoder?.trailers.get(checksumHeader(promised.algorithm))
  checkDigests(promised, { md5: md5Bytes, sha256: sha256?.digest('hex'), checksum }, trailer)
  return {
    sizeBytes,
    md5: md5Bytes.toString('hex'),
    checksum:
      algorithm && checksum !== undefined
        ? { algorithm, value: checksum, type: 'FULL_OBJECT' }
        : undefined,
  }
}

/** A small body as text (XML documents). */
export const receiveText = async (request: S3Request, sizeBytesMax: number): Promise<string> => {
  const pieces: Buffer[] = []
  await receivePayload(request, sizeBytesMax, (bytes) => void pieces.push(bytes))
  return Buffer.concat(pieces).toString('utf8')
}
