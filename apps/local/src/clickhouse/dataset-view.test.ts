import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createClickHouseTarget } from '@silversmith/clickhouse'
import { tokenOf } from '@silversmith/core'
import type { Dataset, TableRow } from '@silversmith/core'
import { xapiEvents, xapiStatements } from '@silversmith/datasets'
import { createMemoryStore } from '@silversmith/simulation'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { eventRow, events, stageRows } from './test-events.ts'

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse.close())

/** Rows of every line of the dataset's fixtures. */
const fixtureRows = ({ name, map }: Dataset): readonly TableRow[] => {
  const folder = new URL(
    `../../../../libs/datasets/src/${name.replaceAll('_', '-')}/fixtures/`,
    import.meta.url,
  )
  const lines = readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) => readFileSync(new URL(file, folder), 'utf8').split('\n'))
  return lines.flatMap((text) => {
    let record: unknown
    try {
      record = JSON.parse(text)
    } catch {
      return []
    }
    const mapped = map(record, { hash: hash('sha256', text), text })
    return 'rows' in mapped ? mapped.rows : []
  })
}

const monthOf = ({ timeMicros }: TableRow): string =>
  new Date(timeMicros / 1000).toISOString().slice(0, 7)

/** A database with the rows of all fixtures of a dataset, a chunk for each month. */
const fill = async (dataset: Dataset) => {
  const { database, settings } = await clickHouse.makeDatabase(dataset.tables)
  const store = createMemoryStore()
  const target = createClickHouseTarget({ settings, tables: dataset.tables, store })
  const rows = fixtureRows(dataset)
  for (const [n, table] of dataset.tables.entries()) {
    const own = rows.filter((row) => row.table === table.name)
    for (const month of new Set(own.map(monthOf))) {
      const whole = own
        .filter((row) => monthOf(row) === month)
        .map(({ values }, record) => [
          ...values,
          ...eventRow(tokenOf(month, n), record).slice(events.columns.length),
        ])
      const chunk = await stageRows(store, table, month, n, whole)
      await target.put(month, { ...chunk, month }, new AbortController().signal)
    }
  }
  await target.close()
  const viewRows = <Row>(view: string, what = '*', more = '') =>
    clickHouse.read<Row>(`SELECT ${what} FROM ${database}.${view} ${more}`)
  return { rows, viewRows, database }
}

test('every view of xapi_events shows the rows of the fixtures', async () => {
  const { rows, viewRows } = await fill(xapiEvents)
  for (const table of xapiEvents.tables) {
    const own = rows.filter((row) => row.table === table.name)
    const type = table.columns.findIndex(({ name }) => name === 'event_type')
    for (const { name, select } of table.views) {
      const kind = /event_type = '(\w+)'$/.exec(select)?.[1]
      const wanted = own.filter(({ values }) => kind === undefined || values[type] === kind)
      expect(wanted.length).toBeGreaterThan(0)
      expect(await viewRows(name)).toHaveLength(wanted.length)
    }
  }
})

test('xapi_events_all has the columns and types of Aspects and Ralph, and the statements of the fixtures', async () => {
  const { rows, viewRows, database } = await fill(xapiStatements)
  const columns = await clickHouse.read(
    `SELECT name, type FROM system.columns WHERE database = '${database}' AND table = 'xapi_events_all' ORDER BY position`,
  )
  expect(columns).toEqual([
    { name: 'event_id', type: 'UUID' },
    { name: 'emission_time', type: "DateTime64(6, 'UTC')" },
    { name: 'event', type: 'String' },
  ])
  const [id, statement] = ['id', 'statement'].map(
    (name) => xapiStatements.tables[0]?.columns.findIndex((column) => column.name === name) ?? -1,
  )
  const found = await viewRows<{ event_id: string; event: string; micros: string }>(
    'xapi_events_all',
    'event_id, event, toString(toUnixTimestamp64Micro(emission_time)) AS micros',
  )
  const wanted = rows.map(({ values, timeMicros }) => ({
    event_id: values[id ?? -1],
    event: values[statement ?? -1],
    micros: String(timeMicros),
  }))
  expect(wanted.length).toBeGreaterThan(100)
  const inOrder = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).toSorted()
  expect(inOrder(found)).toEqual(inOrder(wanted))
})
