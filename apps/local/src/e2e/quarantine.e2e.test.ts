import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain } from '../drain.ts'
import { startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** The quarantine from its records to their replay, through the bundled functions and the command. */
const key = 'section/1/video/mixed.jsonl'
const early = JSON.stringify({
  ...(JSON.parse(statementOf(1)) as object),
  timestamp: '1999-01-01T00:00:00Z',
})
const lines = [statementOf(0), 'not json', early, '\u00e9 also \u0001 not', statementOf(2)]

let tested: TestStack
let runs: TestRuns
const { signal } = new AbortController()
const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

const ask = async (...args: readonly string[]) => {
  const told = await runs.ask([...args, '--dir', tested.stack.dir])
  expect(told.stderr).toBe('')
  expect(told.code).toBe(0)
  return told.document as Readonly<Record<string, unknown>>
}
const reasons = async () => {
  const { reasons: rows } = await ask('quarantine', 'list')
  return (rows as readonly Record<string, unknown>[]).map(
    ({ dataset, reason, files, records, open, waiting, resolved, failed }) => ({
      ...{ dataset, reason, files, records, open, waiting, resolved, failed },
    }),
  )
}
const none = { dataset: 'xapi_events', open: 0, waiting: 0, resolved: 0, failed: 0 }
const countRows = async () =>
  (await tested.query<Record<string, unknown>>('SELECT count() AS rows FROM raw_events'))[0]?.[
    'rows'
  ]

beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
    environment: {},
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 } },
  })
  await tested.upload(key, Buffer.from(lines.join('\n')))
  tested.stack.start()
  await settle()
})

afterAll(async () => {
  await tested?.close()
  await runs?.close()
})

it('lists what was rejected and why, and shows the records with where they came from', async () => {
  expect(await reasons()).toEqual([
    { ...none, reason: 'invalid_json', files: 1, records: 2, open: 1 },
    { ...none, reason: 'timestamp_out_of_range', files: 1, records: 1, open: 1 },
  ])
  const { records } = await ask('quarantine', 'show')
  const source = `s3://${tested.stack.resources.bronzeBucket}/${key}`
  expect(records).toMatchObject([
    { record: { source, record: 1, line: 2, reason: 'invalid_json', raw: 'not json' } },
    { record: { source, record: 3, line: 4, rawEncoding: 'base64' } },
    { record: { source, record: 2, line: 3, path: 'timestamp', raw: early } },
  ])
})

it('sends nothing before it is told to', async () => {
  expect(await ask('quarantine', 'replay')).toMatchObject({ dryRun: true, sent: 2, records: 3 })
  await settle()
  expect((await reasons()).map(({ open }) => open)).toEqual([1, 1])
})

it('keeps what fails again, resolves what was replayed, and adds no row', async () => {
  const rows = await countRows()
  const only = ['--reason', 'invalid_json'] as const
  expect(await ask('quarantine', 'replay', ...only, '--yes')).toMatchObject({ sent: 1, records: 2 })
  await settle()
  expect(await reasons()).toEqual([
    { ...none, reason: 'invalid_json', files: 2, records: 2, open: 1, resolved: 1 },
    { ...none, reason: 'timestamp_out_of_range', files: 1, records: 1, open: 1 },
  ])
  const shown = (await ask('quarantine', 'show', ...only)) as { records: { record: object }[] }
  expect(shown.records.map(({ record }) => record)).toMatchObject([
    { record: 1, line: 2, raw: 'not json' },
    { record: 3, line: 4, rawEncoding: 'base64' },
  ])
  expect(await countRows()).toEqual(rows)
})
