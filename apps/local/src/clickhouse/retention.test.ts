import {
  createClickHouseInspector,
  createClickHouseTarget,
  migrate,
  planMigration,
  readPresent,
} from '@silversmith/clickhouse'
import type { Row, Table } from '@silversmith/core'
import { createMemoryStore } from '@silversmith/simulation'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { eventRow, events, stageRows } from './test-events.ts'

const { signal } = new AbortController()
const dayMs = 86_400_000
let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse.close())

const keptFor = (retentionDays?: number): Table =>
  retentionDays === undefined ? events : { ...events, retentionDays }

/** Rows of so many days before today, in one chunk of the month of the last. */
const makeChunk = async (store: ReturnType<typeof createMemoryStore>, daysAgo: number) => {
  const at = Date.now() - daysAgo * dayMs
  const row = (record: number): Row => [at * 1000, ...eventRow('B#0', record).slice(1)]
  const staged = await stageRows(store, events, 'B', 0, [row(0), row(1)])
  return { ...staged, month: new Date(at).toISOString().slice(0, 7) }
}

test('migration sets, changes and removes what the dataset says, and nothing else', async () => {
  const settings = clickHouse.newSettings()
  const whys = async (table: Table, plan = true) => {
    const present = await readPresent(clickHouse.admin, [table], settings, signal)
    const { steps } = planMigration([table], settings, present)
    if (!plan) await migrate(clickHouse.admin, [table], settings, signal)
    return steps.map(({ statement }) => statement.replaceAll(`\`${settings.database}\`.`, ''))
  }
  await migrate(clickHouse.admin, [keptFor(30)], settings, signal)
  expect(await whys(keptFor(30))).toEqual([])
  expect(await whys(keptFor(60), false)).toEqual([
    'ALTER TABLE `events` MODIFY TTL toDate32(timestamp) + toIntervalDay(60)',
  ])
  expect(await whys(keptFor(60))).toEqual([])
  expect(await whys(keptFor(), false)).toEqual(['ALTER TABLE `events` REMOVE TTL'])
  expect(await whys(keptFor())).toEqual([])
  // Somebody's own stays, where the dataset has none.
  await clickHouse.run(
    `ALTER TABLE ${settings.database}.events MODIFY TTL toDate(timestamp) + INTERVAL 9 DAY`,
  )
  expect(await whys(keptFor())).toEqual([])
})

test('old rows go, the inspector says that they may, and a batch of them does not wait for ever', async () => {
  const table = keptFor(30)
  const { database, settings, identities } = await clickHouse.makeDatabase([table])
  const store = createMemoryStore()
  const target = createClickHouseTarget({ settings, tables: [table], store })
  const inspector = createClickHouseInspector({ settings, tables: [table] })
  const old = await makeChunk(store, 100)
  await target.put('B', old, signal)
  await clickHouse.run(`OPTIMIZE TABLE ${database}.events FINAL`)
  expect(await identities()).toEqual([])
  expect(await inspector.inspect('B', [old], signal)).toEqual([
    { rows: 0, distinct: 0, expired: 2 },
  ])
  // Whoever comes later finds none, and puts them again: the token is remembered, and nothing is waited for.
  expect(await target.has('B', old, signal)).toBe(false)
  await target.put('B', old, signal)
  await target.close()
  await inspector.close()
})

test('only old rows that are not there are excused', async () => {
  const { database, settings } = await clickHouse.makeDatabase([events])
  const store = createMemoryStore()
  const target = createClickHouseTarget({ settings, tables: [events], store })
  const now = () => Date.parse('2026-11-25')
  const inspector = createClickHouseInspector({ settings, tables: [keptFor(10)], now })
  const days = ['2026-11-02', '2026-11-20']
  const rows = days.map((day, n): Row => [Date.parse(day) * 1000, ...eventRow('B#0', n).slice(1)])
  const staged = await stageRows(store, events, 'B', 0, rows)
  const own = { key: '', sha256: '', sizeBytes: 0, rows: 1 }
  const chunk = { ...staged, days: days.map((day) => ({ ...own, day })) }
  await target.put('B', chunk, signal)
  const inspect = async () => (await inspector.inspect('B', [chunk], signal))[0]
  const deleteOne = (n: number) =>
    clickHouse.run(
      `ALTER TABLE ${database}.events DELETE WHERE _record = ${n} SETTINGS mutations_sync = 2`,
    )
  expect(await inspect()).toEqual({ rows: 2, distinct: 2 })
  await deleteOne(1)
  expect(await inspect()).toEqual({ rows: 1, distinct: 1 })
  await deleteOne(0)
  expect(await inspect()).toEqual({ rows: 0, distinct: 0, expired: 1 })
  await target.close()
  await inspector.close()
})

test('young rows stay', async () => {
  const table = keptFor(30)
  const { database, settings, identities } = await clickHouse.makeDatabase([table])
  const store = createMemoryStore()
  const target = createClickHouseTarget({ settings, tables: [table], store })
  await target.put('B', await makeChunk(store, 1), signal)
  await clickHouse.run(`OPTIMIZE TABLE ${database}.events FINAL`)
  expect(await identities()).toHaveLength(2)
  await target.close()
})
