import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Column } from '@silversmith/core'
import { createParquetEncoder } from '@silversmith/parquet'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runHead } from './table/head.ts'
import { runInvoke } from './invoke.ts'
import { runMigrate } from './table/migrate.ts'
import { runQuery } from './table/query.ts'
import { UsageError } from './usage-error.ts'

let dir: string
let server: Server
const { signal } = new AbortController()

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-cli-'))
  // Answers Invoke as the local stack does: the event comes back, `{"fail":true}` fails.
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const event = Buffer.concat(parts).toString()
      if (event.includes('nothing')) return response.end('null')
      const failed = event.includes('fail')
      response.writeHead(200, failed ? { 'x-amz-function-error': 'Unhandled' } : {})
      const error = { errorType: 'Fault', errorMessage: 'what is wrong', trace: ['at x (i.mjs:1)'] }
      response.end(failed ? JSON.stringify(error) : JSON.stringify({ path: request.url, event }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await writeFile(
    join(dir, 'stack.json'),
    JSON.stringify({ pid: process.pid, invokeUrl: `http://127.0.0.1:${port}`, clickhouse: null }),
  )
  await writeFile(join(dir, 'event.json'), '{"mode":"sweep"}')
  await writeFile(join(dir, 'fail.json'), '{"fail":true}')
  await writeFile(join(dir, 'nothing.json'), '{"nothing":1}')
  await writeFile(join(dir, 'broken.json'), '{')
})
afterAll(async () => {
  server.close()
  await rm(dir, { recursive: true, force: true })
})

const invoke = (file: string, at = dir) =>
  runInvoke(
    { kind: 'invoke', functionName: 'bulk', event: join(dir, file), dir: at, json: false },
    signal,
  )

it('sends the event to the function of the stack that runs', async () => {
  expect(await invoke('event.json')).toMatchObject({
    document: {
      path: '/2015-03-31/functions/bulk/invocations',
      event: '{"mode":"sweep"}',
    },
    code: 0,
  })
})

it('ends with 1 when the function failed, and tells a person why, without its stack', async () => {
  expect(await invoke('fail.json')).toMatchObject({
    document: { errorType: 'Fault', trace: ['at x (i.mjs:1)'] },
    text: `bulk failed: Fault: what is wrong; its log is ${join(dir, 'logs/bulk.log')}`,
    code: 1,
  })
})

it('says where to look when the answer holds nothing', async () => {
  expect(await invoke('nothing.json')).toEqual({
    document: null,
    text: `the function answered null; what it did is in ${join(dir, 'logs/bulk.log')}`,
    code: 0,
  })
})

it('says which file is no event, and when no stack runs', async () => {
  await expect(invoke('broken.json')).rejects.toThrow(/broken.json is not JSON/)
  await expect(invoke('none.json')).rejects.toThrow(UsageError)
  await expect(invoke('event.json', join(dir, 'none'))).rejects.toThrow(/npm start -- --keep/)
})

it('takes a stack whose process is gone for none', async () => {
  const gone = await mkdtemp(join(dir, 'gone-'))
  await writeFile(join(gone, 'stack.json'), '{"pid":4194305,"invokeUrl":"http://127.0.0.1:1"}')
  await expect(invoke('event.json', gone)).rejects.toThrow(/no local stack runs/)
})

it('asks nobody when there is no ClickHouse, and never lets a query write', async () => {
  const query = (statement: string) =>
    runQuery({ kind: 'query', statement, dir, json: false }, {}, signal)
  await expect(query('SELECT 1')).rejects.toThrow(/no ClickHouse to ask/)
  for (const statement of ['DROP TABLE raw_events', 'INSERT INTO t SELECT 1', 'ALTER TABLE t'])
    await expect(query(statement)).rejects.toThrow(/only reads/)
})

it('shows the first bytes of a body in hexadecimal, and tells none from no bytes', async () => {
  const shown = join(dir, 'shown')
  const columns: readonly Column[] = ['_source', 'body'].map((name) => ({
    ...{ name, type: name === 'body' ? 'binary' : 'text', nullable: true, description: '' },
  }))
  const bodies = [
    Buffer.from([0, 0x1b, 0x5b, 0xff]),
    Buffer.alloc(1_000_000, 'x'),
    Buffer.of(),
    null,
  ]
  const encoder = createParquetEncoder()
  const rows = encoder.createRows(columns)
  bodies.forEach((body, n) => rows.add([`s3://b/${n}`, body], [], 0))
  const folder = join(shown, 'silver/raw_objects/dt=2026-03-01')
  await mkdir(folder, { recursive: true })
  const file = await encoder.join(
    columns,
    [...rows.finish()].flatMap(([, groups]) => groups),
  )
  await writeFile(join(folder, 'a.parquet'), file)
  const asked = { kind: 'head', table: 'raw_objects', limit: 9, dir: shown, json: false } as const
  const { document, text } = await runHead(asked, {}, signal)
  const told = (document as { body: unknown }[]).map(({ body }) => body)
  expect(told).toEqual(['001B5BFF', `${'78'.repeat(32)}…`, '', null])
  expect(text).not.toMatch(/\u001b/)
})

it('says what to do where there is nothing to show or to migrate', async () => {
  const head = runHead({ kind: 'head', table: 'none', limit: 1, dir, json: false }, {}, signal)
  await expect(head).rejects.toThrow(/holds no files: load something with npm start/)
  await mkdir(join(dir, 'silver/raw_events'), { recursive: true })
  const other = runHead({ kind: 'head', table: 'none', limit: 1, dir, json: false }, {}, signal)
  await expect(other).rejects.toThrow(/holds no files: there are raw_events/)
  const ofDataset = { kind: 'head', table: 'xapi_events', limit: 1, dir, json: false } as const
  await expect(runHead(ofDataset, {}, signal)).rejects.toThrow(
    /^xapi_events is a dataset with the tables raw_events, experiment_attributions; no ClickHouse/,
  )
  const migrate = runMigrate({ kind: 'migrate', plan: true, user: 'me', json: false }, {}, signal)
  await expect(migrate).rejects.toThrow(/CLICKHOUSE_URL says which server/)
  const native = { CLICKHOUSE_URL: 'http://localhost:9000' }
  const wrong = runMigrate({ kind: 'migrate', plan: true, user: 'me', json: false }, native, signal)
  await expect(wrong).rejects.toThrow(/native port/)
})
