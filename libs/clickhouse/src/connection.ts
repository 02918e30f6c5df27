import { ClickHouseError, createClient } from '@clickhouse/client'
import { Fault } from '@silversmith/core'
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

const questionTimeoutMs = 30_000
/** A DELETE rewrites what it marks, on every replica. */
const commandTimeoutMs = 900_000

/**
 * Faults of all calls: TARGET_UNAVAILABLE (not reached, no whole answer, answer unreadable), DEADLINE_REACHED (given up; a
 * command may run on), or by the server's exception.
 */
export const createConnection = (settings: ClickHouseSettings): Connection => {
  const client = createClient({
    url: settings.url,
    ...((settings.user || settings.password) && { username: settings.user ?? 'default' }),
    ...(settings.password && { password: settings.password }),
    application: 'silversmith',
    // The client has one limit for all; each call has its own below it.
    request_timeout: commandTimeoutMs,
    // A socket kept while a Lambda sleeps is dead when it wakes, and no timer told so.
    keep_alive: { enabled: true, idle_socket_ttl: 2_500, eagerly_destroy_stale_sockets: true },
    log: { level: 127 },
  })
  const run = async <Result>(
    what: string,
    timeoutMs: number,
    signal: AbortSignal,
    call: (limit: AbortSignal) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await call(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
    } catch (error) {
      if (signal.aborted)
        throw new Fault('DEADLINE_REACHED', `${what}: the time was up`, { cause: error })
      throw faultOf(error, what, settings.url)
    }
  }
  return {
    query: (question, signal) =>
      run(question.what, questionTimeoutMs, signal, async (limit) => {
        const answer = await client.query({
          query: question.statement,
          format: 'JSON',
          abort_signal: limit,
          ...(question.parameters && { query_params: { ...question.parameters } }),
          clickhouse_settings: { wait_end_of_query: 1, ...question.settings },
        })
        // Format JSON closes with a brace: a cut answer does not parse.
        return (await answer.json<never>()).data
      }),
    command: (statement, what, signal) =>
      run(what, commandTimeoutMs, signal, async (limit) => {
        await client.command({
          query: statement,
          abort_signal: limit,
          clickhouse_settings: { wait_end_of_query: 1 },
        })
      }),
    ping: (signal) =>
      run('ping', questionTimeoutMs, signal, async (limit) => {
        const answer = await client.ping({ select: true, abort_signal: limit })
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
