import { Fault, columnsOf, rowIdentity } from '@silversmith/core'
import type { Column, Table } from '@silversmith/core'
import { clickHouseType } from './column-type.ts'
import { qualify, quoteName, quoteText } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

/** The column whose month is the partition. Throws SETTINGS_INVALID when the table has no `timestamp` of that kind. */
export const timeColumnOf = (table: Table): Column => {
  const column = table.columns.find(({ name }) => name === 'timestamp')
  if (column?.type !== 'timestamp' || column.nullable)
    throw new Fault(
      'SETTINGS_INVALID',
      `Table ${table.name} needs a column \`timestamp\` of type timestamp that is not nullable: it decides the partition`,
    )
  return column
}

export const partitionKeyOf = (table: Table): string => `toYYYYMM(${timeColumnOf(table).name})`

/**
 * ORDER BY: what queries ask for, then what makes a row one row, its generation among it: merges never take the rows of a
 * generation away while the views still show it.
 */
export const sortingKeyOf = (table: Table): readonly string[] => {
  const row: readonly string[] = [...rowIdentity, '_generation']
  return [...table.orderBy.filter((name) => !row.includes(name)), ...row]
}

export const onCluster = ({ cluster }: ClickHouseSettings): string =>
  cluster ? ` ON CLUSTER ${quoteName(cluster)}` : ''

export const createDatabase = (settings: ClickHouseSettings): string =>
  `CREATE DATABASE IF NOT EXISTS ${quoteName(settings.database)}${onCluster(settings)}`

export const describeColumn = (column: Column): string =>
  `${quoteName(column.name)} ${clickHouseType(column)} COMMENT ${quoteText(column.description)}`

export interface SkipIndex {
  readonly name: string
  readonly definition: string
}

/** Rows of one chunk lie together until merges mix them; the filter then spares most granules of a month. */
const chunkIndex: SkipIndex = {
  name: '_chunk_index',
  definition: '`_chunk_index` `_chunk` TYPE bloom_filter(0.001) GRANULARITY 4',
}

export const indexesOf = (table: Table): readonly SkipIndex[] => [
  ...table.indexes.map(({ column, type, granularity }) => {
    const name = `${column}_index`
    return {
      name,
      definition: `${quoteName(name)} ${quoteName(column)} TYPE ${type} GRANULARITY ${granularity}`,
    }
  }),
  chunkIndex,
]

/** Seconds a replicated table remembers a token; ClickHouse's default fell from a week to an hour in 25.10. */
export const replicatedWindowSeconds = 604_800

const engineOf = ({ engine }: ClickHouseSettings): string =>
  // ClickHouse Cloud makes it a SharedReplacingMergeTree by itself and fills in the paths.
  engine === 'SharedReplacingMergeTree' ? 'ReplacingMergeTree' : engine

/** Table settings delivery rests on, by engine. */
export const tableSettingsOf = (
  settings: Pick<ClickHouseSettings, 'engine' | 'deduplicationWindow'>,
): Readonly<Record<string, number>> =>
  settings.engine === 'ReplacingMergeTree'
    ? {
        non_replicated_deduplication_window: settings.deduplicationWindow,
        // Without replicas the disk is all there is: an acknowledged row survives a power cut.
        fsync_after_insert: 1,
        fsync_part_directory: 1,
      }
    : {
        replicated_deduplication_window: settings.deduplicationWindow,
        replicated_deduplication_window_seconds: replicatedWindowSeconds,
      }

/** As `system.tables` writes it; undefined: rows are kept for ever. Throws SETTINGS_INVALID for what is no number of days. */
export const ttlOf = ({ name, retentionDays }: Table): string | undefined => {
  if (retentionDays === undefined) return undefined
  if (!Number.isInteger(retentionDays) || retentionDays < 1 || retentionDays > retentionDaysMax)
    throw new Fault(
      'SETTINGS_INVALID',
      `Table ${name}: retentionDays must be a whole number from 1 to ${retentionDaysMax}`,
    )
  return `toDate32(timestamp) + toIntervalDay(${retentionDays})`
}

/** A TTL that `ttlOf` may have made. */
export const isOurTtl = (ttl: string): boolean =>
  /^toDate32\(timestamp\) \+ toIntervalDay\(\d+\)$/.test(ttl)

/** A hundred years. */
const retentionDaysMax = 36_525

export const createTable = (table: Table, settings: ClickHouseSettings, name: string): string => {
  const columns = columnsOf(table)
  const key = sortingKeyOf(table)
  const nullableKey = columns.some((column) => column.nullable && key.includes(column.name))
  const ttl = ttlOf(table)
  const tableSettings = {
    ...tableSettingsOf(settings),
    ...(nullableKey && { allow_nullable_key: 1 }),
  }
  const lines = [
    ...columns.map(describeColumn),
    ...indexesOf(table).map(({ definition }) => `INDEX ${definition}`),
  ]
  return [
    `CREATE TABLE IF NOT EXISTS ${qualify(settings.database, name)}${onCluster(settings)}`,
    `(\n${lines.map((line) => `  ${line}`).join(',\n')}\n)`,
    `ENGINE = ${engineOf(settings)}`,
    `PARTITION BY ${partitionKeyOf(table)}`,
    `ORDER BY (${key.map(quoteName).join(', ')})`,
    ...(ttl === undefined ? [] : [`TTL ${ttl}`]),
    `SETTINGS ${Object.entries(tableSettings)
      .map(([setting, value]) => `${setting} = ${value}`)
      .join(', ')}`,
    `COMMENT ${quoteText(table.description)}`,
  ].join('\n')
}
