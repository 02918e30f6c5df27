/**
 * Runs in the process of a function: loads the bundle and serves it from the Lambda Runtime API, as AWS' own runtime does.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { Agent, request } from 'node:http'
import { hostname } from 'node:os'
import { pathToFileURL } from 'node:url'

type Handler = (event: unknown, context: object) => unknown

interface Reply {
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

const setting = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: this file is started by the stack`)
  return value
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const base = `http://${setting('AWS_LAMBDA_RUNTIME_API')}/2018-06-01/runtime`

/** No time-out: `next` is answered when there is work. */
const call = (method: 'GET' | 'POST', path: string, body = '', errorType = ''): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { 'content-type': 'application/json' }
    if (method === 'POST') headers['content-length'] = Buffer.byteLength(body)
    if (errorType) headers['lambda-runtime-function-error-type'] = errorType
    const sent = request(`${base}${path}`, { method, agent, headers }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ headers: response.headers, body: Buffer.concat(parts).toString('utf8') }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })

const describeError = (error: unknown): { type: string; body: string } => {
  const known = error instanceof Error ? error : new Error(String(error))
  const document = {
    errorType: known.name,
    errorMessage: known.message,
    stackTrace: (known.stack ?? '').split('\n').slice(1),
  }
  return { type: known.name, body: JSON.stringify(document) }
}

const loadHandler = async (file: string): Promise<Handler> => {
  const loaded = (await import(pathToFileURL(file).href)) as { handler?: unknown }
  if (typeof loaded.handler === 'function') return loaded.handler as Handler
  const error = new Error(`${file} has no function named handler among its exports`)
  error.name = 'Runtime.HandlerNotFound'
  throw error
}

const contextOf = (headers: Reply['headers']): object => {
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: setting('AWS_LAMBDA_FUNCTION_NAME'),
    functionVersion: setting('AWS_LAMBDA_FUNCTION_VERSION'),
    memoryLimitInMB: setting('AWS_LAMBDA_FUNCTION_MEMORY_SIZE'),
    logGroupName: setting('AWS_LAMBDA_LOG_GROUP_NAME'),
    logStreamName: hostname(),
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  }
}

const serve = async (handler: Handler): Promise<never> => {
  for (;;) {
    const { headers, body } = await call('GET', '/invocation/next')
    const id = String(headers['lambda-runtime-aws-request-id'])
    current = id
    process.env['_X_AMZN_TRACE_ID'] = String(headers['lambda-runtime-trace-id'] ?? '')
    try {
      const result = await handler(JSON.parse(body), contextOf(headers))
      await call('POST', `/invocation/${id}/response`, JSON.stringify(result) ?? 'null')
    } catch (error) {
      console.error(error)
      const { type, body: document } = describeError(error)
      await call('POST', `/invocation/${id}/error`, document, type)
    }
    current = undefined
  }
}

let current: string | undefined

/** An error outside any await of the handler ends the process, after it was told. */
const failHard = (error: unknown): void => {
  console.error(error)
  const { type, body } = describeError(error)
  const path = current === undefined ? '/init/error' : `/invocation/${current}/error`
  call('POST', path, body, type).then(
    () => process.exit(129),
    () => process.exit(129),
  )
}

process.on('uncaughtException', failHard)
process.on('unhandledRejection', failHard)
// Ctrl-C reaches the whole process group; the stack decides when a function ends.
process.on('SIGINT', () => undefined)
// The parent holds the other end: when it is gone, however it went, so is this process.
process.stdin.on('end', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))
process.stdin.resume()
;(process.stdin as { unref?: () => void }).unref?.()

try {
  await serve(await loadHandler(setting('SILVERSMITH_BUNDLE')))
} catch (error) {
  if (current === undefined) failHard(error)
  else process.exit(1)
}
