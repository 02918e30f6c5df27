import { PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { DuckDBInstance } from '@duckdb/node-api'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain } from '../drain.ts'
import { silverPrefix } from '../functions.ts'
import { mirror } from '../account/mirror.ts'
import { startKillProxy } from '../kill/kill-proxy.ts'
import type { KillProxy } from '../kill/kill-proxy.ts'
import type { FunctionSettings } from '../lambda/invocation.ts'
import { endLeases } from '../leases.ts'
import { startTestRuns } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** Keys that are written or loaded again: what the view of ClickHouse and the documented query of silver show. */
let tested: TestStack
let runs: TestRuns
let proxy: KillProxy
const { signal } = new AbortController()
const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

const bodyOf = (...carriers: readonly string[]): Buffer =>
  Buffer.from(
    carriers
      .map((carrier, n) => {
        // Of two months, so that a version is several chunks.
        const event_time = `2026-0${1 + (n % 2)}-11T14:05:02Z`
        return JSON.stringify({ event_time, carrier })
      })
      .join('\n'),
  )

const page = fileURLToPath(new URL('../../../../docs/reference/overwrites.md', import.meta.url))
const readSilver = async (): Promise<readonly string[]> => {
  const text = await readFile(page, 'utf8')
  const [, query = ''] = /```sql\n(.*?)```/s.exec(text) ?? []
  await mirror(tested.stack, silverPrefix)
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  const path = `${tested.stack.dir}/${silverPrefix}/`
  const result = await duckdb.runAndReadAll(query.replaceAll("'silver/", `'${path}`))
  const rows = result.getRowObjects()
  duckdb.closeSync()
  return rows.map((row) => `${String(row['_source'])} ${String(row['carrier'])}`).toSorted()
}
const readClickHouse = async (): Promise<readonly string[]> => {
  const rows = await tested.query<Readonly<Record<string, unknown>>>(
    'SELECT _source, carrier FROM shipments_current',
  )
  return rows.map((row) => `${String(row['_source'])} ${String(row['carrier'])}`).toSorted()
}

/** Transform calls ClickHouse by the proxy. */
const tuneFunction = (settings: FunctionSettings): FunctionSettings => {
  if (settings.name !== 'transform') return settings
  proxy.sendTo('clickhouse', settings.env['CLICKHOUSE_URL'] ?? '')
  return { ...settings, env: { ...settings.env, CLICKHOUSE_URL: proxy.urls.clickhouse } }
}

const killTransform = async (): Promise<void> => {
  for (const pid of tested.stack.pids('transform')) process.kill(pid, 'SIGKILL')
  while (tested.stack.pids('transform').length > 0) await sleep(10)
}

/** A new release of transform: each of the patterns is there once, and is replaced. */
const deploy = async (...changes: readonly (readonly [RegExp, string])[]): Promise<void> => {
  const file = join(tested.stack.dir, 'functions', 'transform', 'index.mjs')
  let text = await readFile(file, 'utf8')
  for (const [pattern, replacement] of changes) {
    expect(text.match(new RegExp(pattern, 'g')), String(pattern)).toHaveLength(1)
    text = text.replace(pattern, replacement)
  }
  await writeFile(file, text)
  await killTransform()
}

beforeAll(async () => {
  runs = await startTestRuns()
  proxy = await startKillProxy()
  tested = await startTestStack({
    routes: [{ prefix: 'shipments/', suffixes: ['.jsonl'], dataset: 'shipments' }],
    environment: { OVERWRITES: 'shipments=supersede' },
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 }, tuneFunction },
  })
  const { clients, resources } = tested.stack
  await clients.s3.send(
    new PutBucketVersioningCommand({
      Bucket: resources.bronzeBucket,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  )
  tested.stack.start()
})

afterAll(async () => {
  await tested?.close()
  await proxy?.close()
  await runs?.close()
})

it('shows the newest version of each key, and nothing of the others', async () => {
  const [a, b] = [bodyOf('A1', 'A2', 'A3'), bodyOf('B1', 'B2')]
  for (const body of [a, b]) await tested.upload('shipments/aba.jsonl', body)
  await tested.upload('shipments/once.jsonl', bodyOf('once'))
  await tested.upload('shipments/emptied.jsonl', bodyOf('old'))
  await settle()
  await tested.upload('shipments/aba.jsonl', a)
  await tested.upload('shipments/emptied.jsonl', Buffer.from('not json'))
  await settle()
  const bucket = `s3://${tested.stack.resources.bronzeBucket}/shipments`
  const wanted = [
    ...['A1', 'A2', 'A3'].map((carrier) => `${bucket}/aba.jsonl ${carrier}`),
    `${bucket}/once.jsonl once`,
  ]
  expect(await readClickHouse()).toEqual(wanted)
  expect(await readSilver()).toEqual(wanted)
})

it('reloaded after a change of the mapping, shows the old rows until all of the new are there, then these only', async () => {
  const prefix = 'shipments/mapped/'
  const names = ['a', 'b', 'c']
  // Two months: two chunks, and that of _reloads is the third.
  const lineOf = (name: string, n: number): string =>
    JSON.stringify({
      ...{ event_time: `2026-0${1 + (n % 2)}-11T14:05:02Z`, carrier: `old ${name}${n}` },
      operator: `new ${name}${n}`,
    })
  for (const name of names) {
    const body = [0, 1, 2, 3].map((n) => lineOf(name, n)).join('\n')
    await tested.upload(`${prefix}${name}.jsonl`, Buffer.from(body))
  }
  await settle()
  const before = await readClickHouse()
  const mapped = (which: 'old' | 'new'): readonly string[] =>
    before.map((row) => row.replace(/ old /, ` ${which} `)).toSorted()
  expect(before.filter((row) => row.includes(' old '))).toHaveLength(12)
  const readRaw = async () => {
    const rows = await tested.query<{ carrier: string; release: number }>(
      `SELECT carrier, _dataset_version AS release FROM shipments WHERE _source LIKE '%/${prefix}%'`,
    )
    return rows.map(({ carrier, release }) => `${carrier} ${release}`).toSorted()
  }
  const raw = await readRaw()

  await deploy(
    [/(?<=from:\[\[)(name\d*)(?=\]\])/, '$1==="carrier"?"operator":$1'],
    [/(?<=name:"shipments",version:)1(?=,)/, '2'],
  )
  const met = proxy.arm(
    { step: 'insert', nth: 3, reach: 'unsent', kill: killTransform },
    AbortSignal.timeout(300_000),
  )
  const asked = ['--prefix', prefix, '--force', '--job', 'mapped', '--yes', '--dir']
  const reload = runs.ask(['backfill', 'run', ...asked, tested.stack.dir])
  const { batch } = await met
  const halfDone = await readRaw()
  expect(halfDone).toEqual(
    [...raw, ...raw.map((row) => row.replace(/^old (.*) 1$/, 'new $1 2'))].toSorted(),
  )
  expect(await readClickHouse()).toEqual(mapped('old'))

  await endLeases(tested.stack.ledger, signal, ['S'])
  const { code, document, stderr } = await reload
  expect(code, stderr).toBe(0)
  expect(document).toMatchObject({ sum: { objects: 3, succeeded: 3, rows: 12 } })
  expect(await readClickHouse()).toEqual(mapped('new'))
  expect(await readSilver()).toEqual(mapped('new'))
  expect(await readRaw()).toEqual(halfDone)
  const shown = await tested.query<{ batch: string; generation: string }>(
    `SELECT DISTINCT splitByChar('#', _chunk)[1] AS batch, toString(_generation) AS generation
     FROM shipments_current WHERE _source LIKE '%/${prefix}%'`,
  )
  const { generation } = document as { readonly generation: number }
  expect(shown).toEqual([{ batch, generation: String(generation) }])
})
