import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { findException } from '../exception.ts'
import { replyBytesMax } from '../reply.ts'

/** What came of one question, before anybody knows whether it is ClickHouse that was asked. */
export type FirstAnswer =
  | {
      readonly kind: 'answer'
      readonly status: number
      /** Of ClickHouse, where it refused. */
      readonly exceptionCode: number | undefined
      readonly body: string
    }
  /** `reason`: Node's code, e.g. ECONNREFUSED; `TIMEOUT`: no connection stood in time; `NO_ANSWER`: one did, and no more came. */
  | { readonly kind: 'silence'; readonly reason: string }

export interface FirstQuestion {
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** None: the question is a GET. */
  readonly body?: string
  readonly connectTimeoutMs: number
  /** In all. */
  readonly timeoutMs: number
}

/** Asks on a connection of its own. Never throws. */
export const askFirst = (
  { url, headers = {}, body, connectTimeoutMs, timeoutMs }: FirstQuestion,
  signal: AbortSignal,
): Promise<FirstAnswer> =>
  new Promise((resolve) => {
    const connecting = new AbortController()
    const timer = setTimeout(() => connecting.abort(), connectTimeoutMs)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs), connecting.signal])
    let late = 'TIMEOUT'
    const fail = (error: Error): void => {
      clearTimeout(timer)
      resolve({ kind: 'silence', reason: limit.aborted ? late : reasonOf(error) })
    }
    if (limit.aborted) return fail(new Error('aborted'))
    const isSecure = url.protocol === 'https:'
    const ask = isSecure ? requestHttps : requestHttp
    const method = body === undefined ? 'GET' : 'POST'
    const request = ask(url, { method, agent: false, headers, signal: limit })
    request.on('error', fail)
    request.once('socket', (socket) =>
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer)
        late = 'NO_ANSWER'
      }),
    )
    request.once('response', (response) => {
      const parts: Buffer[] = []
      let kept = 0
      response.on('data', (part: Buffer) => {
        if (kept < replyBytesMax) parts.push(part)
        kept += part.length
      })
      response.on('error', fail)
      response.once('end', () => {
        const text = Buffer.concat(parts).toString('utf8')
        const header = Number(response.headers['x-clickhouse-exception-code'] ?? NaN)
        const exceptionCode = Number.isNaN(header) ? findException(text)?.code : header
        resolve({ kind: 'answer', status: response.statusCode ?? 0, exceptionCode, body: text })
      })
    })
    request.end(body)
  })

const reasonOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.message
