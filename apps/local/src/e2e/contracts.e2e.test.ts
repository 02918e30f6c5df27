import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain } from '../drain.ts'
import { startTestRuns } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** Records that are otherwise than their columns: what each contract makes of them, and a column for what is new. */
let tested: TestStack
let runs: TestRuns
const { signal } = new AbortController()
const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

const time = '2026-02-11T14:05:02Z'
const linesOf = (...records: readonly object[]): Buffer =>
  Buffer.from(records.map((record) => JSON.stringify({ event_time: time, ...record })).join('\n'))

const ask = async (...args: readonly string[]) => {
  const told = await runs.ask([...args, '--dir', tested.stack.dir])
  return { ...told, document: told.document as Readonly<Record<string, unknown>> }
}

beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: ['shipments', 'tracking_events', 'invoice_lines'].map((dataset) => {
      return { prefix: `${dataset}/`, suffixes: ['.jsonl'], dataset }
    }),
    environment: { CONTRACTS: 'shipments=evolve,tracking_events=freeze,invoice_lines=discard_row' },
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 } },
  })
  const records = [
    { carrier: 'fits' },
    { carrier: 'new', cooled: true },
    { cooled: 'no', weight_kg: 'x' },
  ]
  await tested.upload('shipments/a.jsonl', linesOf(...records))
  await tested.upload('tracking_events/a.jsonl', linesOf({ status: 'fits' }, { wind: 7 }))
  await tested.upload('invoice_lines/a.jsonl', linesOf({ sku: 'fits' }, { discount: 0.1 }))
  tested.stack.start()
  await settle()
})

afterAll(async () => {
  await tested?.close()
  await runs?.close()
})

it('keeps each dataset to its contract, and tells the paths of all', async () => {
  const rows = await tested.query<Readonly<Record<string, unknown>>>(
    `SELECT table AS name, total_rows AS rows FROM system.tables
     WHERE database = currentDatabase() AND table IN ('shipments', 'tracking_events', 'invoice_lines') ORDER BY name`,
  )
  expect(rows.map(({ name, rows: count }) => `${String(name)} ${String(count)}`)).toEqual([
    'invoice_lines 1',
    'shipments 3',
    'tracking_events 1',
  ])
  const { document } = await ask('drift', 'show', '--since', '1h')
  const paths = document['paths'] as readonly Readonly<Record<string, unknown>>[]
  expect(
    paths.map(({ table, path, kind, rows: count }) => [table, path, kind, count].join(' ')).sort(),
  ).toEqual([
    'invoice_lines discount new 1',
    'shipments cooled new 2',
    'shipments weight_kg retyped 1',
    'tracking_events wind new 1',
  ])
  const kept = await ask('quarantine', 'show', '--dataset', 'tracking_events')
  expect(kept.document['records']).toMatchObject([
    { record: { reason: 'contract_breach', path: 'wind', record: 1, line: 2 } },
  ])
})

it('adds a column only when told, only where the contract says evolve, and fills it from then on', async () => {
  expect(await ask('drift', 'evolve', '--dataset', 'tracking_events')).toMatchObject({ code: 2 })
  const planned = await ask('drift', 'evolve', '--dataset', 'shipments')
  expect(planned.document).toMatchObject({ dryRun: true, evolutions: [{ column: 'cooled' }] })
  const before = await tested.query<{ name: string }>(
    "SELECT name FROM system.columns WHERE table = 'shipments' AND name = 'cooled'",
  )
  expect(before).toEqual([])
  await ask('drift', 'evolve', '--dataset', 'shipments', '--yes')
  await tested.upload('shipments/b.jsonl', linesOf({ carrier: 'later', cooled: false }))
  await settle()
  const rows = await tested.query<Readonly<Record<string, unknown>>>(
    'SELECT carrier, cooled FROM shipments_current WHERE cooled IS NOT NULL ORDER BY cooled',
  )
  expect(rows).toEqual(
    [
      { carrier: 'later', cooled: 'false' },
      { carrier: null, cooled: '"no"' },
      { carrier: 'new', cooled: 'true' },
    ].toSorted((a, b) => (a.cooled < b.cooled ? -1 : 1)),
  )
})
