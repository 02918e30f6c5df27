import { parseClickHouseSettings } from '@silversmith/clickhouse'
import type { Store } from '@silversmith/core'
import { afterEach, expect, it } from 'vitest'
import type { Targets } from './targets.ts'
import { openTargets } from './targets.ts'

let opened: Targets | undefined
afterEach(() => opened?.close())

/** None of what is asked here comes to it. */
const noStore = {} as Store

const openWith = (settings: Readonly<Record<string, string>>): Targets => {
  const parsed = parseClickHouseSettings({
    ...{ CLICKHOUSE_URL: 'http://127.0.0.1:1', CLICKHOUSE_DATABASE: 'd', ...settings },
  })
  if ('problems' in parsed) throw new Error(parsed.problems.join())
  opened = openTargets(
    {
      ...{ targets: ['silver', 'clickhouse'], silverPrefix: 'silver' },
      routes: [{ prefix: '', suffixes: [], dataset: 'xapi_events' }],
      clickHouse: parsed.settings,
    },
    noStore,
  )
  return opened
}

const { signal } = new AbortController()
const chunk = { n: 0, table: 'xapi_statements', month: '2026-01', rows: 1 }

it('looks into and mends a table whose route is gone', async () => {
  const { targets, inspectors, menders } = openWith({})
  // Nothing listens there: the question was put.
  const unreachable = { code: 'TARGET_UNAVAILABLE' }
  await expect(targets.at(-1)?.has('B', chunk, signal)).rejects.toMatchObject(unreachable)
  await expect(inspectors.at(-1)?.inspect('B', [chunk], signal)).rejects.toMatchObject(unreachable)
  await expect(menders.at(-1)?.clear('B', chunk, signal)).rejects.toMatchObject(unreachable)
})

it('takes a renamed table for that of the only route', async () => {
  const { targets, tables } = openWith({ CLICKHOUSE_TABLE: 'events' })
  expect(tables).toEqual(['raw_events', 'experiment_attributions'])
  await expect(
    targets.at(-1)?.has('B', { ...chunk, table: 'raw_events' }, signal),
  ).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
})
