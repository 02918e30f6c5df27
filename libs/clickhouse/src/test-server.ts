import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A request as it came over the wire. */
export interface Received {
  readonly target: string
  readonly head: string
  readonly body: Buffer
}

export interface TestServer {
  readonly url: string
  /** Requests that came whole, in order. */
  readonly received: readonly Received[]
  close(): Promise<void>
}

/** What a server does with a request that came whole. It writes bytes, so that it can also write wrong ones. */
export type Behaviour = (socket: Socket, request: Received) => void

/** A TCP server that reads HTTP requests and answers as it is told; `eager` acts as soon as anything arrives. */
export const startTestServer = async (
  behave: Behaviour,
  { eager = false }: { readonly eager?: boolean } = {},
): Promise<TestServer> => {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    let bytes = Buffer.alloc(0)
    socket.on('data', (part: Buffer) => {
      bytes = Buffer.concat([bytes, part])
      const request = readRequest(bytes, eager)
      if (!request) return
      bytes = Buffer.alloc(0)
      received.push(request)
      behave(socket, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

const readRequest = (bytes: Buffer, eager: boolean): Received | undefined => {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = bytes.subarray(0, end).toString('latin1')
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  const body = bytes.subarray(end + 4)
  if (body.length < length && !eager) return undefined
  return { target: head.split(' ')[1] ?? '', head, body }
}

/** A well-formed answer. */
export const respond = (
  status: number,
  body = '',
  headers: Readonly<Record<string, string | number>> = {},
): string =>
  [
    `HTTP/1.1 ${status} X`,
    ...Object.entries({ 'content-length': Buffer.byteLength(body), ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    '',
    body,
  ].join('\r\n')

/** The header by which ClickHouse says that it was the one who ran this request. */
export const queryIdOf = ({ target }: Received): Readonly<Record<string, string>> => ({
  'x-clickhouse-query-id': new URL(target, 'http://x').searchParams.get('query_id') ?? '',
})
