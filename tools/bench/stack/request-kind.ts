/** What is known of a request before it is answered. */
export interface AskedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined
}

const dynamoDb: Readonly<Record<string, string>> = {
  GetItem: 'DynamoDB read',
  BatchGetItem: 'DynamoDB read',
  Query: 'DynamoDB read',
  Scan: 'DynamoDB read',
}

/** Folder of the silver bucket → what is written into it. */
const folders: readonly (readonly [RegExp, string])[] = [
  [/^\/[^/]+\/_staging\//, 'staging'],
  [/^\/[^/]+\/_batches\//, 'manifest'],
]

const s3KindOf = ({ method, path, header }: AskedRequest): string => {
  const place = folders.find(([pattern]) => pattern.test(path))?.[1]
  if (method === 'GET')
    return /[?&]list-type=/.test(path) ? 'S3 LIST' : `S3 GET ${place ?? 'object'}`
  if (method === 'PUT')
    return header('x-amz-copy-source') === undefined ? `S3 PUT ${place ?? 'object'}` : 'S3 copy'
  return method === 'HEAD' ? 'S3 HEAD' : 'S3 DELETE'
}

/** What a request is for, in a few words; undefined of those to the runtime, which are no work. */
export const kindOf = (request: AskedRequest): string | undefined => {
  const { path, header } = request
  const [service = '', action = ''] = header('x-amz-target')?.split('.') ?? []
  if (service.startsWith('DynamoDB')) return dynamoDb[action] ?? 'DynamoDB write'
  if (service === 'AmazonSQS') return `SQS ${action}`
  if (path.startsWith('/2018-06-01/runtime/')) return undefined
  if (/[?&]query=INSERT\b/.test(path)) return 'ClickHouse INSERT'
  if (path.startsWith('/?') || path === '/' || path.startsWith('/ping'))
    return 'ClickHouse question'
  return s3KindOf(request)
}
