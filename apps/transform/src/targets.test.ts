import type { Store } from '@silversmith/core'
import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { openTargets } from './targets.ts'

/** None of what is asked here comes to it. */
const noStore = {} as Store

const openWith = (settings: Readonly<Record<string, string>>) =>
  openTargets(
    parseConfig({
      ...{ LEDGER_TABLE_NAME: 'ledger', SILVER_BUCKET: 'silver' },
      ...{ CLICKHOUSE_URL: 'http://127.0.0.1:1', CLICKHOUSE_DATABASE: 'd' },
      ROUTES: '[{"prefix":"","suffixes":[],"dataset":"xapi_events"}]',
      ...settings,
    }),
    noStore,
  )

const chunkOf = (table: string) => ({ n: 0, table, month: '2026-01', rows: 1 })
const { signal } = new AbortController()

test('a chunk that was sealed before its route went is still asked for', async () => {
  const clickhouse = openWith({}).find(({ name }) => name === 'clickhouse')
  // Nothing listens there: the question was put.
  for (const table of ['raw_events', 'xapi_statements'])
    await expect(clickhouse?.has('B', chunkOf(table), signal)).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
    })
})

test('a renamed table is that of the only route', async () => {
  const clickhouse = openWith({ CLICKHOUSE_TABLE: 'events' }).at(-1)
  await expect(clickhouse?.has('B', chunkOf('raw_events'), signal)).rejects.toMatchObject({
    code: 'TARGET_UNAVAILABLE',
  })
  await expect(clickhouse?.has('B', chunkOf('xapi_statements'), signal)).rejects.toThrow(
    /Table xapi_statements of a sealed chunk is none of raw_events, experiment_attributions, _reloads/,
  )
})

test('the targets are those that are set', () => {
  expect(openWith({}).map(({ name }) => name)).toEqual(['silver', 'clickhouse'])
  expect(openWith({ TARGETS: 'clickhouse' }).map(({ name }) => name)).toEqual(['clickhouse'])
  expect(openWith({ TARGETS: 'silver' }).map(({ name }) => name)).toEqual(['silver'])
})
