import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LocalServer } from '../sqs.ts'
import type { Asset } from './asset.ts'
import type { Drops } from './drops.ts'
import { refusalOf } from './guard.ts'
import type { Ask } from './question.ts'
import { statementCharsMax, Unanswered } from './question.ts'
import type { Hello } from './tick.ts'
import type { Viewers } from './viewers.ts'

export interface PageParts {
  readonly assets: ReadonlyMap<string, Asset>
  readonly viewers: Viewers
  readonly hello: () => Hello
  readonly drops: Drops
  /** Undefined: there is no ClickHouse in this run. */
  readonly ask: Ask | undefined
}

export const uploadBytesMax = 256 * 1024 * 1024
const uploadsMax = 8
/** S3's limit. */
const keyBytesMax = 1024
/** Of UTF-8 as JSON escapes it. */
const questionBytesMax = 6 * statementCharsMax + 100

const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** A request that is not answered as asked. */
class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const send = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { ...headers, 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const readKey = (url: URL): string => {
  const key = url.searchParams.get('key') ?? ''
  const bytes = Buffer.byteLength(key)
  if (bytes === 0 || bytes > keyBytesMax || key.endsWith('/'))
    throw new Refused(400, `A key has 1 to ${keyBytesMax} bytes and does not end with a slash.`)
  return key
}

const readSize = (request: IncomingMessage): number => {
  const length = request.headers['content-length']
  if (length === undefined) throw new Refused(411, 'The size of the file must be told first.')
  const sizeBytes = Number(length)
  if (sizeBytes > uploadBytesMax)
    throw new Refused(
      413,
      `The page takes files of at most ${uploadBytesMax / 1024 ** 2} MiB; npm start -- --input takes larger ones.`,
    )
  return sizeBytes
}

const readStatement = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes <= questionBytesMax) parts.push(part)
  }
  if (bytes > questionBytesMax) throw new Refused(413, 'The query is too long.')
  try {
    const { statement } = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
      readonly statement?: unknown
    }
    if (typeof statement === 'string') return statement
  } catch {
    // Told below, like a document without a statement.
  }
  throw new Refused(400, 'The body must be {"statement": "…"}.')
}

const createRoutes = (parts: PageParts) => {
  let uploads = 0
  const load = async (request: IncomingMessage, url: URL): Promise<object> => {
    const file = { key: readKey(url), sizeBytes: readSize(request), body: request }
    if (uploads >= uploadsMax)
      throw new Refused(429, `${uploadsMax} files are being uploaded. Wait for one of them.`)
    uploads += 1
    try {
      return await parts.drops.load(file)
    } finally {
      uploads -= 1
    }
  }
  const ask = async (request: IncomingMessage, response: ServerResponse): Promise<object> => {
    if (!parts.ask) throw new Refused(404, 'This run has no ClickHouse (--target silver).')
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    return parts.ask(await readStatement(request), gone.signal)
  }
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://page')
    const what = `${request.method} ${url.pathname}`
    if (what === 'POST /objects') return send(response, 200, await load(request, url))
    if (what === 'POST /query') return send(response, 200, await ask(request, response))
    if (what === 'GET /events') {
      if (!parts.viewers.add(response, parts.hello()))
        throw new Refused(503, 'Too many pages are open.')
      return
    }
    const asset = request.method === 'GET' ? parts.assets.get(url.pathname) : undefined
    if (!asset) throw new Refused(404, 'There is nothing here.')
    response.writeHead(200, { ...headers, 'content-type': asset.contentType })
    response.end(asset.body)
  }
}

const statusOf = (error: unknown): number =>
  error instanceof Refused ? error.status : error instanceof Unanswered ? 422 : 500

/** Listens on 127.0.0.1 only. */
export const startPageServer = async (parts: PageParts): Promise<LocalServer> => {
  const answer = createRoutes(parts)
  let port = 0
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const refusal = refusalOf(request, port)
      if (refusal !== undefined) throw new Refused(403, `This page is not for others: ${refusal}.`)
      await answer(request, response)
    } catch (error) {
      // What is left of a refused body flows away, so that the browser comes to read the answer.
      request.resume()
      if (response.headersSent || response.destroyed) return void response.destroy()
      send(response, statusOf(error), { error: (error as Error).message })
    }
  }
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  port = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        parts.viewers.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
