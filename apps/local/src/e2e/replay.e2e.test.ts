import { HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { PurgeQueueCommand } from '@aws-sdk/client-sqs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { drain } from '../drain.ts'
import { startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** `silversmith replay` both ways, against the real parts: events of copies, queues, claims, the view of ClickHouse. */
let tested: TestStack
let runs: TestRuns
let count = 0
const { signal } = new AbortController()
/** Nothing of these is loaded, until they are replayed. */
const lost = { copy: 'section/2/', queue: 'section/3/' }
const expected: string[] = []

const bodyOf = (rows: number, isArray: boolean): string => {
  const lines = Array.from({ length: rows }, () => statementOf((count += 1)))
  return isArray ? `[${lines.join(',')}]` : lines.join('\n')
}
const upload = async (key: string, rows: number, encoding?: 'gzip'): Promise<void> => {
  const text = bodyOf(rows, key.endsWith('.json'))
  const { version } = await tested.upload(
    key,
    encoding ? gzipSync(text) : Buffer.from(text),
    encoding,
  )
  const uri = `s3://${tested.stack.resources.bronzeBucket}/${key}`
  for (let record = 0; record < rows; record += 1) expected.push(`${uri} ${version} ${record} 0`)
  expected.sort()
}
interface Row {
  readonly identity: string
  readonly generation: number
}
const readRows = async (): Promise<readonly Row[]> => {
  const rows = await tested.query<Readonly<Record<string, unknown>>>(
    `SELECT _source, _version, toString(_record) AS _record, toString(_part) AS _part,
            toString(_generation) AS _generation FROM raw_events_current`,
  )
  return rows.map((row) => ({
    identity: ['_source', '_version', '_record', '_part']
      .map((name) => String(row[name]))
      .join(' '),
    generation: Number(row['_generation']),
  }))
}
const expectAllOnce = async (): Promise<readonly Row[]> => {
  const { dead } = await drain(tested.stack, { onStatus: () => undefined, signal })
  expect(dead).toBe(0)
  const rows = await readRows()
  expect(rows.map(({ identity }) => identity).toSorted()).toEqual(expected)
  return rows
}
const countSources = async (): Promise<number> => (await tested.listSources()).length

const window = ['--start', '1h', '--end', '0m']
const replay = async (via: string, prefix: string, ...more: readonly string[]) => {
  const asked = ['--via', via, '--prefix', prefix, ...window, '--yes', ...more]
  const { code, document, stderr } = await runs.ask(['replay', ...asked, '--dir', tested.stack.dir])
  expect(stderr).toBe('')
  return { code, document: document as Readonly<Record<string, unknown>> }
}

beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: [{ prefix: '', suffixes: ['.jsonl', '.json', '.gz'], dataset: 'xapi_events' }],
    environment: {},
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 } },
  })
  await upload(`${lost.copy}naïve 漢字 +%.jsonl`, 2)
  await upload(`${lost.queue}array.json`, 3)
  const { stack } = tested
  await stack.notifier.flush()
  // As though S3 had never told of these.
  await stack.clients.sqs.send(
    new PurgeQueueCommand({ QueueUrl: stack.resources.arrivals.main.queueUrl }),
  )
  stack.start()
  await upload('section/1/plain.jsonl', 3)
  await upload('section/1/array.json', 4)
  await upload('section/1/encoded.jsonl', 2, 'gzip')
  await drain(tested.stack, { onStatus: () => undefined, signal })
})

afterAll(async () => {
  await tested?.close()
  await runs?.close()
})

it('003-14: what is loaded is neither copied nor sent, and what never was arrives once, as itself', async () => {
  for (const via of ['copy', 'queue'] as const) {
    const loaded = await replay(via, 'section/1/')
    expect(loaded).toMatchObject({ code: 0, document: { found: 3, sent: 0 } })
    const first = await replay(via, lost[via])
    expect(first).toMatchObject({ code: 0, document: { found: 1, sent: 1 } })
    await drain(tested.stack, { onStatus: () => undefined, signal })
    const again = { document: { found: 1, sent: 0, standings: { loaded: 1 } } }
    expect(await replay(via, lost[via])).toMatchObject(again)
  }
  await expectAllOnce()
})

it.each(['copy', 'queue'])('forced by %s, the view shows the new generation only', async (via) => {
  const { code, document } = await replay(via, 'section/', '--force')
  expect(code).toBe(0)
  expect(document).toMatchObject({ found: 5, sent: 5 })
  const rows = await expectAllOnce()
  expect(new Set(rows.map(({ generation }) => generation))).toEqual(
    new Set([document['generation']]),
  )
})

it('003-14: without --yes, outside the window, or with a prefix of copies nothing is replayed', async () => {
  const sources = await countSources()
  const { dir } = tested.stack
  const ask = (...args: readonly string[]) =>
    runs.ask(['replay', '--via', 'copy', ...args, '--dir', dir])
  expect(await ask('--prefix', 'section/', ...window, '--force')).toMatchObject({
    document: { dryRun: true, sent: 5 },
  })
  const before = ['--prefix', '', '--start', '2020-01-01', '--end', '2020-01-02', '--yes']
  expect(await ask(...before)).toMatchObject({ code: 0, document: { found: 0, sent: 0 } })
  expect((await ask('--prefix', '_replay/', ...window, '--yes')).code).toBe(2)
  // All of the bucket: copies are left out, also where a route accepts every key.
  expect(await ask('--prefix', '', ...window, '--yes')).toMatchObject({
    document: { listed: 5, found: 5, sent: 0 },
  })
  const plan = await runs.ask(['backfill', 'plan', '--prefix', '', '--dir', dir])
  expect(plan).toMatchObject({ code: 0, document: { counts: { listed: 5, found: 5, sent: 0 } } })
  await expectAllOnce()
  expect(await countSources()).toBe(sources)
})

it('copies carry their type, encoding and origin', async () => {
  const { s3 } = tested.stack.clients
  const Bucket = tested.stack.resources.bronzeBucket
  const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: '_replay/' }))
  const Key = page.Contents?.find((copy) => copy.Key?.endsWith('/encoded.jsonl'))?.Key
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }))
  expect(head.ContentEncoding).toBe('gzip')
  expect(head.Metadata).toMatchObject({
    'silversmith-origin-bucket': Bucket,
    'silversmith-origin-key': Buffer.from('section/1/encoded.jsonl').toString('base64url'),
  })
})

it('003-14: an object that somebody puts among the copies is refused, and never loaded', async () => {
  const { stack } = tested
  const Body = statementOf((count += 1))
  const place = { Bucket: stack.resources.bronzeBucket, Key: '_replay/by-hand.jsonl' }
  await stack.clients.s3.send(new PutObjectCommand({ ...place, Body }))
  const isTold = (line: string): boolean =>
    line.includes('by-hand.jsonl does not say which object it is a copy of')
  await vi.waitFor(() => expect(tested.lines.some(isTold)).toBe(true), 60_000)
  const rows = await readRows()
  expect(rows.map(({ identity }) => identity).toSorted()).toEqual(expected)
})
