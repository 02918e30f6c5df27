import { createClickHouseEraser, createClickHouseTarget } from '@silversmith/clickhouse'
import type { ErasedRecord, Row } from '@silversmith/core'
import { tokenOf } from '@silversmith/core'
import { createMemoryStore, expectFault } from '@silversmith/simulation'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { eventRow, events, stageRows } from './test-events.ts'

const { signal } = new AbortController()
const dayMicros = 86_400_000_000
let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse.close())

const who = "d'Arc \\ 'é'"

/** Two chunks; every third row is hers. */
const makeRoom = async () => {
  const made = await clickHouse.makeDatabase([events], { isPlain: true })
  const { settings } = made
  const store = createMemoryStore()
  const target = createClickHouseTarget({ settings, tables: [events], store })
  for (const [n, source] of [`s3://b/it's`, 's3://b/other'].entries()) {
    const token = tokenOf('B', n)
    const rows = [0, 1, 2, 3, 4, 5].map((record): Row => {
      const kind = record % 3 === 0 ? who : 'else'
      return eventRow(token, record, { kind, source, generation: n })
    })
    // Days of one month: a chunk is a block of one partition.
    const spread = rows.map((row, day) => [Number(row[0]) + (day - 3) * dayMicros, ...row.slice(1)])
    await target.put('B', await stageRows(store, events, 'B', n, spread), signal)
  }
  await target.close()
  const eraser = createClickHouseEraser({ settings, tables: [events] })
  return { ...made, eraser }
}

const nameOf = ({ source, record, line }: ErasedRecord) => `${source} ${record} ${line}`

test('finds records by a value, their rows by records, and erases these and no others', async () => {
  const { eraser, identities, database } = await makeRoom()
  const match = { column: 'kind', value: who }
  const records = await eraser.find('events', match, 10, signal)
  expect(records.map(nameOf).toSorted()).toEqual([
    ...["s3://b/it's 0 1", "s3://b/it's 3 4", 's3://b/other 0 1', 's3://b/other 3 4'],
  ])
  expect(await eraser.find('events', match, 3, signal)).toHaveLength(3)
  const rows = await eraser.locate('events', records, signal)
  const places = rows.map(({ chunk, record, part, day, place }) => [
    chunk,
    record,
    part,
    day,
    place,
  ])
  expect(places.toSorted()).toEqual([
    ['B#0', 0, 0, '2026-11-17', '2026-11'],
    ['B#0', 3, 0, '2026-11-20', '2026-11'],
    ['B#1', 0, 0, '2026-11-17', '2026-11'],
    ['B#1', 3, 0, '2026-11-20', '2026-11'],
  ])
  await eraser.erase('events', rows, signal)
  expect(await identities()).toEqual(
    ['B#0', 'B#1'].flatMap((chunk) => [1, 2, 4, 5].map((record) => `${chunk}/${record}`)),
  )
  // Again, when they are gone.
  await eraser.erase('events', rows, signal)
  const [parts] = await clickHouse.read<{ rows: string }>(
    `SELECT sum(rows) AS rows FROM system.parts WHERE database = '${database}' AND table = 'events' AND active`,
  )
  expect(Number(parts?.rows)).toBe(8)
  await eraser.close()
})

test('writes away what a lightweight DELETE only hid in the same parts', async () => {
  const { eraser, database } = await makeRoom()
  await clickHouse.run(`DELETE FROM ${database}.events WHERE _record = 5`)
  const count = async () => {
    const [found] = await clickHouse.read<{ rows: string }>(
      `SELECT sum(rows) AS rows FROM system.parts WHERE database = '${database}' AND table = 'events' AND active`,
    )
    return Number(found?.rows)
  }
  expect(await count()).toBe(12)
  const records = await eraser.find('events', { column: 'kind', value: who }, 10, signal)
  await eraser.erase('events', await eraser.locate('events', records, signal), signal)
  expect(await count()).toBe(6)
  await eraser.close()
})

test('erases many records of many objects, statement by statement', async () => {
  const { eraser, identities } = await makeRoom()
  const others = Array.from({ length: 3_000 }, (_, record) => ({
    ...{ source: `s3://b/${'long '.repeat(20)}${record}`, version: 'v', record },
    ...{ part: 0, chunk: 'B#9', day: '2026-11-20', place: '2026-11' },
  }))
  const records = await eraser.find('events', { column: 'kind', value: who }, 10, signal)
  const rows = await eraser.locate('events', [...records, ...others], signal)
  expect(rows).toHaveLength(4)
  await eraser.erase('events', [...rows, ...others], signal)
  expect(await identities()).toHaveLength(8)
  await eraser.close()
})

test('names views that keep copies, compares values as they print, and refuses other tables', async () => {
  const { eraser, database } = await makeRoom()
  expect(await eraser.copiesOf('events', signal)).toEqual([])
  await clickHouse.run(
    `CREATE MATERIALIZED VIEW ${database}.kinds ENGINE = MergeTree ORDER BY kind SETTINGS allow_nullable_key = 1 AS SELECT kind FROM ${database}.events`,
  )
  expect(await eraser.copiesOf('events', signal)).toEqual([
    `materialized view ${database}.kinds keeps what it made of rows of events`,
  ])
  const record = { column: '_record', value: '4' }
  expect(await eraser.find('events', record, 10, signal)).toHaveLength(2)
  await expectFault(
    eraser.locate('strange', [], signal).then(() => eraser.find('strange', record, 1, signal)),
    'TARGET_MISCONFIGURED',
  )
  await eraser.close()
})
