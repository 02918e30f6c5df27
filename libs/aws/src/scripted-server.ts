import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AwsClients, AwsSettings } from './clients.ts'
import { createAwsClients } from './clients.ts'

export interface Request {
  readonly method: string
  /** Decoded, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Counts from 1. */
  readonly n: number
}

export type Answer = (request: Request, response: ServerResponse) => void | Promise<void>

export interface ScriptedServer {
  readonly url: string
  readonly requests: readonly Request[]
  /** Connections made to it so far. */
  readonly connections: number
  readonly clients: AwsClients
}

/** For tests: a real HTTP server that answers by script, and clients that give up soon. */
export const withServer = async (
  answer: Answer,
  work: (server: ScriptedServer) => Promise<void>,
  settings: AwsSettings = {},
): Promise<void> => {
  const requests: Request[] = []
  let connections = 0
  const server = createServer((incoming, response) => {
    void readRequest(incoming, requests.length + 1).then((request) => {
      requests.push(request)
      return answer(request, response)
    })
  })
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clients = createAwsClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoints: { s3: url, sqs: url, dynamodb: url },
    attemptsMax: 2,
    ...settings,
  })
  try {
    await work({
      url,
      requests,
      clients,
      get connections() {
        return connections
      },
    })
  } finally {
    clients.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const readRequest = async (incoming: IncomingMessage, n: number): Promise<Request> => {
  const pieces: Buffer[] = []
  for await (const piece of incoming) pieces.push(piece as Buffer)
  const url = new URL(incoming.url ?? '/', 'http://server')
  return {
    method: incoming.method ?? '',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(pieces),
    n,
  }
}

/** An S3 error answer. A HEAD has no body, as on S3. */
export const answerS3Error = (
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/xml', ...headers })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`)
}

export const answerXml = (response: ServerResponse, xml: string): void => {
  response.writeHead(200, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?>${xml}`)
}

/** An answer of SQS' and DynamoDB's JSON protocols. */
export const answerJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
  response.end(JSON.stringify(body))
}

/** Closes the connection without an answer. */
export const dropConnection = (response: ServerResponse): void => {
  response.socket?.resetAndDestroy()
}
