import { DeleteItemCommand } from '@aws-sdk/client-dynamodb'
import { CopyObjectCommand, DeleteObjectCommand } from '@aws-sdk/client-s3'
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createS3Bronze } from '@silversmith/aws'
import type { Batch } from '@silversmith/core'
import { sourceIdOf, tokenOf, writeObjectsMessage } from '@silversmith/core'
import { readParquet } from '@silversmith/parquet'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { drain } from '../drain.ts'
import { pipeline, silverPrefix } from '../functions.ts'
import { listKeys, readHistory } from '../account/history.ts'
import { startKillProxy } from '../kill/kill-proxy.ts'
import type { KillProxy } from '../kill/kill-proxy.ts'
import { endLeases } from '../leases.ts'
import { startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** Everything an operator is for, on the real parts: what went wrong is found, and mended by its command. */
const pollMsMax = 300_000
const rowsPerObject = 6

let tested: TestStack
let runs: TestRuns
let proxy: KillProxy
const { signal } = new AbortController()

const keyOf = (name: string): string => `section/1/video/${name}.jsonl`
const uriOf = (name: string): string => `s3://${tested.stack.resources.bronzeBucket}/${keyOf(name)}`

/** What each object is there for. */
const names = {
  undelivered: 'undelivered',
  unclaimed: 'batch-item-lost',
  forgotten: 'sealed-and-forgotten',
  rowsDeleted: 'rows-deleted',
  fileDeleted: 'file-deleted',
}
const bodyOf = (name: string): string => {
  const first = Object.values(names).indexOf(name) * rowsPerObject
  return Array.from({ length: rowsPerObject }, (_, n) => statementOf(first + n)).join('\n')
}
const upload = async (name: string): Promise<void> => {
  const { version } = await tested.upload(keyOf(name), Buffer.from(bodyOf(name)))
  for (let record = 0; record < rowsPerObject; record += 1)
    expected.push(`${uriOf(name)} ${version} ${record} 0`)
  expected.sort()
}

/** ClickHouse of transform answers, or nobody does. */
const setClickHouse = (isUp: boolean): void =>
  proxy.sendTo('clickhouse', isUp ? clickHouseUrl : 'http://127.0.0.1:1')
let clickHouseUrl = ''

const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

const load = async (name: string): Promise<string> => {
  await upload(name)
  await settle()
  return batchOf(name)
}

const batchOf = async (name: string): Promise<string> => {
  const history = await readHistory(tested.stack, signal)
  const found = history.filter(({ manifest }) =>
    manifest.sources.some(({ object }) => object.key === keyOf(name)),
  )
  expect(found).toHaveLength(1)
  return found[0]?.batch.id ?? ''
}

const readBatch = async (id: string): Promise<Batch | undefined> => {
  const [found] = await tested.stack.ledger.read([{ kind: 'batch', id }], signal)
  return found?.item.kind === 'batch' ? found.item : undefined
}

interface Told {
  readonly kind: string
  readonly url?: string
  readonly batch?: string
  readonly target?: string
}

/** As if it were asked two hours later: what is younger than one may still be on its way. */
const twoHoursLater = {
  NODE_OPTIONS: `--import "data:text/javascript,const now=Date.now;Date.now=()=>now()+7200000"`,
}
const ask = async (...args: readonly string[]) => {
  const environment = args[0] === 'reconcile' ? twoHoursLater : {}
  const { code, document, stderr } = await runs.ask(
    [...args, '--dir', tested.stack.dir],
    environment,
  )
  expect(stderr).toBe('')
  return { code, document: document as Readonly<Record<string, unknown>> }
}
const reconcile = async (...args: readonly string[]) => {
  const { code, document } = await ask('reconcile', ...args)
  const findings = document['findings'] as readonly Told[]
  const told = findings.map(({ kind, url, batch, target }) =>
    [kind, kind.startsWith('source') ? url : batch, target].filter(Boolean).join(' '),
  )
  const counts = document['counts'] as Readonly<Record<string, number>>
  return { code, counts, told: told.sort() }
}

interface Identities {
  readonly clickhouse: readonly string[]
  readonly silver: readonly string[]
}
const identityOf = (row: Readonly<Record<string, unknown>>): string =>
  ['_source', '_version', '_record', '_part'].map((name) => String(row[name])).join(' ')
const readIdentities = async (): Promise<Identities> => {
  const rows = await tested.query<Record<string, unknown>>(
    'SELECT _source, _version, toString(_record) AS _record, toString(_part) AS _part FROM raw_events',
  )
  const { clients, resources } = tested.stack
  const bronze = createS3Bronze({ client: clients.s3 })
  const silver: string[] = []
  for await (const key of listKeys(tested.stack, `${silverPrefix}/`)) {
    const object = await bronze.head(resources.silverBucket, key, signal)
    const { body } = await bronze.open(object, signal)
    const parts: Uint8Array[] = []
    for await (const part of body) parts.push(part)
    silver.push(...(await readParquet(Buffer.concat(parts))).map(identityOf))
  }
  return { clickhouse: rows.map(identityOf).sort(), silver: silver.sort() }
}

const expected: string[] = []
const expectAllOnce = async () =>
  expect(await readIdentities()).toEqual({ clickhouse: expected, silver: expected })

const batches = { unclaimed: '', forgotten: '', rowsDeleted: '', fileDeleted: '' }

beforeAll(async () => {
  proxy = await startKillProxy()
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
    environment: {},
    tuning: {
      // Nobody sweeps: what is forgotten stays so.
      sweepMs: 2_000_000_000,
      mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 },
      tuneFunction: (settings) => {
        if (settings.name !== 'transform') return settings
        clickHouseUrl = settings.env['CLICKHOUSE_URL'] ?? ''
        setClickHouse(true)
        return { ...settings, env: { ...settings.env, CLICKHOUSE_URL: proxy.urls.clickhouse } }
      },
    },
  })
  const { stack } = tested
  await upload(names.undelivered)
  await stack.notifier.flush()
  await stack.clients.sqs.send(
    new PurgeQueueCommand({ QueueUrl: stack.resources.arrivals.main.queueUrl }),
  )
  stack.start()
  batches.unclaimed = await load(names.unclaimed)
  batches.rowsDeleted = await load(names.rowsDeleted)
  batches.fileDeleted = await load(names.fileDeleted)

  setClickHouse(false)
  await upload(names.forgotten)
  batches.forgotten = await vi.waitFor(async () => {
    const [id = ''] = await stack.ledger.listOpen(pipeline, Number.MAX_SAFE_INTEGER, 10, signal)
    const { problems } = (await readBatch(id)) ?? {}
    if (!problems?.['clickhouse']?.startsWith('TARGET_UNAVAILABLE')) throw new Error('not yet')
    return id
  }, pollMsMax)
  setClickHouse(true)

  await stack.clients.dynamodb.send(
    new DeleteItemCommand({
      TableName: stack.resources.ledgerTable,
      Key: { pk: { S: `B#${batches.unclaimed}` } },
    }),
  )
  await stack.warehouse?.connection.command(
    `DELETE FROM raw_events WHERE _chunk = '${tokenOf(batches.rowsDeleted, 0)}'`,
    'the test',
    signal,
  )
  for await (const key of listKeys(stack, `${silverPrefix}/`))
    if (key.includes(batches.fileDeleted))
      await stack.clients.s3.send(
        new DeleteObjectCommand({ Bucket: stack.resources.silverBucket, Key: key }),
      )
})

afterAll(async () => {
  await tested?.close()
  await runs?.close()
  await proxy?.close()
})

it('finds what was never delivered, lost its batch, was forgotten, or was deleted from a target', async () => {
  const { code, told } = await reconcile()
  expect(told).toEqual(
    [
      `batch-stuck ${batches.forgotten}`,
      `batch-unknown ${batches.unclaimed}`,
      `chunk-missing ${batches.rowsDeleted} clickhouse`,
      `chunk-missing ${batches.fileDeleted} silver`,
      `chunk-of-nobody ${batches.unclaimed} clickhouse`,
      `chunk-of-nobody ${batches.unclaimed} silver`,
      `source-missing ${uriOf(names.undelivered)}`,
      `source-stuck ${uriOf(names.unclaimed)}`,
      `source-stuck ${uriOf(names.forgotten)}`,
    ].sort(),
  )
  expect(code).toBe(1)
})

it('shows a batch that waits, with its problem, and what the targets hold of one that lost rows', async () => {
  const { forgotten, rowsDeleted } = batches
  expect(await ask('batch', 'list')).toMatchObject({
    code: 1,
    document: { batches: [{ id: forgotten, state: 'S', done: { silver: 1 } }], more: 0 },
  })
  const committed = await ask('batch', 'list', '--state', 'committed', '--since', '1h')
  const listed = committed.document['batches'] as readonly Batch[]
  expect(listed.map(({ id }) => id)).toEqual([batches.fileDeleted, rowsDeleted])
  expect(await ask('batch', 'show', rowsDeleted)).toMatchObject({
    code: 1,
    document: {
      batch: { id: rowsDeleted, state: 'C' },
      manifest: { sources: [{ object: { key: keyOf(names.rowsDeleted) }, disposition: 'rows' }] },
      targets: {
        silver: { holdings: [{ rows: rowsPerObject, distinct: rowsPerObject }] },
        clickhouse: { holdings: [{ rows: 0, distinct: 0 }] },
      },
      verdicts: [
        expect.stringContaining(
          `npx silversmith --dir ${tested.stack.dir} repair ${rowsDeleted} --yes`,
        ),
      ],
    },
  })
  expect(await ask('batch', 'reject', forgotten, '--target', 'clickhouse')).toMatchObject({
    ...{ code: 0, document: { dryRun: true, outcome: 'planned', chunks: [{ n: 0 }] } },
  })
})

it('only says what it would do until it is told to', async () => {
  const before = await readIdentities()
  const { rowsDeleted, fileDeleted, unclaimed } = batches
  const repair = await ask('repair', rowsDeleted, fileDeleted)
  expect(repair).toMatchObject({
    ...{ code: 1, document: { dryRun: true } },
    document: { batches: [{ outcome: 'planned' }, { outcome: 'planned' }] },
  })
  const rebuild = await ask('ledger', 'rebuild')
  expect(rebuild).toMatchObject({
    code: 0,
    document: { dryRun: true, batches: { committed: 1 } },
  })
  expect(await readIdentities()).toEqual(before)
  expect(await readBatch(unclaimed)).toBeUndefined()
})

const rebuildLedger = () => ask('ledger', 'rebuild', '--yes')
const repair = () => ask('repair', batches.rowsDeleted, batches.fileDeleted, '--yes')
const enqueue = async (...prefixes: readonly string[]) => {
  const options = prefixes.flatMap((prefix) => ['--prefix', prefix])
  const answer = await reconcile('--enqueue', ...options)
  await settle()
  return answer
}

it('mends each by its command', async () => {
  // Sealed batches are for the sweep, which a person may ask for, too.
  await endLeases(tested.stack.ledger, signal)
  const event = join(runs.dir, 'sweep.json')
  await writeFile(event, '{"mode":"sweep"}')
  const sweep = await ask('invoke', 'bulk', '--event', event)
  expect(sweep).toMatchObject({ code: 0, document: { sent: 1 } })
  await settle()
  expect((await readBatch(batches.forgotten))?.state).toBe('C')

  expect(await rebuildLedger()).toMatchObject({
    code: 0,
    document: { batches: { committed: 1 } },
  })
  expect((await readBatch(batches.unclaimed))?.state).toBe('C')

  expect(await repair()).toMatchObject({
    ...{ code: 0, document: { batches: [{ outcome: 'whole' }, { outcome: 'whole' }] } },
  })
  const sent = await enqueue()
  expect(sent).toMatchObject({
    ...{ code: 1, counts: { enqueued: 1 }, told: [`source-missing ${uriOf(names.undelivered)}`] },
  })
  await expectAllOnce()
  expect(await reconcile()).toMatchObject({
    ...{ code: 0, told: [], counts: { matched: 5, missing: 0, stuck: 0, chunksMatched: 10 } },
  })
})

it('changes nothing when each is done again', async () => {
  expect(await rebuildLedger()).toMatchObject({ code: 0, document: { claims: 0 } })
  expect(await repair()).toMatchObject({
    ...{ code: 0, document: { batches: [{ chunks: [] }, { chunks: [] }] } },
  })
  // Of several prefixes batches and targets are compared once.
  expect(await enqueue('section/1/', 'section/2/')).toMatchObject({
    ...{ code: 0, counts: { matched: 5, chunksMatched: 10, enqueued: 0 } },
  })
  await expectAllOnce()
})

it('tells why messages are dead letters, and a redrive of them loads nothing twice', async () => {
  const { clients, resources } = tested.stack
  const { manifest } = (await readHistory(tested.stack, signal))[0] ?? {}
  const { object } = manifest?.sources[0] ?? {}
  if (!object) throw new Error('a batch has a source')
  const source = {
    id: sourceIdOf(pipeline, object),
    object,
    dataset: 'xapi_events',
    generation: 0,
  }
  const send = (QueueUrl: string, MessageBody: string) =>
    clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))
  const dead = resources.objects.dead.queueUrl
  await send(dead, writeObjectsMessage(pipeline, { kind: 'source', source }))
  await send(dead, writeObjectsMessage(pipeline, { kind: 'batch', batch: batches.forgotten }))
  await send(
    resources.arrivals.dead.queueUrl,
    JSON.stringify({ bucket: object.bucket, key: object.key }),
  )
  const list = await ask('dlq', 'list')
  const letters = list.document['letters'] as readonly { queue: string; reason: string }[]
  expect(letters.map(({ queue, reason }) => `${queue} ${reason}`).sort()).toEqual([
    ...['arrivals already-loaded', 'objects already-applied', 'objects already-loaded'],
  ])
  expect(list.code).toBe(0)
  const [first] = list.document['letters'] as readonly { messageId: string }[]
  expect(await ask('dlq', 'show', first?.messageId ?? '')).toMatchObject({
    document: {
      letter: { messageId: first?.messageId, body: expect.stringContaining(object.key) },
    },
  })
  const redriven = await ask('dlq', 'redrive', '--all', '--yes')
  expect(redriven).toMatchObject({ code: 0, document: { problems: [], whole: true } })
  expect(redriven.document['redriven']).toHaveLength(3)
  const { dead: left } = await settle()
  expect(left).toBe(0)
  await expectAllOnce()
})

it('rejects what ClickHouse refuses for ever, and the next run accounts for it, loaded since or not', async () => {
  const { stack } = tested
  const command = (statement: string) =>
    stack.warehouse?.connection.command(statement, 'the test', signal)
  await command("ALTER TABLE raw_events ADD CONSTRAINT strict CHECK _source NOT LIKE '%refused%'")
  const key = keyOf('refused')
  const body = [statementOf(900), statementOf(901), 'no JSON'].join('\n')
  const object = await tested.upload(key, Buffer.from(body))
  const batch = await vi.waitFor(async () => {
    const [id = ''] = await stack.ledger.listOpen(pipeline, Number.MAX_SAFE_INTEGER, 10, signal)
    const { problems } = (await readBatch(id)) ?? {}
    if (!problems?.['clickhouse']?.startsWith('TARGET_REFUSED_DATA')) throw new Error('not yet')
    return id
  }, pollMsMax)
  const reject = ['batch', 'reject', batch, '--target', 'clickhouse', '--yes'] as const
  expect(await ask(...reject)).toMatchObject({ code: 0, document: { outcome: 'rejected' } })
  const { report, problems } = await tested.account([object])
  expect(problems).toEqual([])
  expect(report.quarantine).toMatchObject({
    ...{ records: 1, refused: { clickhouse: { raw_events: 2 } } },
  })

  // As the runbook says: the file gets another name, and the rows come back from silver.
  await command('ALTER TABLE raw_events DROP CONSTRAINT strict')
  const Bucket = stack.resources.silverBucket
  for await (const Key of listKeys(stack, 'quarantine/')) {
    if (!Key.includes('reason=refused')) continue
    const CopySource = `${Bucket}/${encodeURIComponent(Key)}`
    await stack.clients.s3.send(new CopyObjectCommand({ Bucket, Key: `${Key}.loaded`, CopySource }))
    await stack.clients.s3.send(new DeleteObjectCommand({ Bucket, Key }))
  }
  expect(await ask('repair', batch, '--yes')).toMatchObject({ code: 0 })
  const after = await tested.account([object])
  expect(after.problems).toEqual([])
  expect(after.report.quarantine).toMatchObject({ records: 1, refused: {} })
})
