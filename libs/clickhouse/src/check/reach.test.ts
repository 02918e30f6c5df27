import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import type { ClickHouseSettings } from '../settings.ts'
import { type Behaviour, startTestServer, type TestServer } from '../test-server.ts'
import { checkReach } from './reach.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
})

const settingsOf = (url: string, more: Partial<ClickHouseSettings>): ClickHouseSettings => ({
  ...{ url, database: 'analytics', settings: {}, engine: 'ReplacingMergeTree' },
  ...{ insertTimeoutMs: 1_000, connectTimeoutMs: 5_000, deduplicationWindow: 10_000 },
  ...more,
})

const reach = async (
  behave: Behaviour,
  more: Partial<ClickHouseSettings> = {},
  signal = new AbortController().signal,
) => {
  server = await startTestServer(behave)
  return checkReach(settingsOf(server.url, more), signal)
}

const answer: Behaviour = (socket) =>
  socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n25.8.1.3\n')

test.each(['hunter2', 'пароль', 'pässwört', 'a:b c%'])(
  'sends the password %s as the questions and INSERTs after it do',
  async (password) => {
    const found = await reach(answer, { user: 'wörter', password })
    expect(found).toMatchObject({ state: 'ok', found: 'ClickHouse 25.8.1.3 lets user wörter in' })
    const [request] = server?.received ?? []
    const basic = /^authorization: Basic (\S+)/im.exec(request?.head ?? '')?.[1] ?? ''
    expect(Buffer.from(basic, 'base64').toString('utf8')).toBe(`wörter:${password}`)
  },
)

test('a server that takes the connection and is silent is no firewall', async () => {
  const stop = new AbortController()
  const found = await reach(() => stop.abort(), {}, stop.signal)
  expect(found.state).toBe('wrong')
  const page = readFileSync(
    new URL('../../../../docs/reference/doctor.md', import.meta.url),
    'utf8',
  )
  const named = found.found.replace(server?.url ?? '', 'https://clickhouse.example:8443')
  expect(page).toContain(`clickhouse: ${named}\n         fix: ${found.fix}\n`)
})

test('looks elsewhere without the password: nobody knows yet who listens there', async () => {
  const ping: Behaviour = (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nOk.\n')
  server = await startTestServer(ping)
  const found = await checkReach(
    settingsOf(server.url.replace('http:', 'https:'), { user: 'w', password: 'hunter2' }),
    new AbortController().signal,
  )
  expect(found.fix).toContain(`set CLICKHOUSE_URL=${server.url} `)
  expect(server.received.map(({ target }) => target)).toEqual(['/ping'])
  expect(server.received[0]?.head).not.toMatch(/authorization|x-clickhouse/i)
})
