import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:tls'
import type { AddressInfo, Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { qualify } from '@silversmith/clickhouse'
import { datasets } from '@silversmith/datasets'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Gate, type GateOptions, startGate } from './gate.ts'
import { startTestClickHouse, type TestClickHouse, type TestDatabase } from './test-clickhouse.ts'

const cli = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url))
const page = readFileSync(
  fileURLToPath(new URL('../../../../docs/reference/doctor.md', import.meta.url)),
  'utf8',
)

let clickHouse: TestClickHouse
let database: TestDatabase
const closing: (() => unknown)[] = []

const tables = datasets.flatMap((dataset) => (dataset.name === 'xapi_events' ? dataset.tables : []))

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  database = await clickHouse.makeDatabase(tables)
})
afterAll(() => clickHouse?.close())
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const gate = async (options: Omit<GateOptions, 'to'>): Promise<Gate> => {
  const opened = await startGate({ to: database.settings.url, ...options })
  closing.push(() => opened.close())
  return opened
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

/** Nobody has a ClickHouse at the usual ports here: doctor would tell of it where another port is wrong. */
const isAlone = !(
  await Promise.all(
    ['https://127.0.0.1:8443', 'http://127.0.0.1:8123'].map((url) =>
      fetch(`${url}/ping`, { signal: AbortSignal.timeout(2_000) }).then(
        ({ ok }) => ok,
        () => false,
      ),
    ),
  )
).includes(true)

interface Told {
  readonly code: number
  /** What is wrong, as printed, with the names of the page. */
  readonly wrong: string
  readonly text: string
}

/** `silversmith doctor` as a person runs it, with nothing but ClickHouse to look at. */
const ask = async (environment: Readonly<Record<string, string>>): Promise<Told> => {
  const env = {
    PATH: process.env['PATH'] ?? '',
    CLICKHOUSE_URL: database.settings.url,
    CLICKHOUSE_DATABASE: database.database,
    CLICKHOUSE_USER: 'silversmith_writer',
    CLICKHOUSE_PASSWORD: 'hunter2',
    CLICKHOUSE_DEDUPLICATION_WINDOW: '10000',
    ROUTES: '[{"prefix":"section/","suffixes":[],"dataset":"xapi_events"}]',
    ...environment,
  }
  const { code, text } = await new Promise<{ code: number; text: string }>((resolve) => {
    const args = ['--disable-warning=ExperimentalWarning', cli, 'doctor']
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, text: `${stdout}${stderr}` }),
    )
  })
  expect(text).not.toContain('hunter2')
  const lines = text.split('\n')
  const wrong = lines.filter(
    (line, at) => /^WRONG/.test(line) || /^WRONG/.test(lines[at - 1] ?? ''),
  )
  const port = new URL(env.CLICKHOUSE_URL).port
  return { code, text, wrong: named(wrong.join('\n'), port) }
}

const named = (text: string, port: string): string =>
  text
    .replaceAll(`127.0.0.1:${port}`, 'clickhouse.example:8443')
    .replaceAll(database.database, 'analytics')

/** Sizes are those of this machine. */
const withoutSizes = (text: string): string => text.replaceAll(/\d+\.\d GB/g, 'N GB')

const expectQuoted = ({ code, wrong }: Told): void => {
  expect(code).toBe(1)
  expect(wrong).not.toBe('')
  expect(withoutSizes(page)).toContain(`\n${withoutSizes(wrong)}\n`)
}

const refused = (status: number, code: number, text: string) => ({
  ...{ status, code },
  body: `Code: ${code}. DB::Exception: ${text} (version 26.7.2.1 (official build))\n`,
})

it('finds nothing wrong where all is well', async () => {
  const { code, text } = await ask({})
  expect(text).toMatch(/ok +clickhouse \S+raw_events: takes INSERTs/)
  expect(text).toMatch(/nothing is wrong$/m)
  expect(text).toMatch(
    /^unseen +function: transform was not asked.*\n +fix: set TRANSFORM_FUNCTION_NAME/m,
  )
  expect(code).toBe(0)
})

it('a wrong password', async () => {
  const { url } = await gate({
    refuse: ({ user }) =>
      refused(
        403,
        516,
        `${user}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)`,
      ),
  })
  expectQuoted(await ask({ CLICKHOUSE_URL: url }))
})

it('a missing table, on the real engine', async () => {
  const { database: other } = await clickHouse.makeDatabase(tables)
  await clickHouse.run(`DROP TABLE ${qualify(other, 'raw_events')}`)
  const told = await ask({ CLICKHOUSE_DATABASE: other })
  expectQuoted({ ...told, wrong: told.wrong.replaceAll(other, 'analytics') })
})

it('a missing database, on the real engine', async () => {
  expectQuoted(await ask({ CLICKHOUSE_DATABASE: 'analitycs' }))
})

it('a missing column and a small window, on the real engine', async () => {
  const { database: other } = await clickHouse.makeDatabase(tables)
  await clickHouse.run(`ALTER TABLE ${qualify(other, 'raw_events')} DROP COLUMN video_title`)
  await clickHouse.run(
    `ALTER TABLE ${qualify(other, 'raw_events')} MODIFY SETTING non_replicated_deduplication_window = 100`,
  )
  const told = await ask({ CLICKHOUSE_DATABASE: other })
  expectQuoted({ ...told, wrong: told.wrong.replaceAll(other, 'analytics') })
})

it('a missing grant on a table', async () => {
  const { url } = await gate({
    refuse: ({ statement, user }) =>
      /^INSERT INTO \S+`raw_events`/.test(statement)
        ? refused(
            500,
            497,
            `${user}: Not enough privileges. To execute this query, it's necessary to have the grant INSERT(_source, _version) ON ${database.database}.raw_events. (ACCESS_DENIED)`,
          )
        : undefined,
  })
  expectQuoted(await ask({ CLICKHOUSE_URL: url }))
})

it('a missing grant on what the server tells of its tables', async () => {
  const { url } = await gate({
    refuse: ({ statement, user }) =>
      statement.includes('FROM system.merge_tree_settings')
        ? refused(
            500,
            497,
            `${user}: Not enough privileges. To execute this query, it's necessary to have the grant SELECT(name, value) ON system.merge_tree_settings. (ACCESS_DENIED)`,
          )
        : undefined,
  })
  expectQuoted(await ask({ CLICKHOUSE_URL: url }))
})

it('a user that may only read, on the real engine', async () => {
  const { url } = await gate({ parameters: { readonly: '1' } })
  expectQuoted(await ask({ CLICKHOUSE_URL: url }))
})

it('a table that is read-only, on the real engine', async () => {
  const { database: other } = await clickHouse.makeDatabase(tables)
  await clickHouse.run(
    `ALTER TABLE ${qualify(other, 'raw_events')} MODIFY SETTING table_readonly = 1`,
  )
  const told = await ask({ CLICKHOUSE_DATABASE: other })
  expectQuoted({ ...told, wrong: told.wrong.replaceAll(other, 'analytics') })
})

it('a full disk: the real engine refuses INSERTs there', async () => {
  const { database: other } = await clickHouse.makeDatabase(tables)
  const table = qualify(other, 'raw_events')
  await clickHouse.run(
    `ALTER TABLE ${table} MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000`,
  )
  await expect(clickHouse.run(`INSERT INTO ${table} (timestamp) SELECT now()`)).rejects.toThrow(
    /code 243 NOT_ENOUGH_SPACE/,
  )
  expectQuoted(await ask({ CLICKHOUSE_DATABASE: other }))
})

const diskOf = (name: string, path: string, freeBytes: number) => ({
  ...{ name, path, free_space: String(freeBytes) },
  ...{ total_space: '107374182400', is_read_only: 0 },
})

/** A server with other disks than the engine's. */
const withDisks = (data: readonly ReturnType<typeof diskOf>[]): Promise<Gate> =>
  gate({
    refuse: ({ statement }) =>
      statement.includes('FROM system.disks')
        ? { status: 200, body: JSON.stringify({ meta: [], data, rows: data.length }) }
        : undefined,
  })

it('a full disk that none of the tables is on is no fault, one they are on is', async () => {
  const [{ path = '' } = {}] = await clickHouse.read<{ path: string }>(
    `SELECT data_paths[1] AS path FROM system.tables WHERE database = '${database.database}' AND name = 'raw_events'`,
  )
  expect(path).toMatch(/^\/.*\/store\//)
  const own = path.replace(/store\/.*$/, '')
  const own100 = diskOf('default', '/', 1e11)
  const aside = await withDisks([own100, diskOf('backups', '/backups/', 0)])
  const told = await ask({ CLICKHOUSE_URL: aside.url })
  expect(told.text).toMatch(
    /^warning +clickhouse disks: disk backups .* none of the tables is on it$/m,
  )
  expect(told.code).toBe(0)
  const hot = await withDisks([own100, diskOf('hot', own, 0)])
  expect((await ask({ CLICKHOUSE_URL: hot.url })).wrong).toContain('disk hot of the server is full')
})

it('a disk without a byte left', async () => {
  const { url } = await withDisks([diskOf('default', '/', 0)])
  const told = await ask({ CLICKHOUSE_URL: url })
  expect(told.wrong).toContain('is full: 0.0 GB free of 107.4 GB, and INSERTs need 1.1 GB')
  expectQuoted(told)
})

it.runIf(isAlone)('a port at which nothing listens', async () => {
  const port = await listen(createServer())
  for (const close of closing.splice(0)) await close()
  expectQuoted(await ask({ CLICKHOUSE_URL: `https://127.0.0.1:${port}` }))
})

it('TLS spoken to the port without it, on the real engine: it says where ClickHouse is', async () => {
  const { port } = new URL(database.settings.url)
  expectQuoted(await ask({ CLICKHOUSE_URL: `https://127.0.0.1:${port}` }))
})

it.runIf(isAlone)('no TLS spoken to the port that wants it', async () => {
  const port = await listen(createTlsServer())
  const told = await ask({ CLICKHOUSE_URL: `http://127.0.0.1:${port}` })
  expectQuoted(told)
})

it.runIf(isAlone)(
  'the port of the native protocol: by its number, and by what it says',
  async () => {
    expectQuoted(await ask({ CLICKHOUSE_URL: 'https://clickhouse.example:9000' }))
    const { url } = await gate({
      refuse: () => ({
        status: 400,
        body: 'Port 9000 is for clickhouse-client program\nYou must use port 8123 for HTTP.\n',
      }),
    })
    expectQuoted(await ask({ CLICKHOUSE_URL: url }))
  },
)

it.runIf(isAlone)('something else at the port', async () => {
  const { url } = await gate({ refuse: () => ({ status: 404, body: '<html>' }) })
  expectQuoted(await ask({ CLICKHOUSE_URL: url }))
})
