import { type Contract, type Drift, Fault } from '@silversmith/core'
import { datasetOf } from '@silversmith/datasets'
import { reportDrift } from '@silversmith/flow'
import { expect, test } from 'vitest'
import { createRoom } from './transform-room.ts'

const shipments = datasetOf('shipments')!
const time = '2026-02-11T14:05:02Z'
const lines = [
  { event_time: time, shipment_id: 'fits', weight_kg: 1.5 },
  { event_time: time, shipment_id: 'new', cooled: true, 'gate "7"': { open: 1 } },
  { event_time: time, shipment_id: 'retyped', weight_kg: 'heavy', cooled: 'no' },
  { event_time: 'never', shipment_id: 'bad', cooled: true },
]
const body = lines.map((line) => JSON.stringify(line)).join('\n')

const load = async (contract?: Contract) => {
  const room = createRoom({
    datasets: [shipments],
    ...(contract && { contracts: { shipments: contract } }),
  })
  expect(await room.run(room.put('s.jsonl', body, 'shipments'))).toEqual([])
  const [manifest] = room.manifests()
  const { records, rows, rejected, discarded } = manifest!.sources[0]!
  return {
    counts: { records, rows, rejected, discarded },
    rows: room.engine.rows('shipments').map(({ shipment_id, _rescued }) => [shipment_id, _rescued]),
    rejected: room.quarantined().map(({ record, reason, path }) => [record, reason, path]),
    drift: manifest!.drift,
    empty: manifest!.chunks[0]?.empty,
  }
}

const common = { dataset: 'shipments', table: 'shipments' }
/** Whatever the contract makes of them, the paths are told. */
const drift: readonly Drift[] = [
  { ...common, path: 'cooled', kind: 'new', rows: 2, types: { boolean: 1, text: 1 } },
  { ...common, path: '["gate \\"7\\""]', kind: 'new', rows: 1, types: { object: 1 } },
  { ...common, path: 'weight_kg', kind: 'retyped', rows: 1, types: { text: 1 } },
]
const invalid = [3, 'timestamp_invalid', 'event_time']

test.each([undefined, 'rescue', 'evolve'] as const)(
  'contract %s: every row is loaded, and keeps what fits no column',
  async (contract) => {
    const loaded = await load(contract)
    expect(loaded.counts).toEqual({ records: 4, rows: 3, rejected: 1, discarded: 0 })
    expect(loaded.rows).toEqual([
      ['fits', null],
      ['new', '{"cooled":true,"[\\"gate \\\\\\"7\\\\\\"\\"]":{"open":1}}'],
      ['retyped', '{"weight_kg":"heavy","cooled":"no"}'],
    ])
    expect(loaded.rejected).toEqual([invalid])
    expect(loaded.drift).toEqual(expect.arrayContaining([...drift]))
    expect(loaded.drift).toHaveLength(drift.length)
  },
)

test('contract freeze: a record with such values is rejected whole, with the first path', async () => {
  const loaded = await load('freeze')
  expect(loaded.counts).toEqual({ records: 4, rows: 1, rejected: 3, discarded: 0 })
  expect(loaded.rows).toEqual([['fits', null]])
  expect(loaded.rejected).toEqual(
    expect.arrayContaining([
      [1, 'contract_breach', 'cooled'],
      [2, 'contract_breach', 'weight_kg'],
      invalid,
    ]),
  )
  expect(loaded.drift).toHaveLength(drift.length)
})

test('contract discard_row: such a record is discarded and counted', async () => {
  const loaded = await load('discard_row')
  expect(loaded.counts).toEqual({ records: 4, rows: 1, rejected: 1, discarded: 2 })
  expect(loaded.rows).toEqual([['fits', null]])
  expect(loaded.rejected).toEqual([invalid])
  expect(loaded.drift).toHaveLength(drift.length)
})

test('a chunk names the columns that hold nothing', async () => {
  const { empty } = await load()
  const filled = ['timestamp', 'record_type', 'event_time', 'shipment_id', 'weight_kg']
  const wanted = shipments.tables[0]!.columns.map(({ name }) => name).filter(
    (name) => ![...filled, 'event_hash', '_rescued'].includes(name),
  )
  expect(empty).toEqual(wanted)
})

test('a batch without drift says nothing of it', async () => {
  const room = createRoom({ datasets: [shipments] })
  await room.run(room.put('s.jsonl', JSON.stringify(lines[0]), 'shipments'))
  expect(room.manifests()[0]).not.toHaveProperty('drift')
})

test('of endless new names a batch tells a bounded number, and counts all rows', async () => {
  const room = createRoom({ datasets: [shipments] })
  const many = Array.from({ length: 500 }, (_, n) =>
    JSON.stringify({ event_time: time, [n < 10 ? 'long'.repeat(25_000) : `n${n}`]: n }),
  )
  await room.run(room.put('s.jsonl', many.join('\n'), 'shipments'))
  expect(room.manifests()[0]?.drift).toHaveLength(200)
  expect(JSON.stringify(room.manifests()[0]).length).toBeLessThan(50_000)
  expect(room.log.events.find(({ kind }) => kind === 'batch-sealed')).toMatchObject({
    drifted: 500,
  })
})

test('a report tells of the sealed batches of its pipeline only', async () => {
  const common = { contracts: { shipments: 'evolve' as const }, datasets: [shipments] }
  let isDown = false
  const room = createRoom({
    ...common,
    ledger: (ledger) => ({
      ...ledger,
      write: (item, ...more) =>
        isDown && item.kind === 'batch' && item.state === 'S'
          ? Promise.reject(new Fault('LEDGER_DENIED', 'no'))
          : ledger.write(item, ...more),
    }),
  })
  const beside = createRoom({ ...common, pipeline: 'q', beside: room })
  await room.run(room.put('s.jsonl', body, 'shipments'))
  await beside.run(beside.put('s.jsonl', body, 'shipments'))
  // Its manifest is written, and it is never sealed.
  isDown = true
  await room.run(room.put('t.jsonl', body, 'shipments'))
  expect(room.manifests()).toHaveLength(3)
  const request = { since: 0, dataset: shipments }
  const report = await reportDrift(room.deps, request, room.call())
  expect(report).toMatchObject({ batches: 1 })
  expect(report.paths).toEqual(expect.arrayContaining([...drift]))
})
