import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LocalServer } from '../sqs.ts'
import type { FunctionPool } from './function-pool.ts'
import { payloadBytesMax } from './invocation.ts'
import type { Outcome } from './invocation.ts'

const route = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/
/** Functions are invoked by their ARN, too. */
const arn = /^arn:.*:function:/

export const readPayload = async (request: IncomingMessage): Promise<string | undefined> => {
  const parts: Buffer[] = []
  let sizeBytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    if (sizeBytes <= payloadBytesMax) parts.push(part)
  }
  return sizeBytes <= payloadBytesMax ? Buffer.concat(parts).toString('utf8') : undefined
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export const refuse = (
  response: ServerResponse,
  status: number,
  type: string,
  message: string,
): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type })
  response.end(JSON.stringify({ Message: message }))
}

const answer = (response: ServerResponse, outcome: Outcome): void => {
  if (outcome.kind === 'throttled')
    return refuse(response, 429, 'TooManyRequestsException', 'Rate Exceeded.')
  const headers = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' }
  if (outcome.kind === 'success') {
    response.writeHead(200, headers)
    return void response.end(outcome.payload)
  }
  const { errorType, errorMessage, stackTrace } = outcome
  response.writeHead(200, { ...headers, 'x-amz-function-error': 'Unhandled' })
  response.end(JSON.stringify({ errorType, errorMessage, trace: stackTrace }))
}

/** Answers a request of another kind. False: it is none it knows. */
export type Responder = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/**
 * Lambda's Invoke, synchronous: `POST /2015-03-31/functions/<name>/invocations`; what `other` answers beside it.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const startInvokeApi = async (
  pools: readonly FunctionPool[],
  other: Responder = () => Promise.resolve(false),
): Promise<LocalServer> => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (await other(request, response)) return
    const name = decodeURIComponent(route.exec(request.url ?? '')?.[1] ?? '').replace(arn, '')
    const pool = pools.find((one) => one.name === name)
    if (request.method !== 'POST' || !pool)
      return refuse(response, 404, 'ResourceNotFoundException', `Function not found: ${name}`)
    const payload = await readPayload(request)
    if (payload === undefined)
      return refuse(response, 413, 'RequestTooLargeException', `over ${payloadBytesMax} bytes`)
    if (!isJson(payload))
      return refuse(response, 400, 'InvalidRequestContentException', 'the event is not JSON')
    answer(response, await pool.invoke(payload))
  }
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
