import { randomBytes } from 'node:crypto'
import { request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Fault, type Login } from '@silversmith/core'
import { credentialsOf, loginOf } from './credentials.ts'
import { judgeInsert, replyBytesMax } from './reply.ts'
import type { Reply } from './reply.ts'
import type { ClickHouseSettings } from './settings.ts'

export interface Insert {
  /** `INSERT INTO … (columns) FORMAT Parquet`, or a whole `INSERT … SELECT`. */
  readonly statement: string
  /** Rows in the statement's format; absent for INSERT … SELECT. */
  readonly body?: Uint8Array
  readonly token: string
  readonly comment: string
  /** Pinned settings chosen for this server. */
  readonly pinned: Readonly<Record<string, string>>
  /** For messages, e.g. `INSERT of chunk 01…#0 into db.table`. */
  readonly what: string
}

/**
 * Runs one INSERT and returns when it certainly succeeded.
 *
 * Not `client.insert()`: its drain takes a closed socket for an ended answer, throws the answer's text away, wants a
 * stream that cannot be sent twice, and its time-out counts idle time only. This one sends a Buffer with its length on a
 * connection of its own (a socket kept over a Lambda freeze is a coin toss), and judges status, headers, framing and body.
 *
 * Throws TARGET_UNAVAILABLE when nothing was sent; TARGET_OUTCOME_UNKNOWN when the INSERT may land yet; else by the
 * server's exception (see `faultOfException`); DEADLINE_REACHED when the signal was aborted before the start.
 */
export const insert = async (
  settings: ClickHouseSettings,
  { statement, body, token, comment, pinned, what }: Insert,
  signal: AbortSignal,
): Promise<void> => {
  const url = new URL(settings.url)
  const queryId = `${token}-${randomBytes(4).toString('hex')}`
  const parameters: Record<string, string> = {
    ...settings.settings,
    ...pinned,
    insert_deduplication_token: token,
    max_execution_time: String(Math.ceil(settings.insertTimeoutMs / 1000)),
    query_id: queryId,
    log_comment: comment,
    ...(body && { query: statement }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const login = await loginOf(settings, signal)
  const sent = { body: body ?? Buffer.from(statement), login, what }
  const fault = judgeInsert(await post(url, sent, settings, signal), queryId, what)
  if (fault?.code === 'TARGET_DENIED') settings.login?.forget()
  if (fault) throw fault
}

interface Sent {
  readonly body: Uint8Array
  readonly login: Login
  readonly what: string
}

const post = (
  url: URL,
  { body, login, what }: Sent,
  settings: ClickHouseSettings,
  signal: AbortSignal,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { insertTimeoutMs, connectTimeoutMs } = settings
    if (signal.aborted) {
      reject(new Fault('DEADLINE_REACHED', `${what}: not begun, the time was up`))
      return
    }
    const secure = url.protocol === 'https:'
    const request = (secure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': body.byteLength,
        ...credentialsOf(login),
      },
    })
    let sending = false
    const fail = (cause: Error): void => {
      settle()
      request.destroy()
      reject(sending ? unknownOutcome(what, cause) : unavailable(what, url, cause))
    }
    const settle = (): void => {
      clearTimeout(timer)
      clearTimeout(connecting)
      signal.removeEventListener('abort', onAbort)
    }
    const onAbort = (): void => fail(new Error('the time of this invocation was up'))
    const timer = setTimeout(
      () => fail(new Error(`no whole answer within ${insertTimeoutMs} ms`)),
      insertTimeoutMs,
    )
    const connecting = setTimeout(
      () => fail(new Error(`no connection within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    )
    signal.addEventListener('abort', onAbort)
    request.once('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        sending = true
        clearTimeout(connecting)
      }),
    )
    request.on('error', fail)
    request.once('response', (response) => {
      readReply(response, (reply) => {
        settle()
        resolve(reply)
      }).on('error', fail)
    })
    request.end(body)
  })

const readReply = (response: IncomingMessage, done: (reply: Reply) => void): IncomingMessage => {
  const parts: Buffer[] = []
  let kept = 0
  response.on('data', (part: Buffer) => {
    const rest = part.subarray(0, replyBytesMax - kept)
    kept += rest.length
    if (rest.length > 0) parts.push(rest)
  })
  // `close` follows both a whole answer and a broken one; only `complete` tells them apart.
  return response.once('close', () => {
    const headerOf = (name: string): string | undefined => {
      const value = response.headers[name]
      return typeof value === 'string' ? value : undefined
    }
    done({
      status: response.statusCode ?? 0,
      exceptionCode: headerOf('x-clickhouse-exception-code'),
      queryId: headerOf('x-clickhouse-query-id'),
      retryAfter: headerOf('retry-after'),
      complete: response.complete,
      body: Buffer.concat(parts).toString('utf8'),
    })
  })
}

const unknownOutcome = (what: string, cause: Error): Fault =>
  new Fault(
    'TARGET_OUTCOME_UNKNOWN',
    `${what}: ${reasonOf(cause)}. It may have landed; the next attempt looks before it inserts.`,
    { cause },
  )

const unavailable = (what: string, url: URL, cause: Error): Fault =>
  /CERT|SELF_SIGNED|SSL|TLS/.test(reasonOf(cause))
    ? new Fault(
        'TARGET_MISCONFIGURED',
        `${what}: ${url.origin} offers no trusted TLS (${reasonOf(cause)}); check scheme, port and certificate`,
        { cause },
      )
    : new Fault(
        'TARGET_UNAVAILABLE',
        `${what}: ${url.origin} cannot be reached (${reasonOf(cause)}). Nothing was sent.`,
        { cause },
      )

const reasonOf = (cause: Error): string =>
  'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
