import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { sourceIdOf, writeObjectsMessage } from '@silversmith/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain } from '../drain.ts'
import { pipeline } from '../functions.ts'
import { startTestRuns } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'
import { sharedColumns, torusBody, torusInsert, torusTable } from './test-torus.ts'
import type { TorusObject } from './test-torus.ts'

/** The way docs/coming-from.md describes from oli-torus' xAPI ETL, step by step, on the real parts. */
const { signal } = new AbortController()
const statements = readFileSync(
  fileURLToPath(
    new URL('../../../../libs/datasets/src/xapi-events/fixtures/every-kind.jsonl', import.meta.url),
  ),
  'utf8',
)
  .trimEnd()
  .split('\n')

let tested: TestStack
let runs: TestRuns
let engine: Readonly<Record<string, string>>

const keyOf = (name: string): string => `section/4021/video/${name}.jsonl`
/** The nine kinds of statements, in a month and a minute of their own. */
const bodyOf = (month: number, minute: number, end = ''): string =>
  `${statements
    .map((line) =>
      line.replace(
        /"timestamp":"[^"]+"/,
        `"timestamp":"2026-0${month}-11T14:${String(minute).padStart(2, '0')}:27.481Z"`,
      ),
    )
    .join('\n')}${end}`

const upload = async (name: string, body: string): Promise<TorusObject> => {
  const { etag } = await tested.upload(keyOf(name), Buffer.from(body))
  return { url: `s3://${tested.stack.resources.bronzeBucket}/${keyOf(name)}`, etag, body }
}

const run = (statement: string): Promise<void> => {
  if (!tested.stack.warehouse) throw new Error('no engine')
  return tested.stack.warehouse.connection.command(statement, 'the test', signal)
}

/** As the other system does: one request. */
const insertAsTorus = async (objects: readonly TorusObject[], lines?: readonly number[]) => {
  const url = new URL(engine['CLICKHOUSE_URL'] ?? '')
  url.searchParams.set('query', torusInsert('default'))
  const body = await torusBody(objects, (_, line) => lines?.includes(line) ?? true)
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/octet-stream' },
  })
  expect(await answer.text()).toBe('')
  expect(answer.status).toBe(200)
}

const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

const twoHoursLater = {
  NODE_OPTIONS: `--import "data:text/javascript,const now=Date.now;Date.now=()=>now()+7200000"`,
}
const ask = async (...args: readonly string[]) => {
  const environment = args[0] === 'reconcile' ? twoHoursLater : {}
  const told = await runs.ask([...args, '--dir', tested.stack.dir], environment)
  expect(told.stderr).toBe('')
  return { code: told.code, document: told.document as Readonly<Record<string, unknown>> }
}
const migrate = async (...args: readonly string[]) => {
  const told = await runs.ask(['migrate', ...args], engine)
  expect(told.stderr).toBe('')
  return { code: told.code, document: told.document as Plan }
}
interface Plan {
  readonly steps: readonly unknown[]
  readonly differences: readonly string[]
  readonly moves: readonly {
    readonly rename?: string
    readonly statement: string
    readonly months: readonly { readonly month: number; readonly rows: number }[]
  }[]
}

/** `key/record of the object` of every row, sorted. */
const readRows = async (where = '1'): Promise<readonly string[]> => {
  const rows = await tested.query<{ row: string }>(
    `SELECT concat(splitByChar('/', _source)[-1], '/', toString(_record)) AS row FROM raw_events WHERE ${where}`,
  )
  return rows.map(({ row }) => row).toSorted()
}
const rowsOf = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => statements.map((_, record) => `${name}.jsonl/${record}`)).toSorted()

let objects: Readonly<Record<'first' | 'second' | 'part' | 'tail' | 'missing', TorusObject>>

beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
    environment: {},
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 } },
  })
  const { stack } = tested
  engine = stack.warehouse?.environment ?? {}
  // The engine as the other system left it.
  for (const { name } of await tested.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'default' ORDER BY engine != 'View'",
  ))
    await run(`DROP TABLE IF EXISTS default.\`${name}\` SYNC`)
  await run(torusTable('default'))
  objects = {
    first: await upload('first', bodyOf(2, 1)),
    second: await upload('second', bodyOf(3, 2, '\n\n')),
    part: await upload('part', bodyOf(2, 3)),
    tail: await upload('tail', bodyOf(2, 5)),
    missing: await upload('missing', bodyOf(3, 4)),
  }
  await stack.notifier.flush()
  // Their events went to the other system.
  await stack.clients.sqs.send(
    new PurgeQueueCommand({ QueueUrl: stack.resources.arrivals.main.queueUrl }),
  )
  const { first, second, part, tail } = objects
  await insertAsTorus([first, second])
  // What it does again it has twice, until some merge.
  await insertAsTorus([first])
  await insertAsTorus([part], [1, 2, 9])
  await insertAsTorus([tail], [1, 2])
})

afterAll(async () => {
  await tested?.close()
  await runs?.close()
})

it('migrate leaves the table of another system alone, and its plan says how its rows move', async () => {
  const { code, document } = await migrate('--plan')
  expect(code).toBe(1)
  expect(document.differences).toEqual([
    expect.stringMatching(/^raw_events is the table of another system/),
  ])
  expect(document.moves).toMatchObject([
    {
      rename: 'RENAME TABLE `default`.`raw_events` TO `default`.`raw_events_before`',
      months: [
        { month: 202602, rows: 23 },
        { month: 202603, rows: 9 },
      ],
    },
  ])
  const made = 'SELECT create_table_query AS made FROM system.tables'
  const [before] = await tested.query(`${made} WHERE name = 'raw_events'`)
  expect((await migrate()).code).toBe(1)
  expect(await tested.query(`${made} WHERE name = 'raw_events'`)).toEqual([before])

  await run(document.moves[0]?.rename ?? '')
  const migrated = await migrate()
  expect(migrated.code).toBe(0)
  expect((await migrate('--plan')).document).toMatchObject({ steps: [], differences: [] })
  expect(await readRows()).toEqual([])
})

it('adopt names a table that is not there', async () => {
  const told = await runs.ask(['adopt', '--table', 'nothing', '--dir', tested.stack.dir])
  expect(told.code).toBe(1)
  expect(told.stderr).toMatch(
    /^default\.nothing is not there, or has no source_file, .*: name the table/,
  )
})

it('adopt says first what it would do', async () => {
  const ledger = () => tested.stack.ledger.listOpen(pipeline, Number.MAX_SAFE_INTEGER, 9, signal)
  const { code, document } = await ask('adopt')
  expect(code).toBe(0)
  expect(document).toMatchObject({
    ...{ dryRun: true, table: 'default.raw_events_before', unknownRows: 0 },
    counts: { adopted: 2, known: 0, loaded: 0, incomplete: 2, gone: 0, busy: 0, unclear: 0 },
    findings: [
      { kind: 'incomplete', url: objects.part.url, lines: 3, lastLine: 9 },
      {
        ...{ kind: 'incomplete', url: objects.tail.url, lines: 2, lastLine: 2 },
        why: 'its line 9, without blank ones, is a record, too',
      },
    ],
  })
  const trusted = await ask('adopt', '--trust-table')
  expect(trusted.document).toMatchObject({ counts: { adopted: 3, incomplete: 1 } })
  expect(await ledger()).toEqual([])
  expect(await tested.listSources()).toEqual([])
})

it('adopts the objects that are there whole, once', async () => {
  tested.stack.start()
  expect(await ask('adopt', '--yes')).toMatchObject({
    ...{ code: 0, document: { dryRun: false, counts: { adopted: 2, known: 0, incomplete: 2 } } },
  })
  expect(await ask('adopt', '--yes')).toMatchObject({
    ...{ code: 0, document: { counts: { adopted: 0, known: 2, incomplete: 2 } } },
  })
  const sources = await tested.listSources()
  expect(sources.map(({ object, adopted, rows }) => [object.key, adopted, rows])).toEqual([
    [keyOf('first'), true, 9],
    [keyOf('second'), true, 9],
  ])
})

it('the backfill loads only what was missing', async () => {
  const sent = await ask('reconcile', '--enqueue')
  expect(sent.document['counts']).toMatchObject({ matched: 2, missing: 3 })
  await settle()
  expect(await readRows()).toEqual(rowsOf('missing', 'part', 'tail'))
})

it('an event of an adopted object that comes late brings nothing', async () => {
  const { resources, clients } = tested.stack
  for (const name of ['first', 'second']) {
    const object = { bucket: resources.bronzeBucket, key: keyOf(name), versioned: false }
    const own = { ...object, version: objects[name as 'first'].etag }
    const source = { id: sourceIdOf(pipeline, own), object: own, dataset: 'xapi_events' }
    await clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: resources.objects.main.queueUrl,
        MessageBody: writeObjectsMessage(pipeline, {
          kind: 'source',
          source: { ...source, generation: 0 },
        }),
      }),
    )
  }
  await settle()
  expect(await readRows()).toEqual(rowsOf('missing', 'part', 'tail'))
})

it('the statements of the plan move what is not there yet, and no more when they run again', async () => {
  const { moves } = (await migrate('--plan')).document
  const [move] = moves
  expect(move?.rename).toBeUndefined()
  for (let time = 1; time <= 2; time += 1) {
    for (const { month } of move?.months ?? [])
      await run(move?.statement.replaceAll('{month:UInt32}', String(month)) ?? '')
    // Those of the objects that lacked lines were loaded from bronze.
    expect(await readRows()).toEqual(rowsOf('first', 'second', 'missing', 'part', 'tail'))
  }
  const names = sharedColumns.join(', ')
  const columns = `${names}, toUnixTimestamp64Milli(timestamp) AS at`
  const moved = await tested.query(
    `SELECT ${columns} FROM raw_events WHERE _chunk LIKE 'adopted#%' ORDER BY event_hash`,
  )
  const old = await tested.query(
    `SELECT ${columns} FROM raw_events_before FINAL WHERE source_file NOT LIKE '%part%' AND source_file NOT LIKE '%tail%' ORDER BY event_hash`,
  )
  expect(moved).toHaveLength(18)
  expect(moved).toEqual(old)
  const [lineage] = await tested.query(
    "SELECT DISTINCT _chunk, _version, _part, _line, _generation, _dataset_version FROM raw_events WHERE _source LIKE '%first%'",
  )
  expect(lineage).toEqual({
    ...{ _chunk: 'adopted#202602', _version: objects.first.etag, _part: 0, _line: null },
    ...{ _generation: 0, _dataset_version: 0 },
  })
})

it('reconcile finds everything in its place', async () => {
  const { code, document } = await ask('reconcile')
  expect(document['findings']).toEqual([])
  expect(document['counts']).toMatchObject({ matched: 5, missing: 0, chunksExtra: 0 })
  expect(code).toBe(0)
})

it('a ledger that was lost and rebuilt knows the adopted objects', async () => {
  const { clients, resources } = tested.stack
  const TableName = resources.ledgerTable
  const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName }))
  for (const { pk } of Items)
    await clients.dynamodb.send(new DeleteItemCommand({ TableName, Key: { pk: pk! } }))
  expect(await ask('ledger', 'rebuild', '--yes')).toMatchObject({ code: 0 })
  expect(await ask('adopt')).toMatchObject({ document: { counts: { adopted: 0, known: 2 } } })
  expect(await ask('reconcile')).toMatchObject({ code: 0, document: { findings: [] } })
})

it('reconcile compares silver all the same when ClickHouse is down, and says what to do', async () => {
  const file = join(tested.stack.dir, 'stack.json')
  const text = await readFile(file, 'utf8')
  const url = engine['CLICKHOUSE_URL'] ?? ''
  await writeFile(file, text.replaceAll(url, 'http://127.0.0.1:1'))
  const { code, document } = await ask('reconcile')
  await writeFile(file, text)
  expect(code).toBe(1)
  expect(document).toMatchObject({
    ...{ targets: ['silver'], counts: { matched: 5, missing: 0 } },
    findings: [
      {
        ...{ kind: 'target-not-compared', target: 'clickhouse' },
        ...{ why: expect.stringMatching(/^TARGET_UNAVAILABLE: /) as unknown },
        ...{ mend: expect.stringMatching(/^.*silversmith .*doctor says/) as unknown },
      },
    ],
  })
  expect((document['counts'] as { chunksMatched: number }).chunksMatched).toBeGreaterThan(0)
})
