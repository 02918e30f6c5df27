import { currentViewName, migrate, planEvolution, preflight } from '@silversmith/clickhouse'
import { columnsOf, type Drift } from '@silversmith/core'
import { datasetOf } from '@silversmith/datasets'
import { encodeParquet } from '@silversmith/parquet'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse, TestDatabase } from './test-clickhouse.ts'

/** Columns out of `_rescued`, on the real engine: of rows that were there, and of those that come by an INSERT that knows nothing of them. */
const shipments = datasetOf('shipments')!
const tables = shipments.tables
const [table] = tables
const { signal } = new AbortController()

let clickHouse: TestClickHouse
let made: TestDatabase

const columns = columnsOf(table!)
const insert = async (records: readonly object[], version: string): Promise<void> => {
  const rows = records.flatMap((record, at) => {
    const text = JSON.stringify({ event_time: '2026-02-11T14:05:02Z', ...record })
    const mapped = shipments.map(JSON.parse(text), { hash: 'h', text })
    if (!('rows' in mapped)) throw new Error('rejected')
    const lineage = ['s3://b/k', version, at, 0, null, `${version}#0`, 0, 0, 0, 1]
    return mapped.rows.map(({ values }) => [...values, ...lineage])
  })
  const names = columns.map(({ name }) => `\`${name}\``).join(', ')
  const query = `INSERT INTO ${made.database}.shipments (${names}) SETTINGS input_format_null_as_default = 0 FORMAT Parquet`
  const response = await fetch(`${made.settings.url}/?query=${encodeURIComponent(query)}`, {
    method: 'POST',
    body: encodeParquet(columns, rows),
  })
  expect([response.status, await response.text()]).toEqual([200, ''])
}

const drift = (path: string, types: Drift['types'], kind: Drift['kind'] = 'new'): Drift => ({
  ...{ dataset: 'shipments', table: 'shipments', path, kind, rows: 1, types },
})
const found = [
  drift('cooled', { boolean: 2 }),
  drift('stops', { whole: 1 }),
  drift('insuredValue', { whole: 1, number: 1 }),
  drift('["gate \\"7\\""]', { text: 1 }),
  drift('extra', { object: 1, text: 1 }),
  drift('carrier_2', { text: 1 }),
  drift('["carrier-2"]', { text: 1 }),
  drift('["https://e.org/x/batchId"]', { whole: 1 }),
  drift('weight_kg', { text: 1 }, 'retyped'),
]
const records = [
  { cooled: true, stops: 3, insuredValue: 10, 'gate "7"': "it's `open`", extra: { a: [1, null] } },
  { cooled: false, insuredValue: 0.5, extra: 'text', carrier_2: 'x', 'carrier-2': 'y' },
  { 'https://e.org/x/batchId': 9_007_199_254_740_991 },
]
const values = [
  [true, 3, 10, "it's `open`", '{"a":[1,null]}', null, null, null],
  [false, null, 0.5, null, '"text"', 'x', 'y', null],
  [null, null, null, null, null, null, null, 9_007_199_254_740_991],
]

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  made = await clickHouse.makeDatabase(tables)
})
afterAll(() => clickHouse.close())

const plan = () => planEvolution(clickHouse.admin, tables, made.settings, found, signal)

it('gives each new path a column, in old rows and in new ones, in the table and in its view', async () => {
  await insert(records, 'before')
  const evolutions = await plan()
  expect(evolutions.map(({ column, type }) => `${column} ${type}`)).toEqual([
    'cooled Nullable(Bool)',
    'stops Nullable(Int64)',
    'insured_value Nullable(Float64)',
    'gate_7 Nullable(String)',
    'extra Nullable(String)',
    'carrier_2 Nullable(String)',
    'carrier_2_2 Nullable(String)',
    'batch_id Nullable(Int64)',
  ])
  for (const { statements } of evolutions)
    for (const statement of statements) await clickHouse.run(statement)
  await insert(records, 'after')
  const own = evolutions.map(({ column }) => `\`${column}\``).join(', ')
  for (const name of ['shipments', currentViewName('shipments')]) {
    const rows = await clickHouse.read<Readonly<Record<string, unknown>>>(
      `SELECT _version, tuple(${own}) AS own FROM ${made.database}.${name} ORDER BY _version DESC, _record SETTINGS output_format_json_quote_64bit_integers = 0`,
    )
    expect(rows.map(({ own: told }) => told)).toEqual([...values, ...values])
  }
})

it('makes no value of one of another type: it is null, and in _rescued as it was sent', async () => {
  const others = [
    { cooled: 1, stops: 1.5, insuredValue: 'much' },
    { cooled: 'yes', stops: true, insuredValue: true },
    { cooled: null, stops: '1.5', insuredValue: [1] },
  ]
  await insert(others, 'changed')
  const rows = await clickHouse.read<Readonly<Record<string, unknown>>>(
    `SELECT cooled, stops, insured_value, _rescued FROM ${made.database}.shipments WHERE _version = 'changed' ORDER BY _record`,
  )
  expect(
    rows.map(({ _rescued, ...row }) => [
      Object.values(row),
      JSON.parse(String(_rescued)) as object,
    ]),
  ).toEqual(
    others.map(({ cooled, ...rest }) => [
      [null, null, null],
      cooled === null ? rest : { cooled, ...rest },
    ]),
  )
})

it('proposes nothing that is there, and neither migration nor preflight minds', async () => {
  expect(await plan()).toEqual([])
  expect(await migrate(clickHouse.admin, tables, made.settings, signal)).toMatchObject({
    ...{ steps: [], differences: [] },
  })
  await preflight(clickHouse.admin, tables, made.settings, signal)
})
