import { Fault } from '@silversmith/core'
import type { FaultCode } from '@silversmith/core'
import { afterEach, describe, expect, test } from 'vitest'
import { insert } from './insert.ts'
import type { Insert } from './insert.ts'
import { replyBytesMax } from './reply.ts'
import type { ClickHouseSettings } from './settings.ts'
import { queryIdOf, respond, startTestServer } from './test-server.ts'
import type { Behaviour, TestServer } from './test-server.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const body = Buffer.from('PAR1 secret-payload PAR1')

const settingsOf = (url: string, more: Partial<ClickHouseSettings> = {}): ClickHouseSettings => ({
  url,
  database: 'silver',
  user: 'writer',
  password: 'hunter2',
  insertTimeoutMs: 400,
  connectTimeoutMs: 5_000,
  settings: { max_memory_usage: '1000' },
  engine: 'ReplacingMergeTree',
  deduplicationWindow: 100,
  ...more,
})

const order: Insert = {
  statement: 'INSERT INTO `silver`.`t` (`a`) FORMAT Parquet',
  body,
  token: 'B#0',
  comment: 'batch B',
  pinned: { async_insert: '0' },
  what: 'INSERT of chunk B#0 into silver.t',
}

const attempt = async (
  behave: Behaviour,
  { eager = false, signal = new AbortController().signal, insertTimeoutMs = 400 } = {},
): Promise<Fault | 'done'> => {
  server = await startTestServer(behave, { eager })
  try {
    await insert(settingsOf(server.url, { insertTimeoutMs }), order, signal)
    return 'done'
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

const exception = (code: number, text: string): string =>
  `Code: ${code}. DB::Exception: ${text} (version 26.7.2.1 (official build))\n`

const answers: readonly (readonly [title: string, code: FaultCode | 'done', behave: Behaviour])[] =
  [
    [
      '200, empty, of the query id that was sent',
      'done',
      (socket, request) => socket.end(respond(200, '', queryIdOf(request))),
    ],
    [
      '200, chunked and empty',
      'done',
      (socket, request) =>
        socket.end(
          `HTTP/1.1 200 OK\r\nX-ClickHouse-Query-Id: ${queryIdOf(request)['x-clickhouse-query-id']}\r\n` +
            'transfer-encoding: chunked\r\n\r\n0\r\n\r\n',
        ),
    ],
    [
      '200, empty, of a proxy in ClickHouse’s place',
      'TARGET_OUTCOME_UNKNOWN',
      (socket) => socket.end(respond(200, '', { server: 'nginx' })),
    ],
    [
      '200, empty, of another query',
      'TARGET_OUTCOME_UNKNOWN',
      (socket) => socket.end(respond(200, '', { 'x-clickhouse-query-id': 'B#0-00000000' })),
    ],
    [
      '200 with an exception code in the header',
      'TARGET_UNAVAILABLE',
      (socket) => socket.end(respond(200, '', { 'x-clickhouse-exception-code': 241 })),
    ],
    [
      '200 with an exception text in the body',
      'TARGET_REFUSED_DATA',
      (socket) => socket.end(respond(200, exception(117, 'bad (INCORRECT_DATA)'))),
    ],
    [
      '200 with a text of someone else',
      'TARGET_OUTCOME_UNKNOWN',
      (socket, request) =>
        socket.end(respond(200, '<html>Welcome to the hotel</html>', queryIdOf(request))),
    ],
    [
      '200 cut before its announced length',
      'TARGET_OUTCOME_UNKNOWN',
      (socket, request) =>
        socket.end(respond(200, '', { 'content-length': 10, ...queryIdOf(request) })),
    ],
    [
      '200 chunked without its last chunk',
      'TARGET_OUTCOME_UNKNOWN',
      (socket, request) =>
        socket.end(
          `HTTP/1.1 200 OK\r\nX-ClickHouse-Query-Id: ${queryIdOf(request)['x-clickhouse-query-id']}\r\n` +
            'transfer-encoding: chunked\r\n\r\n',
        ),
    ],
    [
      'a head cut in the middle',
      'TARGET_OUTCOME_UNKNOWN',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
    ],
    ['a closed connection without an answer', 'TARGET_OUTCOME_UNKNOWN', (socket) => socket.end()],
    ['a reset before the answer', 'TARGET_OUTCOME_UNKNOWN', (socket) => socket.resetAndDestroy()],
    [
      'a reset in the middle of the answer',
      'TARGET_OUTCOME_UNKNOWN',
      (socket) =>
        socket.write(respond(200, '', { 'content-length': 5 }), () => socket.resetAndDestroy()),
    ],
    ['silence', 'TARGET_OUTCOME_UNKNOWN', () => undefined],
    [
      'silence after the head',
      'TARGET_OUTCOME_UNKNOWN',
      (socket) => void socket.write(respond(200, '', { 'content-length': 5 })),
    ],
    ['bytes that are not HTTP', 'TARGET_OUTCOME_UNKNOWN', (socket) => socket.end('hello\r\n\r\n')],
    ['401', 'TARGET_DENIED', (socket) => socket.end(respond(401, 'who?'))],
    ['403 of a proxy', 'TARGET_DENIED', (socket) => socket.end(respond(403))],
    [
      '403 of ClickHouse',
      'TARGET_DENIED',
      (socket) =>
        socket.end(
          respond(403, exception(516, 'Authentication failed (AUTHENTICATION_FAILED)'), {
            'x-clickhouse-exception-code': 516,
          }),
        ),
    ],
    [
      '403 of ClickHouse, a grant is missing',
      'TARGET_FORBIDDEN',
      (socket) =>
        socket.end(respond(403, exception(497, 'writer: Not enough privileges (ACCESS_DENIED)'))),
    ],
    [
      '404 of ClickHouse',
      'TARGET_MISCONFIGURED',
      (socket) =>
        socket.end(respond(404, exception(60, 'Table silver.t does not exist. (UNKNOWN_TABLE)'))),
    ],
    ['404 of another server', 'TARGET_DENIED', (socket) => socket.end(respond(404, 'nope'))],
    ['301', 'TARGET_DENIED', (socket) => socket.end(respond(301, '', { location: '/x' }))],
    [
      '408 of ClickHouse',
      'TARGET_OUTCOME_UNKNOWN',
      (socket) => socket.end(respond(408, exception(159, 'Timeout exceeded (TIMEOUT_EXCEEDED)'))),
    ],
    ['413 of a proxy', 'TARGET_MISCONFIGURED', (socket) => socket.end(respond(413))],
    ['429', 'TARGET_UNAVAILABLE', (socket) => socket.end(respond(429))],
    ['500 of a proxy', 'TARGET_OUTCOME_UNKNOWN', (socket) => socket.end(respond(500))],
    [
      '500 of ClickHouse, out of memory',
      'TARGET_UNAVAILABLE',
      (socket) => socket.end(respond(500, exception(241, 'Memory limit (MEMORY_LIMIT_EXCEEDED)'))),
    ],
    [
      '500, too many parts',
      'TARGET_UNAVAILABLE',
      (socket) => socket.end(respond(500, exception(252, 'Too many parts (300) (TOO_MANY_PARTS)'))),
    ],
    [
      '500, too many partitions for one block',
      'TARGET_MISCONFIGURED',
      (socket) =>
        socket.end(
          respond(
            500,
            exception(252, 'Too many partitions for single INSERT block (TOO_MANY_PARTS)'),
          ),
        ),
    ],
    ['502 of a load balancer', 'TARGET_OUTCOME_UNKNOWN', (socket) => socket.end(respond(502))],
    ['503 of a load balancer', 'TARGET_UNAVAILABLE', (socket) => socket.end(respond(503))],
  ]

describe('an INSERT is judged by the whole answer', () => {
  test.each(answers)('%s → %s', async (_, code, behave) => {
    const outcome = await attempt(behave)
    expect(outcome === 'done' ? outcome : outcome.code).toBe(code)
  })

  test('an answer that drips in is given up when the time is up, not when it falls silent', async () => {
    let timer: NodeJS.Timeout | undefined
    const outcome = await attempt((socket) => {
      socket.write(respond(200, '', { 'content-length': 1_000_000 }))
      timer = setInterval(() => socket.write('\n'), 20)
      socket.on('close', () => clearInterval(timer))
    })
    clearInterval(timer)
    expect(outcome).toMatchObject({ code: 'TARGET_OUTCOME_UNKNOWN' })
    expect((outcome as Fault).message).toContain('no whole answer within 400 ms')
  })

  test.each([
    ['seconds', '120', 120_000],
    ['a date', new Date(Date.now() + 86_400_000).toUTCString(), 3_600_000],
    ['a date that is over', 'Wed, 21 Oct 2015 07:28:00 GMT', undefined],
    ['neither', 'soon', undefined],
  ])('Retry-After is heard, an hour at most: %s', async (_, text, ms) => {
    const outcome = await attempt((socket) => socket.end(respond(429, '', { 'retry-after': text })))
    expect(outcome).toMatchObject({ code: 'TARGET_UNAVAILABLE', retryAfterMs: ms })
  })

  test('a connection that never stands is given up in its own, shorter time: nothing was sent', async () => {
    // TLS is never answered, so that there is no connection to send anything on.
    server = await startTestServer(() => undefined)
    const settings = settingsOf(server.url.replace('http:', 'https:'), {
      ...{ insertTimeoutMs: 60_000, connectTimeoutMs: 200 },
    })
    const outcome = await insert(settings, order, new AbortController().signal).catch(
      (error: unknown) => error,
    )
    expect(outcome).toMatchObject({ code: 'TARGET_UNAVAILABLE' })
    expect((outcome as Fault).message).toContain('no connection within 200 ms')
  })

  test('a slow but whole answer is a success', async () => {
    const outcome = await attempt(
      (socket, request) => {
        const text = respond(200, '', queryIdOf(request))
        let at = 0
        const timer = setInterval(() => {
          socket.write(text.slice(at, at + 4))
          at += 4
          if (at < text.length) return
          clearInterval(timer)
          socket.end()
        }, 5)
      },
      { insertTimeoutMs: 20_000 },
    )
    expect(outcome).toBe('done')
  })

  test('an answer longer than we keep is read to its end and judged', async () => {
    const text = exception(117, 'x'.repeat(10)) + ' '.repeat(4 * replyBytesMax)
    const outcome = await attempt((socket) => socket.end(respond(500, text)))
    expect(outcome).toMatchObject({ code: 'TARGET_REFUSED_DATA' })
  })

  test('a refusal sent before the body was read is never a success', async () => {
    const outcome = await attempt((socket) => socket.end(respond(401)), { eager: true })
    expect(['TARGET_DENIED', 'TARGET_OUTCOME_UNKNOWN']).toContain((outcome as Fault).code)
  })

  test('a refused connection sent nothing: the target is unavailable, not unknown', async () => {
    const gone = await startTestServer(() => undefined)
    await gone.close()
    await expect(
      insert(settingsOf(gone.url), order, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
  })

  test('giving up while it runs leaves the outcome unknown', async () => {
    const giving = new AbortController()
    const outcome = await attempt(() => giving.abort(), { signal: giving.signal })
    expect(outcome).toMatchObject({ code: 'TARGET_OUTCOME_UNKNOWN' })
  })

  test('giving up before it began sends nothing', async () => {
    const outcome = await attempt(() => undefined, { signal: AbortSignal.abort() })
    expect(outcome).toMatchObject({ code: 'DEADLINE_REACHED' })
    expect(server?.received).toEqual([])
  })
})

describe('what is sent', () => {
  test('the bytes with their length, the token, the pinned settings over the user’s, and no password in the URL', async () => {
    const accept: Behaviour = (socket, request) => socket.end(respond(200, '', queryIdOf(request)))
    expect(await attempt(accept)).toBe('done')
    const [request] = server?.received ?? []
    const parameters = new URL(request?.target ?? '', 'http://x').searchParams
    expect(request?.body.equals(body)).toBe(true)
    expect(request?.head).toMatch(/^POST /)
    const basic = /^authorization: Basic (\S+)/im.exec(request?.head ?? '')?.[1] ?? ''
    expect(Buffer.from(basic, 'base64').toString()).toMatch(/^\w+:hunter2$/)
    expect(request?.target).not.toContain('hunter2')
    expect(Object.fromEntries(parameters)).toMatchObject({
      query: order.statement,
      insert_deduplication_token: 'B#0',
      async_insert: '0',
      max_execution_time: '1',
      max_memory_usage: '1000',
      log_comment: 'batch B',
    })
    expect(parameters.get('query_id')).toMatch(/^B#0-[0-9a-f]{8}$/)
  })
})

describe('messages', () => {
  test('name code and cause, and quote no row', async () => {
    const outcome = await attempt((socket) =>
      socket.end(
        respond(
          400,
          exception(
            27,
            "Cannot parse 'anna@school.example' as UInt64: row 4 (CANNOT_PARSE_INPUT_ASSERTION_FAILED)",
          ),
        ),
      ),
    )
    const { message } = outcome as Fault
    expect(message).toContain('INSERT of chunk B#0 into silver.t')
    expect(message).toContain('code 27 CANNOT_PARSE_INPUT_ASSERTION_FAILED')
    expect(message).not.toContain('anna')
    expect(message).not.toContain('secret-payload')
    expect(message).not.toContain('hunter2')
  })

  test('name the missing grant, with quoted values blanked', async () => {
    const outcome = await attempt((socket) =>
      socket.end(
        respond(
          500,
          exception(
            497,
            "writer: Not enough privileges. To execute this query, it's necessary to have the grant INSERT(a) ON silver.t for 'anna'. (ACCESS_DENIED)",
          ),
        ),
      ),
    )
    const { message } = outcome as Fault
    expect(message).toContain('INSERT(a) ON silver.t')
    expect(message).not.toContain('anna')
  })
})
