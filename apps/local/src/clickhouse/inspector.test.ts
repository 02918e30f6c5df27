import { createClickHouseInspector, createClickHouseTarget } from '@silversmith/clickhouse'
import { columnsOf, reloadsTable, tokenOf } from '@silversmith/core'
import {
  createMemoryStore,
  describeInspector,
  expectFault,
  sha256Of,
} from '@silversmith/simulation'
import { encodeParquet } from '@silversmith/parquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { eventRow, events, reloadRow, stageEvents, stageRows } from './test-events.ts'

const idle = (): AbortSignal => new AbortController().signal

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse.close())

/** A database of its own, with a target and what looks into it. */
const makeRoom = async () => {
  const { database, settings } = await clickHouse.makeDatabase([events])
  const store = createMemoryStore()
  const target = createClickHouseTarget({ settings, tables: [events], store })
  const inspector = createClickHouseInspector({ settings, tables: [events] })
  const close = async (): Promise<void> => {
    await target.close()
    await inspector.close()
  }
  return { database, settings, store, target, inspector, close }
}

describeInspector('the real engine', async () => {
  const { database, store, target, inspector, close } = await makeRoom()
  return {
    inspector,
    close,
    originOf: (batch, n) => ({ source: `s3://bronze/${tokenOf(batch, n)}`, version: 'v1' }),
    put: async (batch, n, rowCount) => {
      const chunk = await stageEvents(store, batch, n, rowCount)
      await target.put(batch, chunk, idle())
      return chunk
    },
    double: async (batch, { n }, rowCount) => {
      // A merge would make them one again.
      await clickHouse.run(`SYSTEM STOP MERGES ${database}.events`)
      await clickHouse.run(
        `INSERT INTO ${database}.events SELECT * FROM ${database}.events WHERE _chunk = '${tokenOf(batch, n)}' AND _record < ${rowCount}`,
      )
    },
    lose: (batch, { n }, rowCount) =>
      clickHouse.run(
        `DELETE FROM ${database}.events WHERE _chunk = '${tokenOf(batch, n)}' AND _record < ${rowCount}`,
      ),
  }
})

test('chunks of several tables and months are counted, each in its own month', async () => {
  const { store, target, inspector, close } = await makeRoom()
  const november = await stageEvents(store, 'B', 0, 5)
  const rows = [0, 1, 2].map((record) => {
    const [, ...rest] = eventRow('B#1', record)
    return [Date.UTC(2025, 11, 31, 23, 59, 59) * 1_000 + record, ...rest]
  })
  const december = { ...(await stageRows(store, events, 'B', 1, rows)), month: '2025-12' }
  const reload = await stageRows(store, reloadsTable, 'B', 2, [reloadRow('B#2', { generation: 1 })])
  for (const chunk of [november, december, reload]) await target.put('B', chunk, idle())
  expect(await inspector.inspect('B', [reload, december, november], idle())).toEqual([
    { rows: 1, distinct: 1 },
    { rows: 3, distinct: 3 },
    { rows: 5, distinct: 5 },
  ])
  expect(await inspector.inspect('B', [{ ...december, month: '2026-01' }], idle())).toEqual([
    { rows: 0, distinct: 0 },
  ])
  await close()
})

test('a thousand chunks are counted in one go', async () => {
  const { store, target, inspector, close } = await makeRoom()
  const rows = Array.from({ length: 1_000 }, (_, n) => eventRow(`B#${n}`, n))
  const bytes = await encodeParquet(columnsOf(events), rows)
  const block = { key: 'k', sha256: sha256Of(bytes), sizeBytes: bytes.length, rows: 1_000 }
  await store.write('k', bytes, { ...block, contentType: 'x' }, idle())
  const one = { n: 0, table: 'events', month: '2026-11', rows: 1, block }
  await target.put('B', one, idle())
  const chunks = rows.map((_, n) => ({ ...one, n }))
  const holdings = await inspector.inspect('B', chunks, idle())
  expect(holdings).toEqual(rows.map(() => ({ rows: 1, distinct: 1 })))
  await close()
})

test('rows with an empty or odd chunk are listed too', async () => {
  const { database, store, target, inspector, close } = await makeRoom()
  await target.put('B', await stageEvents(store, 'B', 0, 2), idle())
  for (const odd of ['', "it''s", 'B#0!1/x'])
    await clickHouse.run(
      `INSERT INTO ${database}.events (timestamp, _chunk) VALUES ('2026-11-20 00:00:00', '${odd}')`,
    )
  expect(await inspector.listTokens('events', undefined, 10, idle())).toEqual([
    '',
    'B#0',
    'B#0!1/x',
    "it's",
  ])
  expect(await inspector.listTokens('events', '', 10, idle())).toHaveLength(3)
  await close()
})

test('a table nobody knows, and a server that is away, are faults', async () => {
  const { settings, inspector, close } = await makeRoom()
  const chunk = { n: 0, table: 'other', month: '2026-11', rows: 1 }
  await expectFault(inspector.inspect('B', [chunk], idle()), 'TARGET_MISCONFIGURED')
  await expectFault(inspector.listTokens('other', undefined, 1, idle()), 'TARGET_MISCONFIGURED')
  const away = createClickHouseInspector({
    settings: { ...settings, url: 'http://127.0.0.1:1' },
    tables: [events],
  })
  await expectFault(away.listTokens('events', undefined, 1, idle()), 'TARGET_UNAVAILABLE')
  await away.close()
  await close()
})
