import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDeferred } from './deferred.ts'
import { failureOf, payloadBytesMax, readFailure } from './invocation.ts'
import type { Failure, Outcome } from './invocation.ts'

export interface Invocation {
  readonly id: string
  readonly functionArn: string
  readonly deadline: number
  /** JSON text. */
  readonly payload: string
}

/** The Runtime API of one execution environment: one process polls it, one invocation is under way at a time. */
export interface RuntimeApi {
  /** `host:port`, the value of AWS_LAMBDA_RUNTIME_API. */
  readonly address: string
  /** Resolves when the process asks for work, or with the failure of its start. */
  readonly started: Promise<Failure | undefined>
  /** Hands the invocation over as soon as the process asks. Resolves when it was handed over. */
  deliver(invocation: Invocation): Promise<void>
  /** The answer to the invocation delivered last. */
  answer(): Promise<Outcome>
  close(): Promise<void>
}

const prefix = '/2018-06-01/runtime'

/** Room for the envelope and for payloads over the limit, which are refused by name. */
const bodyBytesMax = payloadBytesMax * 2

const readBody = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size <= bodyBytesMax) parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const reply = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const outcomeOf = (kind: string, body: string): Outcome => {
  if (kind === 'error') return readFailure(body)
  if (Buffer.byteLength(body) <= payloadBytesMax) return { kind: 'success', payload: body }
  return failureOf(
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${payloadBytesMax} bytes).`,
  )
}

export const createRuntimeApi = async (): Promise<RuntimeApi> => {
  const started = createDeferred<Failure | undefined>()
  let poll: ServerResponse | undefined
  let waiting: { invocation: Invocation; delivered: () => void } | undefined
  let current = { id: '', outcome: createDeferred<Outcome>() }

  const match = (): void => {
    if (!poll || !waiting) return
    const { invocation, delivered } = waiting
    current = { id: invocation.id, outcome: createDeferred<Outcome>() }
    poll.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(invocation.deadline),
      'lambda-runtime-invoked-function-arn': invocation.functionArn,
      'lambda-runtime-trace-id': `Root=1-${invocation.id.slice(0, 8)}-${invocation.id.replaceAll('-', '').slice(8, 32)};Sampled=0`,
    })
    poll.end(invocation.payload)
    poll = undefined
    waiting = undefined
    delivered()
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? ''
    if (request.method === 'GET' && path === `${prefix}/invocation/next`) {
      poll = response
      response.on('close', () => {
        if (poll === response) poll = undefined
      })
      started.resolve(undefined)
      return match()
    }
    const body = await readBody(request)
    if (path === `${prefix}/init/error`) {
      started.resolve(readFailure(body))
      return reply(response, 202, { status: 'OK' })
    }
    const [, id, kind] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(\w+)$/.exec(path) ?? []
    if (id === undefined || (kind !== 'response' && kind !== 'error'))
      return reply(response, 404, { errorType: 'NotFound', errorMessage: path })
    if (id !== current.id)
      return reply(response, 400, { errorType: 'InvalidRequestID', errorMessage: id })
    current.outcome.resolve(outcomeOf(kind, body))
    reply(response, 202, { status: 'OK' })
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    address: `127.0.0.1:${port}`,
    started: started.promise,
    deliver: (invocation) =>
      new Promise((delivered) => {
        waiting = { invocation, delivered }
        match()
      }),
    answer: () => current.outcome.promise,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
