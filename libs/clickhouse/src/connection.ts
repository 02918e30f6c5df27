import { ClickHouseError, createClient } from '@clickhouse/client'
import { Fault } from '@silversmith/core'
import type { FaultCode } from '@silversmith/core'
import { loginOf } from './credentials.ts'
import { faultOfException, findException } from './exception.ts'
import type { ClickHouseSettings } from './settings.ts'

/** Questions and commands. Both may be repeated at will; data goes through `insert`. */
export interface Connection {
  /** Rows of a SELECT. `parameters` fill `{name:Type}`; `what` names the question in messages. */
  query<Row>(
    question: {
      readonly statement: string
      readonly parameters?: Readonly<Record<string, unknown>>
      readonly settings?: Readonly<Record<string, string>>
      readonly what: string
    },
    signal: AbortSignal,
  ): Promise<readonly Row[]>
  command(statement: string, what: string, signal: AbortSignal): Promise<void>
  ping(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** How long an answer may take, from connecting to its last byte. */
export interface ConnectionLimits {
  readonly questionTimeoutMs?: number
  /** Longer: a DELETE rewrites what it marks, on every replica. */
  readonly commandTimeoutMs?: number
}

/** The client's own limit is there for what ours cannot stop. */
const clientMarginMs = 60_000

/** As the client takes them. */
interface CallLimits {
  readonly abort_signal: AbortSignal
  readonly auth?: { readonly username: string; readonly password: string }
}

/** How long a call waits, and what it is when that was not enough. */
interface Patience {
  readonly timeoutMs: number
  readonly late: { readonly code: FaultCode; readonly then: string }
}

/**
 * Faults of all calls: TARGET_UNAVAILABLE (not reached, no whole answer, answer unreadable), TARGET_OUTCOME_UNKNOWN (a command
 * took too long; the server may go on with it), DEADLINE_REACHED (given up; a command may run on), or by the server's exception.
 */
export const createConnection = (
  settings: ClickHouseSettings,
  { questionTimeoutMs = 30_000, commandTimeoutMs = 900_000 }: ConnectionLimits = {},
): Connection => {
  const client = createClient({
    url: settings.url,
    application: 'silversmith',
    // The client has one limit for all; each call has its own below it.
    request_timeout: Math.max(questionTimeoutMs, commandTimeoutMs) + clientMarginMs,
    // A socket kept while a Lambda sleeps is dead when it wakes, and no timer told so.
    keep_alive: { enabled: true, idle_socket_ttl: 2_500, eagerly_destroy_stale_sockets: true },
    log: { level: 127 },
  })
  const question: Patience = {
    timeoutMs: questionTimeoutMs,
    late: { code: 'TARGET_UNAVAILABLE', then: 'It will be tried again.' },
  }
  const command: Patience = {
    timeoutMs: commandTimeoutMs,
    late: {
      code: 'TARGET_OUTCOME_UNKNOWN',
      then: 'The server may have done it, or may be at it still: run the same again.',
    },
  }
  const run = async <Result>(
    what: string,
    { timeoutMs, late }: Patience,
    signal: AbortSignal,
    call: (limits: CallLimits) => Promise<Result>,
  ): Promise<Result> => {
    const own = AbortSignal.timeout(timeoutMs)
    const limit = AbortSignal.any([signal, own])
    const { user, password } = await loginOf(settings, limit)
    const auth = { username: user ?? 'default', password: password ?? '' }
    try {
      return await call({ abort_signal: limit, ...((user || password) && { auth }) })
    } catch (error) {
      if (signal.aborted)
        throw new Fault('DEADLINE_REACHED', `${what}: the time was up`, { cause: error })
      if (own.aborted)
        throw new Fault(
          late.code,
          `${what}: no whole answer from ${new URL(settings.url).origin} within ${timeoutMs} ms. ${late.then}`,
          { cause: error },
        )
      const fault = faultOf(error, what, settings.url)
      if (fault.code === 'TARGET_DENIED') settings.login?.forget()
      throw fault
    }
  }
  return {
    query: (asked, signal) =>
      run(asked.what, question, signal, async (limits) => {
        const answer = await client.query({
          query: asked.statement,
          format: 'JSON',
          ...limits,
          ...(asked.parameters && { query_params: { ...asked.parameters } }),
          clickhouse_settings: { wait_end_of_query: 1, ...asked.settings },
        })
        // Format JSON closes with a brace: a cut answer does not parse.
        return (await answer.json<never>()).data
      }),
    command: (statement, what, signal) =>
      run(what, command, signal, async (limits) => {
        await client.command({
          query: statement,
          ...limits,
          clickhouse_settings: {
            wait_end_of_query: 1,
            // The server gives up by then, too: a DELETE in a queue must not run after what was filled in since.
            max_execution_time: Math.ceil(commandTimeoutMs / 1000),
          },
        })
      }),
    ping: (signal) =>
      run('ping', question, signal, async (limits) => {
        const answer = await client.ping({ select: true, ...limits })
        if (!answer.success) throw answer.error
      }),
    close: () => client.close(),
  }
}

const faultOf = (error: unknown, what: string, url: string): Fault => {
  if (error instanceof ClickHouseError)
    return faultOfException(
      { code: Number(error.code), text: `${error.message} (${error.type ?? ''})` },
      what,
    )
  const found = findException(error instanceof Error ? error.message : '')
  if (found) return faultOfException(found, what)
  const reason =
    error instanceof Error && 'code' in error && typeof error.code === 'string'
      ? error.code
      : error instanceof Error
        ? error.name
        : 'unknown'
  return new Fault(
    'TARGET_UNAVAILABLE',
    `${what}: no usable answer from ${new URL(url).origin} (${reason}).`,
    { cause: error },
  )
}
