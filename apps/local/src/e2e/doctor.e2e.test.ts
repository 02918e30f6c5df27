import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { Check } from '@silversmith/core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { listKeys, readHistory } from '../account/history.ts'
import type { Queue } from '../resources.ts'
import { startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'
import type { Uploaded } from '../input/upload.ts'

/** What a person looks at before anything is loaded, and what then stands in the way of it. */
const pollMsMax = 300_000
const events = fileURLToPath(new URL('../../../../examples/events', import.meta.url))
const page = readFileSync(
  fileURLToPath(new URL('../../../../docs/reference/doctor.md', import.meta.url)),
  'utf8',
)
const key = 'section/1/video/a b.jsonl'
const { signal } = new AbortController()

let tested: TestStack
let runs: TestRuns
let uploaded: Uploaded

beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
    environment: {},
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 } },
  })
  const body = [statementOf(1), statementOf(2), '{"verb": {}}', 'no JSON'].join('\n')
  uploaded = await tested.upload(key, Buffer.from(body))
})
afterAll(async () => {
  await tested?.close()
  await runs?.close()
})

const ask = async (...args: readonly string[]) => {
  const { code, document, stderr } = await runs.ask([...args, '--dir', tested.stack.dir])
  return { code, stderr, document: document as Readonly<Record<string, unknown>> }
}
const ill = async (): Promise<readonly Check[]> => {
  const { document } = await ask('doctor')
  return (document['checks'] as readonly Check[]).filter(({ state }) => state !== 'ok')
}
const told = ({ part, name, state, found, fix }: Check): string =>
  `${state} ${part} ${name}: ${found} → ${fix ?? ''}`

/** With the names of the page. */
const expectQuoted = ({ found, fix = '' }: Check): void => {
  const { queueUrl, queueArn } = tested.stack.resources.objects.main
  const named = (text: string): string =>
    text
      .replaceAll(queueUrl, 'https://sqs.eu-west-1.amazonaws.com/123456789012/silversmith-objects')
      .replaceAll(queueArn, 'arn:aws:sqs:eu-west-1:123456789012:silversmith-objects')
  expect(page).toContain(named(found))
  expect(page).toContain(`fix: ${named(fix)}\n`)
}

const attributesOf = async ({ queueUrl: QueueUrl }: Queue) =>
  (
    await tested.stack.clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
  ).Attributes ?? {}
const setAttributes = ({ queueUrl: QueueUrl }: Queue, Attributes: Record<string, string>) =>
  tested.stack.clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))

it('finds nothing wrong in a new stack, and asks each function', async () => {
  const { code, document } = await ask('doctor')
  const checks = document['checks'] as readonly Check[]
  expect(checks.filter(({ state }) => state !== 'ok').map(told)).toEqual([])
  expect(checks.filter(({ part }) => part === 'function').map(({ name }) => name)).toEqual([
    ...['ingest', 'transform', 'bulk'],
  ])
  expect(new Set(checks.map(({ part }) => part))).toEqual(
    new Set(['settings', 's3', 'sqs', 'dynamodb', 'clickhouse', 'breaker', 'function']),
  )
  expect(code).toBe(0)
})

it.each(['ingest', 'transform', 'bulk'])('asks %s as older scripts do', async (name) => {
  const healthy = await ask('invoke', name, '--event', join(events, 'health-check.json'))
  expect(healthy).toMatchObject({ code: 0, document: { statusCode: 200 } })
  expect(JSON.parse(String(healthy.document['body']))).toMatchObject({
    ...{ healthy: true, clickhouse_healthy: name === 'ingest' ? null : true },
    ...{ lambda_function: name, modes: expect.any(Array), timestamp: expect.any(String) },
  })
  const { document } = await ask('invoke', name, '--event', join(events, 'diagnostics.json'))
  const body = String(document['body'])
  expect(JSON.parse(body)).toMatchObject({
    ...{ runtime: { log_level: 'INFO' }, environment: { dry_run: false } },
    s3_check: {
      ...{ request: { bucket: 'bronze', prefix: 'section/' }, status: 'ok', key_found: true },
      first_object: { key, size: uploaded.sizeBytes },
    },
  })
  expect(body).not.toMatch(/hunter2|secretAccessKey/i)
})

it('tries an object that is there, by the function and by hand, and writes nothing', async () => {
  const files = async (): Promise<readonly string[]> => {
    const keys: string[] = []
    for await (const one of listKeys(tested.stack, '')) keys.push(one)
    return keys
  }
  expect(await files()).toEqual([])
  const report = {
    dryRun: true,
    datasets: {
      xapi_events: {
        ...{ records: 4, rows: 2, rejected: 2, discarded: 0 },
        rejectedByReason: { invalid_json: 1, timestamp_missing: 1 },
      },
    },
    tables: { raw_events: { rows: 2, chunks: 1, silverFiles: 1 } },
  }
  const asked = { dry_run: true, bucket: tested.stack.resources.bronzeBucket, key }
  const { invokeUrl } = tested.stack
  const url = `${invokeUrl}/2015-03-31/functions/transform/invocations`
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(asked) })
  expect(await response.json()).toMatchObject(report)
  expect(await ask('try', `s3://${asked.bucket}/${key}`)).toMatchObject({
    ...{ code: 0, document: report },
  })
  expect(await files()).toEqual([])
  expect(await readHistory(tested.stack, signal)).toEqual([])
  expect(await tested.stack.ledger.listOpen('local', Number.MAX_SAFE_INTEGER, 9, signal)).toEqual(
    [],
  )
})

it('tells of a queue that gives up early; transform takes nothing from it until it is mended', async () => {
  const { main, dead } = tested.stack.resources.objects
  const { RedrivePolicy: before = '' } = await attributesOf(main)
  const policy = { deadLetterTargetArn: dead.queueArn, maxReceiveCount: 19 }
  await setAttributes(main, { RedrivePolicy: JSON.stringify(policy) })
  const found = await ill()
  const [first] = found.filter(({ part }) => part === 'sqs')
  expect(first?.state).toBe('wrong')
  if (first) expectQuoted(first)
  expect(found.filter(({ part }) => part === 'function').map(({ name }) => name)).toEqual([
    ...['ingest, sqs silversmith-objects', 'transform, sqs silversmith-objects'],
    'bulk, sqs silversmith-objects',
  ])

  tested.stack.start()
  await vi.waitFor(
    () => {
      if (!tested.lines.some((line) => line.includes('at least 20 are needed')))
        throw new Error('not yet')
    },
    { timeout: pollMsMax, interval: 100 },
  )
  expect(await readHistory(tested.stack, signal)).toEqual([])
  await setAttributes(main, { RedrivePolicy: before })
  const { report, problems } = await tested.account([uploaded])
  expect(problems).toEqual([])
  expect(report).toMatchObject({ rows: 2, rejected: 2, dlq: 0 })
})

it('tells of a queue that hides messages for less than its function may take', async () => {
  const { main } = tested.stack.resources.objects
  await setAttributes(main, { VisibilityTimeout: '60' })
  const found = await ill()
  expect(found.map(({ name, state }) => `${state} ${name}`)).toEqual([
    'wrong transform, sqs silversmith-objects',
  ])
  const [first] = found
  if (first) expectQuoted(first)
})
