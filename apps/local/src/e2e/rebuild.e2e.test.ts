import { PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { createS3Bronze } from '@silversmith/aws'
import { migrate } from '@silversmith/clickhouse'
import { datasets } from '@silversmith/datasets'
import { readParquet } from '@silversmith/parquet'
import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listKeys } from '../account/history.ts'
import { drain } from '../drain.ts'
import { silverPrefix } from '../functions.ts'
import { startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/**
 * Tables that were emptied, dropped or are new, filled out of silver, beside uploads that go on. `OBJECTS=2000` is the documented
 * run, which writes what it took to the file `FIGURES`.
 */
const tables = ['raw_events', 'shipments', '_reloads'] as const
const objects = Number(process.env['OBJECTS'] ?? 40)
/** Hours, one statement each: a chunk of a month has several days. */
const linesPerObject = 60
const uploadsMax = 8
/** Pairs of objects that come while it fills: on a busy machine they would come faster than they are loaded. */
const liveMax = 500

let tested: TestStack
let runs: TestRuns
let uploads = 0
const figures: object[] = []
const { signal } = new AbortController()
const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

const upload = async (): Promise<void> => {
  const first = uploads * 20
  uploads += 1
  const lines = Array.from({ length: linesPerObject }, (_, n) => statementOf(first + n))
  await tested.upload(
    `section/${uploads % 5}/video/${uploads}.jsonl`,
    Buffer.from(lines.join('\n')),
  )
}
const ship = (name: string, ...carriers: readonly string[]) =>
  tested.upload(
    `shipments/${name}.jsonl`,
    Buffer.from(
      carriers
        .map((carrier, n) =>
          JSON.stringify({ event_time: `2026-0${1 + (n % 2)}-1${n}T14:05:02Z`, carrier }),
        )
        .join('\n'),
    ),
  )

const run = (statement: string): Promise<void> =>
  tested.stack.warehouse!.connection.command(statement, 'the test', signal)
const truncate = async (): Promise<void> => {
  for (const table of tables) await run(`TRUNCATE TABLE ${table}`)
}
/** Everything every row holds. */
const digest = async () =>
  Promise.all(
    tables.map(async (table) => {
      const [row] = await tested.query<Readonly<Record<string, unknown>>>(
        `SELECT toString(count()) AS rows, toString(groupBitXor(cityHash64(toString(tuple(*))))) AS hash FROM ${table}`,
      )
      return { table, ...row }
    }),
  )
const identityOf = (row: Readonly<Record<string, unknown>>): string =>
  ['_source', '_version', '_record', '_part', '_generation', '_chunk']
    .map((name) => String(row[name]))
    .join(' ')
const readClickHouse = async (): Promise<readonly string[]> => {
  const rows: string[] = []
  for (const table of tables) {
    const columns =
      '_source, _version, _chunk, toString(_record) AS _record, toString(_part) AS _part'
    const found = await tested.query<Readonly<Record<string, unknown>>>(
      `SELECT ${columns}, toString(_generation) AS _generation FROM ${table}`,
    )
    rows.push(...found.map((row) => `${table} ${identityOf(row)}`))
  }
  return rows.sort()
}
const readSilver = async (): Promise<readonly string[]> => {
  const { clients, resources } = tested.stack
  const bronze = createS3Bronze({ client: clients.s3 })
  const rows: string[] = []
  for await (const key of listKeys(tested.stack, `${silverPrefix}/`)) {
    const table = key.split('/')[1] ?? ''
    const object = await bronze.head(resources.silverBucket, key, signal)
    const parts: Uint8Array[] = []
    for await (const part of (await bronze.open(object, signal)).body) parts.push(part)
    for (const row of await readParquet(Buffer.concat(parts)))
      rows.push(`${table} ${identityOf(row)}`)
  }
  return rows.sort()
}
/** Returns how many they are. */
const expectEqual = async (): Promise<number> => {
  const found = await readClickHouse()
  expect(found).toEqual(await readSilver())
  expect(new Set(found).size).toBe(found.length)
  return found.length
}

const rebuild = async (...args: readonly string[]) => {
  const asked = ['rebuild', '--from', 'silver', ...args, '--dir', tested.stack.dir]
  const { code, document, stderr } = await runs.ask(asked)
  expect(stderr).toBe('')
  return { code, document: document as Readonly<Record<string, unknown>> }
}

beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: [
      { prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' },
      { prefix: 'shipments/', suffixes: ['.jsonl'], dataset: 'shipments' },
    ],
    environment: { OVERWRITES: 'shipments=supersede' },
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 } },
  })
  const { clients, resources } = tested.stack
  await clients.s3.send(
    new PutBucketVersioningCommand({
      Bucket: resources.bronzeBucket,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  )
  tested.stack.start()
  for (let n = 0; n < objects; n += uploadsMax)
    await Promise.all(Array.from({ length: Math.min(uploadsMax, objects - n) }, upload))
  await ship('a', 'first', 'second')
  await settle()
  await ship('a', 'third', 'fourth')
  await settle()
})

afterAll(async () => {
  const file = process.env['FIGURES']
  if (file !== undefined) await writeFile(file, `${JSON.stringify(figures, null, 2)}\n`)
  await tested?.close()
  await runs?.close()
})

it('says what it would do, and does it: every value of every row is as it was', async () => {
  const before = await digest()
  expect(
    before.map((one) => Number((one as { rows?: unknown }).rows)).every((rows) => rows > 0),
  ).toBe(true)
  await truncate()
  const plan = await rebuild()
  expect(plan).toMatchObject({ code: 0, document: { dryRun: true, counts: { chunksThere: 0 } } })
  expect(await readClickHouse()).toEqual([])
  const { code, document } = await rebuild('--yes')
  expect({ code, counts: document['counts'] }).toEqual({
    code: 0,
    counts: (plan.document as { counts: unknown }).counts,
  })
  expect(await digest()).toEqual(before)
  const shown = await tested.query<{ carrier: string }>('SELECT carrier FROM shipments_current')
  expect(shown.map(({ carrier }) => carrier).sort()).toEqual(['fourth', 'third'])
})

it('finds nothing to do when it is done again', async () => {
  const before = await digest()
  expect(await rebuild('--yes')).toMatchObject({
    code: 0,
    document: { counts: { chunksFilled: 0, chunksLeft: 0 }, isDone: true },
  })
  expect(await digest()).toEqual(before)
})

it('fills one table and leaves the others', async () => {
  const before = await digest()
  await truncate()
  expect((await rebuild('--table', 'raw_events', '--yes')).code).toBe(0)
  const [events, ...others] = await digest()
  expect(events).toEqual(before[0])
  expect(others).toMatchObject([{ rows: '0' }, { rows: '0' }])
  const unknown = await runs.ask([
    'rebuild',
    '--from',
    'silver',
    '--table',
    'x',
    '--dir',
    tested.stack.dir,
  ])
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no table x') })
  expect((await rebuild('--yes')).code).toBe(0)
  expect(await digest()).toEqual(before)
})

it.each([
  ['emptied', () => truncate()],
  [
    'dropped and made anew',
    async () => {
      for (const table of tables) await run(`DROP TABLE ${table} SYNC`)
      const { connection, settings } = tested.stack.warehouse!
      await migrate(
        connection,
        datasets.flatMap((dataset) => dataset.tables),
        settings,
        signal,
      )
    },
  ],
])('fills tables that were %s while uploads go on', async (what, empty) => {
  const uploadsBefore = uploads
  let isDone = false
  const live = (async () => {
    for (let n = 0; n < liveMax && !isDone; n += 1) {
      await upload()
      await ship(`live-${uploads % 3}`, `c${uploads}`, `d${uploads}`)
    }
  })()
  await empty()
  const began = performance.now()
  const first = await rebuild('--yes')
  const seconds = Math.round((performance.now() - began) / 100) / 10
  isDone = true
  await live
  await settle()
  expect(first).toMatchObject({ code: 0, document: { findings: [], isDone: true } })
  const rows = await expectEqual()
  const { counts } = first.document
  figures.push({ what, seconds, liveObjects: 2 * (uploads - uploadsBefore), rows, counts })
  expect(await rebuild('--yes')).toMatchObject({ document: { counts: { chunksFilled: 0 } } })
})
