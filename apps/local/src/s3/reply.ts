import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

import { closeBlob, streamBlob } from './blobs.ts'
import type { ByteRange } from './range.ts'
import type { S3Request } from './request.ts'
import { S3Error } from './s3-error.ts'
import type { XmlValue } from './xml.ts'
import { writeXml } from './xml.ts'

export type Headers = Readonly<Record<string, string | undefined>>

/** What an operation answers; at most one of `xml` and `file`. */
export interface Reply {
  readonly status: number
  readonly headers?: Headers
  readonly xml?: string
  /** An open descriptor, closed by whoever sends or drops the reply. */
  readonly file?: { readonly descriptor: number } & ByteRange
}

export const xmlReply = (
  root: string,
  content: { readonly [name: string]: XmlValue },
  headers: Headers = {},
): Reply => ({ status: 200, headers, xml: writeXml(root, content) })

/** The document of an error; HEAD answers and 304s carry none. */
export const errorReply = (
  error: S3Error,
  request: Pick<S3Request, 'id' | 'method' | 'path'>,
): Reply => {
  const xml = writeXml('Error', {
    Code: error.code,
    Message: error.message,
    ...error.elements,
    Resource: request.path,
    RequestId: request.id,
  })
  const body = request.method === 'HEAD' ? {} : { xml }
  return { status: error.status, headers: error.headers, ...body }
}

const writeHead = (response: ServerResponse, reply: Reply): void => {
  response.statusCode = reply.status
  for (const [name, value] of Object.entries(reply.headers ?? {}))
    if (value !== undefined) response.setHeader(name, value)
}

/** Rejects when the client went away or the file could not be read to its end: the connection is cut then, never short. */
export const sendReply = async (reply: Reply, response: ServerResponse): Promise<void> => {
  const { file, xml } = reply
  if (!file) {
    writeHead(response, reply)
    if (xml !== undefined) {
      response.setHeader('content-type', 'application/xml')
      response.setHeader('content-length', Buffer.byteLength(xml))
    }
    response.end(xml)
    return
  }
  if (response.destroyed) return closeBlob(file.descriptor)
  writeHead(response, reply)
  await pipeline(streamBlob(file.descriptor, file), response)
}
