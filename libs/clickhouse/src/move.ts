import { adoptedBatch, type Column, columnsOf, type Table } from '@silversmith/core'
import { clickHouseType } from './column-type.ts'
import type { Connection } from './connection.ts'
import { onCluster } from './ddl.ts'
import type { ExistingTable } from './existing.ts'
import { qualify, quoteName, quoteText } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

/** How the rows of another system's table come into the one of the dataset; a person runs it. */
export interface Move {
  readonly from: string
  readonly to: string
  /** Undefined: it is out of the way already. */
  readonly rename?: string
  /** For one month, `{month:UInt32}` is `YYYYMM`. May be repeated: what is there is left out. */
  readonly statement: string
  readonly months: readonly MonthRows[]
}

export interface MonthRows {
  /** `YYYYMM`, UTC. */
  readonly month: number
  readonly rows: number
}

/** Columns by which a table of oli-torus' xAPI ETL says what its rows are, and where from. */
const originColumns = ['event_hash', 'source_file', 'source_etag', 'source_line']

/** Such a table, and none of ours. */
export const isPredecessor = (found: Pick<ExistingTable, 'columns'>): boolean => {
  const names = found.columns.map(({ name }) => name)
  return originColumns.every((name) => names.includes(name)) && !names.includes('_source')
}

/** What such a table is renamed to. */
export const predecessorNameOf = (name: string): string => `${name}_before`

export const readMonths = (
  connection: Connection,
  { database }: Pick<ClickHouseSettings, 'database'>,
  name: string,
  signal: AbortSignal,
): Promise<readonly MonthRows[]> =>
  connection.query<MonthRows>(
    {
      statement: `SELECT toYYYYMM(timestamp, 'UTC') AS month, toUInt32(count()) AS rows FROM ${qualify(database, name)} GROUP BY month ORDER BY month`,
      what: `counting the rows of ${name} by month`,
    },
    signal,
  )

export const planMove = (
  table: Table,
  settings: ClickHouseSettings,
  { to, found, months }: { to: string; found: ExistingTable; months: readonly MonthRows[] },
): Move => {
  const from = predecessorNameOf(to)
  const place = (name: string): string => qualify(settings.database, name)
  return {
    ...{ from, to, months },
    ...(found.name !== from && {
      rename: `RENAME TABLE ${place(found.name)} TO ${place(from)}${onCluster(settings)}`,
    }),
    statement: statementOf(table, found, { old: place(from), own: place(to) }),
  }
}

/**
 * Rows that are not there yet, by object and hash of their line: of objects that are there no row is moved. Blocks that are like
 * earlier ones are inserted all the same: they may have been deleted since.
 */
const statementOf = (
  table: Table,
  found: ExistingTable,
  { old, own }: { readonly old: string; readonly own: string },
): string => {
  const columns = columnsOf(table)
  const isMerged = /Replacing\w*MergeTree$/.test(found.engine)
  return [
    `INSERT INTO ${own} (${columns.map(({ name }) => quoteName(name)).join(', ')})`,
    'SELECT',
    columns.map((column) => `  ${expressionOf(column, found)}`).join(',\n'),
    `FROM ${old}${isMerged ? ' FINAL' : ''}`,
    "WHERE toYYYYMM(timestamp, 'UTC') = {month:UInt32} AND source_file != '' AND source_line > 0",
    '  AND sipHash128(assumeNotNull(source_file), event_hash) NOT IN (',
    `    SELECT sipHash128(_source, event_hash) FROM ${own} WHERE toYYYYMM(timestamp) = {month:UInt32})`,
    'LIMIT 1 BY source_file, source_etag, source_line',
    'SETTINGS insert_deduplicate = 0',
  ].join('\n')
}

const lineage: Readonly<Record<string, string>> = {
  _source: 'assumeNotNull(source_file)',
  _version: "ifNull(source_etag, '')",
  _record: 'assumeNotNull(source_line) - 1',
  _chunk: `concat(${quoteText(`${adoptedBatch}#`)}, toString(toYYYYMM(timestamp, 'UTC')))`,
}

/** Times of the row are the only ones there are for its object. */
const timesOf: Readonly<Record<string, string>> = {
  _object_time: 'event_version',
  _loaded_at: 'inserted_at',
}

const expressionOf = (column: Column, { columns }: ExistingTable): string => {
  const type = clickHouseType(column)
  const cast = (value: string): string =>
    `CAST(${value}, ${quoteText(type)}) AS ${quoteName(column.name)}`
  const has = (name: string | undefined): boolean => columns.some((one) => one.name === name)
  const own = lineage[column.name]
  if (own !== undefined) return cast(own)
  const time = timesOf[column.name]
  if (time !== undefined) return cast(has(time) ? quoteName(time) : 'timestamp')
  if (has(column.name)) {
    const value = quoteName(column.name)
    return cast(column.nullable ? value : `ifNull(${value}, ${emptyOf(type)})`)
  }
  return cast(column.nullable ? 'NULL' : emptyOf(type))
}

const emptyOf = (type: string): string => `defaultValueOfTypeName(${quoteText(type)})`
