import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

import { s3Limits } from './limits.ts'
import { S3Error } from './s3-error.ts'

export interface S3Request {
  readonly id: string
  readonly method: string
  /** Undefined for the service itself. */
  readonly bucket: string | undefined
  /** Undefined for the bucket itself. */
  readonly key: string | undefined
  /** Path as sent, for error documents. */
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: IncomingHttpHeaders
  readonly clientAddress: string
  /** The raw body; asking for it tells a waiting client to send it. */
  openBody(): IncomingMessage
}

const invalidUri = (): S3Error => new S3Error('InvalidURI', "Couldn't parse the specified URI.")

// The key is whatever UTF-8 the percent-escapes spell, `..` and `//` included, so no URL class touches it.
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidUri()
  }
}

const readQuery = (text: string): ReadonlyMap<string, string> => {
  const query = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const [name = '', ...value] = pair.replaceAll('+', ' ').split('=')
    query.set(decode(name), decode(value.join('=')))
  }
  return query
}

const virtualHost = /^(.+)\.(?:localhost|s3[.\w-]*\.amazonaws\.com)(?::\d+)?$/i

const readTarget = (
  path: string,
  host: string | undefined,
): { bucket: string | undefined; key: string | undefined } => {
  const hosted = virtualHost.exec(host ?? '')?.[1]
  const rest = path.replace(/^\//, '')
  if (hosted !== undefined) return { bucket: hosted, key: rest === '' ? undefined : decode(rest) }
  const slash = rest.indexOf('/')
  const bucket = decode(slash < 0 ? rest : rest.slice(0, slash))
  const key = slash < 0 ? '' : decode(rest.slice(slash + 1))
  return { bucket: bucket === '' ? undefined : bucket, key: key === '' ? undefined : key }
}

export const checkKey = (key: string): void => {
  if (Buffer.byteLength(key) > s3Limits.keyBytesMax)
    throw new S3Error('KeyTooLongError', 'Your key is too long')
}

export const createRequestId = (): string => randomBytes(8).toString('hex').toUpperCase()

/** Path-style (`/bucket/key`) and virtual-host style (`bucket.localhost/key`). Throws InvalidURI, KeyTooLongError. */
export const readRequest = (
  id: string,
  incoming: IncomingMessage,
  openBody: () => IncomingMessage,
): S3Request => {
  const [path = '/', ...search] = (incoming.url ?? '/').split('?')
  const { bucket, key } = readTarget(path, incoming.headers.host)
  if (key !== undefined) checkKey(key)
  return {
    id,
    method: incoming.method ?? 'GET',
    bucket,
    key,
    path,
    query: readQuery(search.join('?')),
    headers: incoming.headers,
    clientAddress: incoming.socket.remoteAddress ?? '127.0.0.1',
    openBody,
  }
}

/** A header as one text; undefined when absent. */
export const headerOf = (request: S3Request, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

export const bucketOf = (request: S3Request): string => {
  if (request.bucket === undefined) throw invalidUri()
  return request.bucket
}

export const keyOf = (request: S3Request): string => {
  if (request.key === undefined) throw invalidUri()
  return request.key
}

/** A whole number from the query within its bounds; InvalidArgument otherwise. */
export const numberOf = (
  request: S3Request,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly absent: number },
): number => {
  const text = request.query.get(name)
  if (text === undefined || text === '') return bounds.absent
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (!(value >= bounds.min && value <= bounds.max))
    throw new S3Error(
      'InvalidArgument',
      `${name} must be a whole number from ${bounds.min} to ${bounds.max}.`,
      {
        elements: { ArgumentName: name, ArgumentValue: text },
      },
    )
  return value
}
