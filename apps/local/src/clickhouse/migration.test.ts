import { migrate, planMigration, preflight, readPresent } from '@silversmith/clickhouse'
import type { Table } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { events } from './test-events.ts'

const idle = (): AbortSignal => new AbortController().signal

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse.close())

describe('migration', () => {
  test('of a new database makes everything, of a made one nothing', async () => {
    const settings = clickHouse.newSettings()
    const first = await migrate(clickHouse.admin, [events], settings, idle())
    expect(first.steps.map(({ why }) => why)).toEqual([
      `database ${settings.database} is missing`,
      'table events is missing',
      'table _reloads is missing',
      'view events_current is missing',
      'view events_by_kind is missing',
    ])
    const second = await migrate(clickHouse.admin, [events], settings, idle())
    expect(second).toEqual({ steps: [], differences: [], moves: [] })
  })

  test('makes the tables and views of every dataset, which can be read and are fit for INSERTs', async () => {
    const tables = datasets.flatMap((dataset) => dataset.tables)
    const { database, settings } = await clickHouse.makeDatabase(tables)
    expect(await migrate(clickHouse.admin, tables, settings, idle())).toEqual({
      steps: [],
      differences: [],
      moves: [],
    })
    await preflight(clickHouse.admin, tables, settings, idle())
    const views = await clickHouse.read<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = '${database}' AND engine = 'View'`,
    )
    expect(views.length).toBeGreaterThanOrEqual(tables.length)
    for (const { name } of views)
      expect(await clickHouse.read(`SELECT * FROM ${database}.${name}`)).toEqual([])
  })

  test('adds a new column in its place, and the view shows it', async () => {
    const { database, settings } = await clickHouse.makeDatabase([events])
    const column = { name: 'place', type: 'text', nullable: true, description: 'Where' } as const
    const wider: Table = {
      ...events,
      columns: [...events.columns.slice(0, 2), column, ...events.columns.slice(2)],
    }
    await migrate(clickHouse.admin, [wider], settings, idle())
    const names = await clickHouse.read<{ name: string }>(
      `SELECT name FROM system.columns WHERE database = '${database}' AND table = 'events_current' ORDER BY position`,
    )
    expect(names.slice(0, 4).map(({ name }) => name)).toEqual([
      'timestamp',
      'kind',
      'place',
      'name',
    ])
    expect((await migrate(clickHouse.admin, [wider], settings, idle())).steps).toEqual([])
  })

  test('brings back indexes, descriptions and the window, and tells what it cannot change', async () => {
    const { database, settings } = await clickHouse.makeDatabase([events])
    await clickHouse.run(`ALTER TABLE ${database}.events DROP INDEX _chunk_index`)
    await clickHouse.run(`ALTER TABLE ${database}.events COMMENT COLUMN score 'old'`)
    await clickHouse.run(
      `ALTER TABLE ${database}.events MODIFY SETTING non_replicated_deduplication_window = 5`,
    )
    await clickHouse.run(`ALTER TABLE ${database}.events MODIFY COLUMN name Nullable(String)`)
    const done = await migrate(clickHouse.admin, [events], settings, idle())
    expect(done.steps.map(({ why }) => why)).toEqual([
      'column score of events has an older description',
      'non_replicated_deduplication_window of events is 5, must be at least 10000: repeated INSERTs would double rows',
      'index _chunk_index of events is missing',
    ])
    expect(done.differences).toEqual([
      'column name of events is Nullable(String), must be String: values would be changed',
    ])
    const present = await readPresent(clickHouse.admin, [events], settings, idle())
    expect(planMigration([events], settings, present).steps).toEqual([])
  })
})

describe('preflight', () => {
  const refusalOf = async (change: (database: string) => string): Promise<string> => {
    const { database, settings } = await clickHouse.makeDatabase([events])
    await clickHouse.run(change(database))
    const fault = await preflight(clickHouse.admin, [events], settings, idle()).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(fault).toMatchObject({ code: 'TARGET_MISCONFIGURED' })
    return (fault as Error).message.replaceAll(database, 'DB')
  }

  test('passes a migrated database', async () => {
    const { settings } = await clickHouse.makeDatabase([events])
    const { tables, warnings } = await preflight(clickHouse.admin, [events], settings, idle())
    expect([...tables.keys()]).toEqual(['events', '_reloads'])
    expect(warnings).toEqual([])
  })

  test.each([
    ['a missing table', 'DROP TABLE DB.events', 'run CREATE TABLE IF NOT EXISTS `DB`.`events`'],
    ['no table of reloads', 'DROP TABLE DB._reloads', 'table _reloads is missing'],
    [
      'a missing column',
      'ALTER TABLE DB.events DROP COLUMN done',
      'run ALTER TABLE `DB`.`events` ADD COLUMN IF NOT EXISTS `done` Nullable(Bool)',
    ],
    [
      'a small window',
      'ALTER TABLE DB.events MODIFY SETTING non_replicated_deduplication_window = 100',
      'run ALTER TABLE `DB`.`events` MODIFY SETTING non_replicated_deduplication_window = 10000',
    ],
    [
      'no window of its own',
      'ALTER TABLE DB.events RESET SETTING non_replicated_deduplication_window',
      'non_replicated_deduplication_window of events is 0',
    ],
    [
      'a column of another type',
      'ALTER TABLE DB.events MODIFY COLUMN score Nullable(String)',
      'column score of events is Nullable(String), must be Nullable(Float64)',
    ],
    [
      'a materialized view whose table has no window',
      'CREATE MATERIALIZED VIEW DB.copy ENGINE = MergeTree ORDER BY n AS SELECT name AS n FROM DB.events',
      '(through DB.copy); run ALTER TABLE',
    ],
  ])('refuses %s and says what to run', async (_, change, advice) => {
    expect(await refusalOf((database) => change.replaceAll('DB', database))).toContain(advice)
  })

  test.each([
    [
      'days as partitions',
      'ENGINE = MergeTree PARTITION BY toYYYYMMDD(timestamp) ORDER BY tuple()',
      'partitioned by toYYYYMMDD(timestamp)',
    ],
    [
      'a key that equal rows share',
      'ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY name',
      'lacks _source, _version, _record, _part',
    ],
    ['an engine without tokens', 'ENGINE = Memory', 'is a Memory'],
  ])('refuses %s', async (_, engineOf, reason) => {
    const { database, settings } = await clickHouse.makeDatabase([events])
    await clickHouse.run(`CREATE TABLE ${database}.other AS ${database}.events ${engineOf}`)
    await expect(
      preflight(clickHouse.admin, [{ ...events, name: 'other' }], settings, idle()),
    ).rejects.toThrow(reason)
  })

  test('warns of a table that a power cut can rob', async () => {
    const { database, settings } = await clickHouse.makeDatabase([events])
    await clickHouse.run(`ALTER TABLE ${database}.events RESET SETTING fsync_after_insert`)
    const { warnings } = await preflight(clickHouse.admin, [events], settings, idle())
    expect(warnings.join()).toContain('fsync_after_insert is 0')
  })
})
