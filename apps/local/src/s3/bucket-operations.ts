import type { Backend } from './backend.ts'
import type { Versioning } from './catalog.ts'
import { s3Limits } from './limits.ts'
import { owner } from './list-operations.ts'
import { xmlDate } from './object-headers.ts'
import { receiveText } from './payload.ts'
import type { Reply } from './reply.ts'
import { xmlReply } from './reply.ts'
import type { S3Request } from './request.ts'
import { bucketOf } from './request.ts'
import { S3Error } from './s3-error.ts'
import { malformedXml, readXml, textOf } from './xml.ts'

// S3 user guide, "Bucket naming rules".
const bucketName = /^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

const readLocation = async (request: S3Request): Promise<string | undefined> => {
  if ((request.headers['content-length'] ?? '0') === '0') return undefined
  const text = await receiveText(request, s3Limits.xmlBytesMax)
  return textOf(readXml(text, 'CreateBucketConfiguration'), 'LocationConstraint')
}

export const createBucket = async (backend: Backend, request: S3Request): Promise<Reply> => {
  const name = bucketOf(request)
  if (!bucketName.test(name))
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', {
      elements: { BucketName: name },
    })
  const location = await readLocation(request)
  if (location !== undefined && location !== backend.region)
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    )
  // us-east-1 alone forgives the owner who creates a bucket again (API reference, CreateBucket).
  if (!backend.catalog.createBucket(name) && backend.region !== 'us-east-1')
    throw new S3Error(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      { elements: { BucketName: name } },
    )
  return { status: 200, headers: { location: `/${name}` } }
}

export const headBucket = (backend: Backend, request: S3Request): Reply => {
  backend.catalog.bucket(bucketOf(request))
  return { status: 200, headers: { 'x-amz-bucket-region': backend.region } }
}

export const deleteBucket = (backend: Backend, request: S3Request): Reply => {
  backend.catalog.deleteBucket(bucketOf(request))
  return { status: 204 }
}

export const listBuckets = (backend: Backend): Reply =>
  xmlReply('ListAllMyBucketsResult', {
    Owner: owner,
    Buckets: {
      Bucket: backend.catalog
        .buckets()
        .map(({ name, created }) => ({ Name: name, CreationDate: xmlDate(created) })),
    },
  })

export const getBucketLocation = (backend: Backend, request: S3Request): Reply => {
  backend.catalog.bucket(bucketOf(request))
  // us-east-1 is written as no text at all.
  const location = backend.region === 'us-east-1' ? '' : backend.region
  return xmlReply('LocationConstraint', { LocationConstraint: location })
}

export const getBucketVersioning = (backend: Backend, request: S3Request): Reply =>
  xmlReply('VersioningConfiguration', {
    Status: backend.catalog.bucket(bucketOf(request)).versioning,
  })

const isVersioning = (status: string | undefined): status is Versioning =>
  status === 'Enabled' || status === 'Suspended'

export const putBucketVersioning = async (backend: Backend, request: S3Request): Promise<Reply> => {
  const text = await receiveText(request, s3Limits.xmlBytesMax)
  const document = readXml(text, 'VersioningConfiguration')
  const status = textOf(document, 'Status')
  if (!isVersioning(status) || textOf(document, 'MfaDelete') === 'Enabled') throw malformedXml()
  backend.catalog.setVersioning(bucketOf(request), status)
  return { status: 200 }
}
