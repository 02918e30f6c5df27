import { afterEach, describe, expect, test, vi } from 'vitest'
import { countChunk } from './chunk-count.ts'
import { createConnection } from './connection.ts'
import type { ConnectionLimits } from './connection.ts'
import { respond, startTestServer } from './test-server.ts'
import type { ClickHouseSettings } from './settings.ts'
import type { Behaviour, TestServer } from './test-server.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const json = { 'content-type': 'application/json' }

const settingsOf = (url: string): ClickHouseSettings => ({
  url,
  database: 'silver',
  user: 'writer',
  password: 'hunter2',
  insertTimeoutMs: 1000,
  connectTimeoutMs: 5_000,
  settings: {},
  engine: 'ReplacingMergeTree',
  deduplicationWindow: 1,
})

const count = async (
  behave: Behaviour,
  signal = new AbortController().signal,
): Promise<unknown> => {
  server = await startTestServer(behave)
  const connection = createConnection(settingsOf(server.url))
  const chunk = { token: 'B#0', month: '2026-12' }
  return countChunk(connection, { database: 'silver' }, 'events', chunk, signal)
    .catch((error: unknown) => error)
    .finally(() => connection.close())
}

const answer = JSON.stringify({ meta: [], data: [{ found: '7' }], rows: 1 })

describe('looking for a chunk', () => {
  test('asks one month of one table, after every acknowledged INSERT', async () => {
    expect(await count((socket) => socket.end(respond(200, answer, json)))).toBe(7)
    const [request] = server?.received ?? []
    const parameters = Object.fromEntries(new URL(request?.target ?? '', 'http://x').searchParams)
    expect(parameters).toMatchObject({
      param_start: '2026-12-01 00:00:00',
      param_end: '2027-01-01 00:00:00',
      param_token: 'B#0',
      select_sequential_consistency: '1',
    })
    expect(request?.body.toString()).toContain('FROM `silver`.`events`')
    expect(request?.target).not.toContain('hunter2')
  })

  test.each<[string, string, Behaviour]>([
    [
      '200 with an exception code',
      'TARGET_UNAVAILABLE',
      (socket) =>
        socket.end(
          respond(200, 'Code: 241. DB::Exception: Memory (MEMORY_LIMIT_EXCEEDED)', {
            'x-clickhouse-exception-code': 241,
          }),
        ),
    ],
    [
      'a text that breaks off',
      'TARGET_UNAVAILABLE',
      (socket) => socket.end(respond(200, answer.slice(0, -5), json)),
    ],
    [
      'an answer that breaks off',
      'TARGET_UNAVAILABLE',
      (socket) => socket.end(respond(200, answer, { ...json, 'content-length': 999 })),
    ],
    [
      'a page of someone else',
      'TARGET_UNAVAILABLE',
      (socket) => socket.end(respond(200, '<html>')),
    ],
    ['a reset', 'TARGET_UNAVAILABLE', (socket) => socket.resetAndDestroy()],
    [
      'an unknown table',
      'TARGET_MISCONFIGURED',
      (socket) =>
        socket.end(
          respond(
            404,
            'Code: 60. DB::Exception: Table silver.events does not exist. (UNKNOWN_TABLE)',
            {
              'x-clickhouse-exception-code': 60,
            },
          ),
        ),
    ],
    [
      'a wrong password',
      'TARGET_DENIED',
      (socket) =>
        socket.end(
          respond(
            403,
            'Code: 516. DB::Exception: writer: Authentication failed. (AUTHENTICATION_FAILED)',
            {
              'x-clickhouse-exception-code': 516,
            },
          ),
        ),
    ],
    ['503 of a load balancer', 'TARGET_UNAVAILABLE', (socket) => socket.end(respond(503))],
  ])('%s is no answer: %s', async (_, code, behave) => {
    expect(await count(behave)).toMatchObject({ code })
  })

  test('given up, it is no answer', async () => {
    const giving = new AbortController()
    expect(await count(() => giving.abort(), giving.signal)).toMatchObject({
      code: 'DEADLINE_REACHED',
    })
  })
})

describe('a server that is slow', () => {
  /** A question that is never answered, and a command that is answered on call. */
  const startSlow = async (limits: ConnectionLimits) => {
    let answerCommand = (): void => undefined
    server = await startTestServer((socket, { body }) => {
      if (body.includes('DELETE'))
        answerCommand = () => socket.end(respond(200, '', { 'x-clickhouse-query-id': 'q' }))
    })
    const connection = createConnection(settingsOf(server.url), limits)
    const { signal } = new AbortController()
    return {
      connection,
      ask: () => connection.query({ statement: 'SELECT 1', what: 'a question' }, signal),
      command: () => connection.command('DELETE FROM t WHERE 1', 'DELETE of chunk B#0', signal),
      answerCommand: () => answerCommand(),
    }
  }

  test('has more time for a DELETE than for a question', async () => {
    const slow = await startSlow({ questionTimeoutMs: 50 })
    const deleting = slow.command()
    await expect(slow.ask()).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
    await vi.waitFor(() => expect(server?.received).toHaveLength(2))
    slow.answerCommand()
    await expect(deleting).resolves.toBeUndefined()
    await slow.connection.close()
  })

  test('may still be at a DELETE that took too long, and never begins it later', async () => {
    const slow = await startSlow({ commandTimeoutMs: 1_200 })
    await expect(slow.command()).rejects.toMatchObject({
      code: 'TARGET_OUTCOME_UNKNOWN',
      message: expect.stringMatching(
        /^DELETE of chunk B#0: no whole .* 1200 ms.* at it still: run/,
      ),
    })
    const [request] = server?.received ?? []
    expect(new URL(request?.target ?? '', 'http://x').searchParams.get('max_execution_time')).toBe(
      '2',
    )
    await slow.connection.close()
  })
})
