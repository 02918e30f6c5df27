import { afterEach, describe, expect, test } from 'vitest'
import { countChunk } from './chunk-count.ts'
import { createConnection } from './connection.ts'
import { respond, startTestServer } from './test-server.ts'
import type { Behaviour, TestServer } from './test-server.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const json = { 'content-type': 'application/json' }

const count = async (
  behave: Behaviour,
  signal = new AbortController().signal,
): Promise<unknown> => {
  server = await startTestServer(behave)
  const connection = createConnection({
    url: server.url,
    database: 'silver',
    user: 'writer',
    password: 'hunter2',
    insertTimeoutMs: 1000,
    settings: {},
    engine: 'ReplacingMergeTree',
    deduplicationWindow: 1,
  })
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
