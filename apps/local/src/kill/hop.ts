import { createServer, request as sendRequest } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { finished, pipeline } from 'node:stream/promises'
import { createDeferred } from '../lambda/deferred.ts'
import type { LocalServer } from '../sqs.ts'

const bodyBytesMax = 64 * 1024 * 1024

/** @throws Error when the body is over 64 MiB. */
export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = []
  let sizeBytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    if (sizeBytes > bodyBytesMax) throw new Error(`a body of over ${bodyBytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Those between two neighbours; made anew for the next hop. */
const hopHeaders = ['connection', 'keep-alive', 'expect', 'transfer-encoding']

const endToEnd = (headers: NodeJS.Dict<string | string[]>): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.includes(name)))

/** The same request to another server, on a connection of its own. `answer` is undefined when there is none. */
const open = (upstream: string, request: IncomingMessage) => {
  const sent = sendRequest(new URL(request.url ?? '/', upstream), {
    ...{ method: request.method, agent: false, headers: endToEnd(request.headers) },
  })
  const answer = createDeferred<IncomingMessage | undefined>()
  sent.once('response', answer.resolve)
  sent.on('error', () => answer.resolve(undefined))
  return { sent, answer: answer.promise }
}

/** Sends all of a request and takes its answer to the end, for nobody. */
export const sendWhole = async (
  upstream: string,
  request: IncomingMessage,
  body: Buffer,
): Promise<void> => {
  const { sent, answer } = open(upstream, request)
  sent.end(body)
  const reply = await answer
  reply?.resume()
  if (reply) await finished(reply).catch(() => undefined)
}

/** Hands all of a request over and waits for nothing more. */
export const sendAway = async (
  upstream: string,
  request: IncomingMessage,
  body: Buffer,
): Promise<void> => {
  const { sent, answer } = open(upstream, request)
  void answer.then((reply) => reply?.resume())
  await new Promise<void>((resolve) => sent.once('error', () => resolve()).end(body, resolve))
}

/** Sends half of a body. The function returned cuts the connection. */
export const sendHalf = async (
  upstream: string,
  request: IncomingMessage,
  body: Buffer,
): Promise<() => void> => {
  const { sent } = open(upstream, request)
  const half = body.subarray(0, Math.floor(body.length / 2))
  await new Promise<void>((resolve) => void sent.write(half, () => resolve()))
  return () => void sent.destroy()
}

/** Streams a request to its service and the answer back. */
export const passOn = async (
  upstream: string,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
  onStatus: (status: number) => void,
): Promise<void> => {
  const { sent, answer } = open(upstream, request)
  response.once('close', () => {
    if (!response.writableFinished) sent.destroy()
  })
  if (body) sent.end(body)
  else await pipeline(request, sent).catch(() => sent.destroy())
  const reply = await answer
  if (!reply) return void response.destroy()
  onStatus(reply.statusCode ?? 0)
  response.writeHead(reply.statusCode ?? 502, endToEnd(reply.headers))
  await pipeline(reply, response).catch(() => response.destroy())
}

/** A request that cannot be handled loses its connection. */
export const listen = async (
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<LocalServer> => {
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
