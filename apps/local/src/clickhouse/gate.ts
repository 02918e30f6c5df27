import { createServer, request as requestHttp } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a server says in place of the engine; undefined: the engine is asked. */
export interface Refusal {
  readonly status: number
  readonly code?: number
  readonly body: string
}

export interface Gate {
  readonly url: string
  close(): Promise<void>
}

export interface GateOptions {
  /** The engine. */
  readonly to: string
  readonly refuse?: (request: {
    readonly statement: string
    readonly user: string
  }) => Refusal | undefined
  /** Parameters of each request, before its own. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** For tests: a server with users, grants and profiles before the engine, which has none. */
export const startGate = async ({ to, refuse, parameters = {} }: GateOptions): Promise<Gate> => {
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await readBody(incoming)
    const url = new URL(incoming.url ?? '/', to)
    const statement = url.searchParams.get('query') ?? body.toString('utf8')
    const refusal = refuse?.({ statement, user: userOf(incoming) })
    if (refusal) {
      const { status, code } = refusal
      outgoing.writeHead(status, {
        ...(code !== undefined && { 'x-clickhouse-exception-code': code }),
        'content-type': 'text/plain; charset=UTF-8',
      })
      outgoing.end(refusal.body)
      return
    }
    const all = new URLSearchParams([...Object.entries(parameters), ...url.searchParams])
    url.search = all.toString()
    const headers = { ...incoming.headers, host: url.host }
    const asked = requestHttp(url, { method: incoming.method ?? 'GET', headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(outgoing)
    })
    asked.on('error', () => outgoing.destroy())
    asked.end(body)
  }
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy())
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

const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts)
}

/** By either way of sending it. */
const userOf = ({ headers }: IncomingMessage): string => {
  const own = headers['x-clickhouse-user']
  if (typeof own === 'string') return own
  const [, basic = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? []
  return Buffer.from(basic, 'base64').toString().split(':')[0] ?? ''
}
