import type { Backend } from './backend.ts'
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
  putBucketVersioning,
} from './bucket-operations.ts'
import { copyObject } from './copy-operations.ts'
import { deleteObject, deleteObjects } from './delete-operations.ts'
import { listObjectVersions, listObjects, listObjectsV2 } from './list-operations.ts'
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
} from './multipart-operations.ts'
import { listParts, uploadPart, uploadPartCopy } from './part-operations.ts'
import { readObject } from './read-operations.ts'
import type { Reply } from './reply.ts'
import type { S3Request } from './request.ts'
import { S3Error, notImplemented } from './s3-error.ts'
import { putObject } from './write-operations.ts'

type Operation = (backend: Backend, request: S3Request) => Reply | Promise<Reply>

interface Route {
  readonly method: string
  readonly on: 'service' | 'bucket' | 'object'
  /** Query parameters that make this operation the one meant. */
  readonly needs?: readonly string[]
  readonly needsHeader?: string
  /** Further query parameters it obeys; any other is refused. */
  readonly takes?: readonly string[]
  readonly run: Operation
}

const page = ['prefix', 'delimiter', 'max-keys', 'encoding-type']
const reads = [
  'versionId',
  'partNumber',
  ...['cache-control', 'content-disposition', 'content-encoding'].map((name) => `response-${name}`),
  ...['content-language', 'content-type', 'expires'].map((name) => `response-${name}`),
]
const part = ['partNumber', 'uploadId']
const copySource = 'x-amz-copy-source'

// The first that fits: the more particular before the plainer.
const routes: readonly Route[] = [
  { method: 'GET', on: 'service', run: listBuckets },
  { method: 'GET', on: 'bucket', needs: ['location'], run: getBucketLocation },
  { method: 'GET', on: 'bucket', needs: ['versioning'], run: getBucketVersioning },
  {
    method: 'GET',
    on: 'bucket',
    needs: ['versions'],
    takes: [...page, 'key-marker', 'version-id-marker'],
    run: listObjectVersions,
  },
  {
    method: 'GET',
    on: 'bucket',
    needs: ['uploads'],
    takes: ['prefix', 'max-uploads', 'encoding-type', 'key-marker', 'upload-id-marker'],
    run: listMultipartUploads,
  },
  {
    method: 'GET',
    on: 'bucket',
    needs: ['list-type'],
    takes: [...page, 'start-after', 'continuation-token', 'fetch-owner'],
    run: listObjectsV2,
  },
  { method: 'GET', on: 'bucket', takes: [...page, 'marker'], run: listObjects },
  { method: 'HEAD', on: 'bucket', run: headBucket },
  { method: 'PUT', on: 'bucket', needs: ['versioning'], run: putBucketVersioning },
  { method: 'PUT', on: 'bucket', run: createBucket },
  { method: 'DELETE', on: 'bucket', run: deleteBucket },
  { method: 'POST', on: 'bucket', needs: ['delete'], run: deleteObjects },
  {
    method: 'GET',
    on: 'object',
    needs: ['uploadId'],
    takes: ['max-parts', 'part-number-marker'],
    run: listParts,
  },
  { method: 'GET', on: 'object', takes: reads, run: readObject },
  { method: 'HEAD', on: 'object', takes: reads, run: readObject },
  { method: 'PUT', on: 'object', needs: part, needsHeader: copySource, run: uploadPartCopy },
  { method: 'PUT', on: 'object', needs: part, run: uploadPart },
  { method: 'PUT', on: 'object', needsHeader: copySource, run: copyObject },
  { method: 'PUT', on: 'object', run: putObject },
  { method: 'POST', on: 'object', needs: ['uploads'], run: createMultipartUpload },
  { method: 'POST', on: 'object', needs: ['uploadId'], run: completeMultipartUpload },
  { method: 'DELETE', on: 'object', needs: ['uploadId'], run: abortMultipartUpload },
  { method: 'DELETE', on: 'object', takes: ['versionId'], run: deleteObject },
]

// Named by every SDK call, or part of a presigned address; nothing here depends on them.
const silent = (name: string): boolean => name === 'x-id' || /^x-amz-/i.test(name)

/** Runs the operation meant. Throws what it throws; NotImplemented for operations and options this server has not. */
export const runOperation = async (backend: Backend, request: S3Request): Promise<Reply> => {
  const onObject = request.key === undefined ? 'bucket' : 'object'
  const on = request.bucket === undefined ? 'service' : onObject
  const route = routes.find(
    (each) =>
      each.method === request.method &&
      each.on === on &&
      (each.needs ?? []).every((name) => request.query.has(name)) &&
      (each.needsHeader === undefined || request.headers[each.needsHeader] !== undefined),
  )
  if (!route)
    throw new S3Error(
      'MethodNotAllowed',
      'The specified method is not allowed against this resource.',
    )
  const known = [...(route.needs ?? []), ...(route.takes ?? [])]
  const unknown = [...request.query.keys()].find((name) => !silent(name) && !known.includes(name))
  if (unknown !== undefined) throw notImplemented(`${request.method} with ?${unknown}`)
  return route.run(backend, request)
}
