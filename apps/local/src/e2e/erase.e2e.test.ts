import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { createS3Bronze } from '@silversmith/aws'
import { sourceIdOf, writeObjectsMessage } from '@silversmith/core'
import { readParquet } from '@silversmith/parquet'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain } from '../drain.ts'
import { pipeline } from '../functions.ts'
import { listKeys, readHistory } from '../account/history.ts'
import { startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** An actor is erased on the real parts; then whatever could bring the data back is tried, and brings nothing. */
const actor = 'erase-me-4711'
let tested: TestStack
let runs: TestRuns
const { signal } = new AbortController()
const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

const statement = (n: number, name: string, more: object = {}): string =>
  JSON.stringify({
    ...(JSON.parse(statementOf(n)) as object),
    actor: { account: { homePage: 'https://example.org', name } },
    ...more,
  })
const early = { timestamp: '1999-01-01T00:00:00Z' }
const objects: Readonly<Record<string, readonly string[]>> = {
  'section/1/video/mixed.jsonl': [
    ...[0, 1, 2, 3].map((n) => statement(n, n % 2 ? actor : 'somebody')),
    statement(4, actor, early),
    statement(5, 'somebody', early),
  ],
  // All of a batch.
  'section/1/video/alone.jsonl': [statement(6, actor), statement(7, actor)],
  'section/1/video/others.jsonl': [statement(8, 'somebody'), statement(9, 'another')],
}

const twoHoursLater = {
  NODE_OPTIONS: `--import "data:text/javascript,const now=Date.now;Date.now=()=>now()+7200000"`,
}
const ask = async (...args: readonly string[]) => {
  const environment = args[0] === 'reconcile' ? twoHoursLater : {}
  const told = await runs.ask([...args, '--dir', tested.stack.dir], environment)
  expect(told.stderr).toBe('')
  return { code: told.code, document: told.document as Readonly<Record<string, unknown>> }
}
const erasure = ['erase', '--dataset', 'xapi_events', '--where', `user_id=${actor}`] as const

const readBytes = async (key: string): Promise<Buffer> => {
  const { clients, resources } = tested.stack
  const bronze = createS3Bronze({ client: clients.s3 })
  const { body } = await bronze.open(await bronze.head(resources.silverBucket, key, signal), signal)
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}
type Row = Readonly<Record<string, unknown>>
const identityOf = (row: Row): string =>
  ['_source', '_version', '_record', '_part'].map((name) => String(row[name])).join(' ')

/** Identities of all rows and rejected records, and everything else that is text. */
const readAll = async () => {
  const columns = '_source, _version, toString(_record) AS _record, toString(_part) AS _part'
  const clickhouse = await tested.query<Row>(`SELECT ${columns}, user_id FROM raw_events`)
  const silver: Row[] = []
  const rejected: Row[] = []
  let texts = ''
  for await (const key of listKeys(tested.stack, '')) {
    const bytes = await readBytes(key)
    if (key.endsWith('.parquet')) silver.push(...(await readParquet(bytes)))
    else texts += bytes.toString()
    if (!key.endsWith('.jsonl')) continue
    const lines = bytes.toString().trim().split('\n')
    rejected.push(...lines.map((line) => JSON.parse(line) as Row))
  }
  const rows = silver.filter((row) => row['user_id'] !== undefined)
  const all = [...clickhouse, ...rows].filter(({ user_id: own }) => own === actor)
  return {
    clickhouse: clickhouse.map(identityOf).sort(),
    silver: rows.map(identityOf).sort(),
    rejected: rejected.map(({ source, record }) => `${String(source)} ${String(record)}`).sort(),
    hers: all.length,
    isNamed: texts.includes(actor),
  }
}
type All = Awaited<ReturnType<typeof readAll>>

/** Keys of files of the silver bucket of which some version, current or not, names somebody. */
const keysNaming = async (somebody: string): Promise<readonly string[]> => {
  const { s3 } = tested.stack.clients
  const Bucket = tested.stack.resources.silverBucket
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  const keys: string[] = []
  for (const { Key = '', VersionId } of Versions) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }))
    const bytes = Buffer.from(await Body!.transformToByteArray())
    const isNamed = Key.endsWith('.parquet')
      ? (await readParquet(bytes)).some((row) => row['user_id'] === somebody)
      : bytes.includes(somebody)
    if (isNamed) keys.push(Key.split('/')[0] ?? '')
  }
  return [...new Set(keys)].sort()
}

let before: All
let after: All

beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
    environment: {},
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 } },
  })
  const { clients, resources } = tested.stack
  await clients.s3.send(
    new PutBucketVersioningCommand({
      Bucket: resources.silverBucket,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  )
  tested.stack.start()
  for (const [key, lines] of Object.entries(objects)) {
    await tested.upload(key, Buffer.from(lines.join('\n')))
    await settle()
  }
  before = await readAll()
})

afterAll(async () => {
  await tested?.close()
  await runs?.close()
})

it('says what it would do, and which objects of bronze hold the records', async () => {
  expect(before).toMatchObject({ hers: 8, isNamed: true })
  expect(await keysNaming(actor)).toEqual(['_staging', 'quarantine', 'silver'])
  expect(before.silver).toEqual(before.clickhouse)
  const { code, document } = await ask(...erasure)
  expect(code).toBe(0)
  const url = (name: string) =>
    `s3://${tested.stack.resources.bronzeBucket}/section/1/video/${name}`
  expect(document).toMatchObject({ outcome: 'planned', records: 5, rejected: 1, copies: [] })
  const told = document['objects'] as readonly { url: string; records: readonly object[] }[]
  expect(told.map((one) => [one.url, one.records]).sort()).toEqual([
    [url('alone.jsonl'), [0, 1].map((record) => ({ record, line: record + 1 }))],
    [url('mixed.jsonl'), [1, 3, 4].map((record) => ({ record, line: record + 1 }))],
  ])
  expect(await readAll()).toEqual(before)
})

it('takes them out of ClickHouse, silver and quarantine, in every version, and leaves all others', async () => {
  expect(await ask(...erasure, '--yes')).toMatchObject({
    ...{ code: 0, document: { outcome: 'erased', records: 5, rejected: 1 } },
  })
  after = await readAll()
  expect(after).toMatchObject({ hers: 0, isNamed: false })
  const isHers = (name: string): boolean =>
    /alone\.jsonl|mixed\.jsonl (\S+ )?[134]( 0)?$/.test(name)
  const others = (names: readonly string[]) => names.filter((name) => !isHers(name))
  expect(after.silver).toEqual(others(before.silver))
  expect(after.clickhouse).toEqual(others(before.clickhouse))
  expect(after.rejected).toEqual(others(before.rejected))
  expect(after.silver).toHaveLength(4)
  expect(await keysNaming(actor)).toEqual([])
  expect(await ask(...erasure, '--yes')).toMatchObject({ document: { outcome: 'nothing' } })
  const mixed = `s3://${tested.stack.resources.bronzeBucket}/section/1/video/mixed.jsonl`
  expect(await ask('explain', mixed, '--record', '1')).toMatchObject({
    ...{ code: 0, document: { stories: [{ erased: 3, verdicts: [{ kind: 'erased' }] }] } },
  })
  expect(await ask('reconcile')).toMatchObject({ code: 0, document: { findings: [] } })
})

const redeliver = async (generation = 0): Promise<void> => {
  const { clients, resources } = tested.stack
  const history = await readHistory(tested.stack, signal)
  const known = history.flatMap(({ manifest }) => manifest.sources)
  const bronze = known.filter(({ object }) => object.bucket === resources.bronzeBucket)
  for (const { object } of new Map(bronze.map((one) => [one.id, one])).values()) {
    const id = sourceIdOf(pipeline, object)
    const source = { id, object, dataset: 'xapi_events', generation }
    const MessageBody = writeObjectsMessage(pipeline, { kind: 'source', source })
    const { queueUrl: QueueUrl } = resources.objects.main
    await clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))
  }
  await settle()
}

it('messages that come again, repairs and replays bring nothing back', async () => {
  await redeliver()
  expect(await readAll()).toEqual(after)
  const batches = (await readHistory(tested.stack, signal)).map(({ batch }) => batch.id)
  expect(await ask('repair', ...batches, '--yes')).toMatchObject({ code: 0 })
  expect(await readAll()).toEqual(after)
  expect(await ask('quarantine', 'replay', '--yes')).toMatchObject({ document: { sent: 1 } })
  await settle()
  const replayed = await readAll()
  expect({ ...replayed, rejected: [...new Set(replayed.rejected)] }).toEqual(after)
})

it('a ledger that was lost and rebuilt brings nothing back, nor what reconcile sends then', async () => {
  const { clients, resources } = tested.stack
  const TableName = resources.ledgerTable
  const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName }))
  for (const { pk } of Items)
    await clients.dynamodb.send(new DeleteItemCommand({ TableName, Key: { pk: pk! } }))
  expect(await ask('ledger', 'rebuild', '--yes')).toMatchObject({ code: 0 })
  await ask('reconcile', '--enqueue')
  await settle()
  await redeliver()
  expect(await readAll()).toMatchObject({
    ...{ clickhouse: after.clickhouse, silver: after.silver, hers: 0, isNamed: false },
  })
  expect(await ask('reconcile')).toMatchObject({ code: 0, document: { findings: [] } })
})

it('a reload leaves them out', async () => {
  await redeliver(1)
  const reloaded = await readAll()
  expect(reloaded).toMatchObject({ hers: 0, isNamed: false })
  expect(reloaded.silver).toEqual(reloaded.clickhouse)
  expect([...new Set(reloaded.silver)]).toEqual(after.silver)
  expect(reloaded.silver).toHaveLength(2 * after.silver.length)
})

it('a quarantine file under a delete marker, which a replay would read, is no refuge', async () => {
  const other = 'erase-me-too'
  await tested.upload(
    'section/1/video/refuge.jsonl',
    Buffer.from([statement(20, other, early), statement(21, 'somebody', early)].join('\n')),
  )
  await settle()
  const { clients, resources } = tested.stack
  const known = new Set<string>()
  for await (const key of listKeys(tested.stack, 'quarantine/')) known.add(key)
  const keys: string[] = []
  for (const key of known) if ((await readBytes(key)).includes(other)) keys.push(key)
  expect(keys).toHaveLength(1)
  await clients.s3.send(new DeleteObjectCommand({ Bucket: resources.silverBucket, Key: keys[0]! }))
  const erased = await ask(
    ...['erase', '--dataset', 'xapi_events', '--where', `user_id=${other}`, '--yes'],
  )
  expect(erased).toMatchObject({ document: { outcome: 'erased', records: 1, rejected: 1 } })
  expect(await keysNaming(other)).toEqual([])
  // The record of somebody else is still to be had.
  expect((await readBytes(keys[0]!)).toString().trim().split('\n')).toHaveLength(1)
})
