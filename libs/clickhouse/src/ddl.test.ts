import { lineageColumns, reloadsTable } from '@silversmith/core'
import type { Table } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { createTable, sortingKeyOf } from './ddl.ts'
import { grantsFor } from './grants.ts'
import { namesOf, tablesOf } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'
import { viewsOf } from './view.ts'

const settings: ClickHouseSettings = {
  url: 'http://h',
  database: 'silver',
  insertTimeoutMs: 1000,
  connectTimeoutMs: 5_000,
  settings: {},
  engine: 'ReplacingMergeTree',
  deduplicationWindow: 100_000,
}

const column = (name: string, type: Table['columns'][number]['type'], nullable = false) => ({
  name,
  type,
  nullable,
  description: `it's ${name}`,
})

const table: Table = {
  name: 'events',
  description: 'Events',
  columns: [
    column('timestamp', 'timestamp'),
    column('kind', 'category'),
    column('user', 'category', true),
    column('name', 'text', true),
    column('extra', 'json'),
    column('n', 'uint32'),
    column('id', 'uint64', true),
    column('delta', 'int64'),
    column('score', 'float64', true),
    column('ok', 'boolean'),
  ],
  orderBy: ['kind', 'timestamp'],
  indexes: [{ column: 'id', type: 'minmax', granularity: 2 }],
  views: [{ name: 'events_all', description: 'All', select: 'SELECT kind FROM {table}' }],
}

test('a table may keep its rows for some days only', () => {
  const ddl = (retentionDays: number) =>
    createTable({ ...table, retentionDays }, settings, 'events')
  expect(ddl(400)).toContain('\nTTL toDate32(timestamp) + toIntervalDay(400)\nSETTINGS ')
  for (const days of [0, -1, 1.5, 40_000, NaN]) expect(() => ddl(days)).toThrow(/from 1 to 36525/)
})

describe('CREATE TABLE', () => {
  const ddl = createTable(table, settings, 'events')

  test.each([
    "`timestamp` DateTime64(6, 'UTC') COMMENT 'it\\'s timestamp'",
    '`kind` LowCardinality(String)',
    '`user` LowCardinality(Nullable(String))',
    '`name` Nullable(String)',
    '`extra` String',
    '`n` UInt32',
    '`id` Nullable(UInt64)',
    '`delta` Int64',
    '`score` Nullable(Float64)',
    '`ok` Bool',
    'INDEX `id_index` `id` TYPE minmax GRANULARITY 2',
    'INDEX `_chunk_index` `_chunk`',
    'ENGINE = ReplacingMergeTree',
    'PARTITION BY toYYYYMM(timestamp)',
    'ORDER BY (`kind`, `timestamp`, `_source`, `_version`, `_record`, `_part`, `_generation`)',
    'non_replicated_deduplication_window = 100000',
    'fsync_after_insert = 1, fsync_part_directory = 1',
    "COMMENT 'Events'",
  ])('has %s', (part) => {
    expect(ddl).toContain(part)
  })

  test('has every lineage column', () => {
    for (const { name } of lineageColumns) expect(ddl).toContain(`\n  \`${name}\` `)
  })

  test('replicated tables keep their tokens for a week and need no fsync', () => {
    const replicated = createTable(
      table,
      { ...settings, engine: 'ReplicatedReplacingMergeTree', cluster: 'c1' },
      'events',
    )
    expect(replicated).toContain('ON CLUSTER `c1`')
    expect(replicated).toContain('ENGINE = ReplicatedReplacingMergeTree\n')
    expect(replicated).toContain(
      'replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800',
    )
    expect(replicated).not.toContain('fsync')
  })

  test('a nullable key column is allowed only where there is one', () => {
    expect(ddl).not.toContain('allow_nullable_key')
    expect(createTable({ ...table, orderBy: ['user'] }, settings, 'e')).toContain(
      'allow_nullable_key = 1',
    )
  })

  test('a table without a timestamp is refused', () => {
    expect(() => createTable({ ...table, columns: [] }, settings, 'e')).toThrow(/timestamp/)
  })

  test('identity columns named in orderBy are not repeated', () => {
    expect(sortingKeyOf({ ...table, orderBy: ['_source', 'kind'] })).toEqual([
      'kind',
      '_source',
      '_version',
      '_record',
      '_part',
      '_generation',
    ])
  })
})

describe('names', () => {
  test('CLICKHOUSE_TABLE renames the only table, not _reloads', () => {
    expect(Object.fromEntries(namesOf([table], { table: 'raw' }))).toEqual({
      events: 'raw',
      _reloads: '_reloads',
    })
  })

  test('CLICKHOUSE_TABLE renames no table that is filled beside another, and takes no name of one', () => {
    const beside = { ...table, name: 'events_beside', beside: table.name }
    const renamed = (name: string) => namesOf([table, beside], { ...settings, table: name })
    expect([...renamed('raw')]).toEqual([
      ['events', 'raw'],
      ['events_beside', 'events_beside'],
      ['_reloads', '_reloads'],
    ])
    expect(() => renamed('events_beside')).toThrow('the name of another table of the pipeline')
  })

  test('CLICKHOUSE_TABLE is refused where several tables could be meant', () => {
    expect(() => namesOf([table, { ...table, name: 'other' }], { table: 'raw' })).toThrow(
      /events, other/,
    )
  })

  test('a pipeline has tables of every dataset, and only those of its routes when one is renamed', () => {
    const datasets = ['events', 'bills'].map((name) => ({ name, tables: [{ ...table, name }] }))
    const routes = [{ prefix: '', suffixes: [], dataset: 'bills' }]
    const namesWith = (renamed: { readonly table?: string }) =>
      tablesOf(datasets, routes, renamed).map(({ name }) => name)
    expect(namesWith({})).toEqual(['events', 'bills'])
    expect(namesWith({ table: 'raw' })).toEqual(['bills'])
  })

  test('views read the renamed table and look up reloads by the dataset’s name', () => {
    const [current, all] = viewsOf(table, settings, 'raw')
    expect(current?.name).toBe('raw_current')
    expect(current?.statement).toContain('FROM `silver`.`raw`')
    expect(current?.statement).toContain("table_name = 'events'")
    expect(all?.statement).toContain('SELECT kind FROM `silver`.`raw_current`')
    expect(viewsOf(reloadsTable, settings, '_reloads')).toEqual([])
  })
})

test('grants let a writer insert, look for its chunks and be checked, and read nothing else', () => {
  expect(grantsFor('writer', 'writer', settings, ['events'])).toEqual([
    'GRANT INSERT ON `silver`.`events` TO `writer`',
    'GRANT SELECT(_chunk, timestamp) ON `silver`.`events` TO `writer`',
    'GRANT SHOW TABLES, SHOW COLUMNS ON `silver`.* TO `writer`',
    'GRANT SELECT ON system.tables TO `writer`',
    'GRANT SELECT ON system.columns TO `writer`',
    'GRANT SELECT ON system.settings TO `writer`',
    'GRANT SELECT ON system.merge_tree_settings TO `writer`',
    'GRANT SELECT ON system.disks TO `writer`',
  ])
})

test('grants let an inspector count rows by their identity, and an operator mend them', () => {
  expect(grantsFor('inspector', 'i', settings, ['events'])).toEqual([
    'GRANT SELECT(_chunk, timestamp, _source, _version, _record, _part) ON `silver`.`events` TO `i`',
  ])
  expect(grantsFor('operator', 'o', settings, ['events']).slice(0, 2)).toEqual([
    'GRANT INSERT, ALTER DELETE ON `silver`.`events` TO `o`',
    'GRANT SELECT ON `silver`.`events` TO `o`',
  ])
})
