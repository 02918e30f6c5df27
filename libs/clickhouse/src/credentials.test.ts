import type { LoginSource } from '@silversmith/core'
import { afterEach, expect, test } from 'vitest'
import { createConnection } from './connection.ts'
import { loginOf, withLogin } from './credentials.ts'
import { insert } from './insert.ts'
import { parseClickHouseSettings, withoutSecrets } from './settings.ts'
import { respond, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const { signal } = new AbortController()
const CLICKHOUSE_SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ch-AbCdEf'

const settingsOf = (url: string, more: Record<string, string> = {}) => {
  const parsed = parseClickHouseSettings({
    ...{ CLICKHOUSE_URL: url, CLICKHOUSE_DATABASE: 'silver', CLICKHOUSE_SECRET_ARN },
    ...more,
  })
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed.settings
}

/** A secret that is rotated when the old one was refused. */
const rotating = (): LoginSource => {
  let password = 'old'
  return {
    read: () => Promise.resolve({ user: 'writer', password }),
    forget: () => (password = 'new'),
  }
}

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`

const authorizationOf = ({ head }: { readonly head: string }): string | undefined =>
  /^authorization: (.*)$/im.exec(head)?.[1]?.trim()

const refusal =
  'Code: 516. DB::Exception: writer: Authentication failed. (AUTHENTICATION_FAILED) (version 26.7.2.1)\n'

/** Lets only the new password in. */
const startServer = (): Promise<TestServer> =>
  startTestServer((socket, request) =>
    authorizationOf(request) === basic('writer:new')
      ? socket.end(respond(200, JSON.stringify({ meta: [], data: [], rows: 0 })))
      : socket.end(respond(403, refusal, { 'x-clickhouse-exception-code': '516' })),
  )

test('a question that is refused forgets the password, and the next has the new one', async () => {
  server = await startServer()
  const connection = createConnection(withLogin(settingsOf(server.url), rotating))
  const ask = () => connection.query({ statement: 'SELECT 1', what: 'asking' }, signal)
  await expect(ask()).rejects.toMatchObject({ code: 'TARGET_DENIED' })
  expect(await ask()).toEqual([])
  await connection.close()
})

test('and so does an INSERT', async () => {
  server = await startServer()
  const settings = withLogin(settingsOf(server.url), rotating)
  const order = {
    ...{ statement: 'INSERT INTO t FORMAT Parquet', body: Buffer.from('PAR1'), token: 'B#0' },
    ...{ comment: '', pinned: {}, what: 'INSERT' },
  }
  await expect(insert(settings, order, signal)).rejects.toMatchObject({ code: 'TARGET_DENIED' })
  await insert(settings, order, signal).catch((error: unknown) => {
    // What the server answers is no answer to an INSERT: it let us in.
    expect(error).not.toMatchObject({ code: 'TARGET_DENIED' })
  })
  expect(server.received.map(authorizationOf)).toEqual([basic('writer:old'), basic('writer:new')])
})

test('a user of the settings is that user', async () => {
  const settings = settingsOf('http://h:1', { CLICKHOUSE_USER: 'reader' })
  expect(await loginOf(withLogin(settings, rotating), signal)).toEqual({
    user: 'reader',
    password: 'old',
  })
})

test('a secret that nobody reads is told, not passed over', async () => {
  await expect(loginOf(settingsOf('http://h:1'), signal)).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    message: expect.stringContaining('CLICKHOUSE_SECRET_ARN'),
  })
})

test('a secret and a password are one too many; what is no ARN is refused', () => {
  expect(() => settingsOf('http://h:1', { CLICKHOUSE_PASSWORD: 'p' })).toThrow(/give one/)
  expect(() => settingsOf('http://h:1', { CLICKHOUSE_SECRET_ARN: 'clickhouse' })).toThrow(
    /CLICKHOUSE_SECRET_ARN must be the ARN/,
  )
})

test('what is logged has the ARN and nothing of the secret', () => {
  expect(withoutSecrets(withLogin(settingsOf('http://h:1'), rotating))).toMatchObject({
    secretArn: CLICKHOUSE_SECRET_ARN,
  })
  expect(withoutSecrets(withLogin(settingsOf('http://h:1'), rotating))).not.toHaveProperty('login')
})
