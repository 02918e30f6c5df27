import type { Connection } from './connection.ts'
import { quoteText } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

export interface ExistingColumn {
  readonly name: string
  readonly type: string
  readonly comment: string
}

export interface ExistingTable {
  readonly name: string
  readonly engine: string
  readonly partitionKey: string
  readonly sortingKey: string
  /** Settings the table was given; those it was not follow the server. */
  readonly settings: Readonly<Record<string, string>>
  readonly comment: string
  readonly ttl?: string
  readonly columns: readonly ExistingColumn[]
  /** Materialized views fed by it: `[database, name]`. */
  readonly feeds: readonly (readonly [string, string])[]
  /** For a materialized view: where it writes. */
  readonly writesTo?: readonly [string, string]
}

/** What a server has of a database. */
export interface Existing {
  /** Of the server's own default, e.g. when a table does not set its window. */
  readonly defaults: Readonly<Record<string, string>>
  readonly tables: ReadonlyMap<string, ExistingTable>
}

interface TableRow {
  readonly database: string
  readonly name: string
  readonly uuid: string
  readonly engine: string
  readonly partition_key: string
  readonly sorting_key: string
  readonly engine_full: string
  readonly create_table_query: string
  readonly comment: string
  readonly dependencies_database: readonly string[]
  readonly dependencies_table: readonly string[]
}

/** Key of `Existing.tables`. */
export const tableKey = (database: string, name: string): string => JSON.stringify([database, name])

/**
 * Reads these tables of the database, what they feed, and what that writes to, as far as the user may see them. Faults as
 * of `Connection.query`.
 */
export const readExisting = async (
  connection: Connection,
  { database }: Pick<ClickHouseSettings, 'database'>,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Existing> => {
  const [own, columns, defaults] = await Promise.all([
    readTables(
      connection,
      names.map((name) => [database, name]),
      signal,
    ),
    readColumns(connection, database, names, signal),
    readDefaults(connection, signal),
  ])
  const views = await readTables(connection, own.flatMap(feedsOf), signal)
  const targets = await readTables(
    connection,
    views.map(writesToOf).filter((target) => target !== undefined),
    signal,
  )
  const tables = [...own, ...views, ...targets].map((row): [string, ExistingTable] => [
    tableKey(row.database, row.name),
    tableOf(row, row.database === database ? columns.filter((c) => c.table === row.name) : []),
  ])
  return {
    defaults: Object.fromEntries(defaults.map(({ name, value }) => [name, value])),
    tables: new Map(tables),
  }
}

/** What INSERTs into a table rest on and a statement can change: columns, settings, views it feeds. Equal or not, no more. */
export type Fingerprint = string

export const fingerprintOf = ({
  columns,
  settings,
  feeds,
}: Pick<ExistingTable, 'columns' | 'settings' | 'feeds'>): Fingerprint =>
  JSON.stringify([
    columns.map(({ name, type }) => [name, type]),
    Object.entries(settings).sort(),
    feeds.map((view) => JSON.stringify(view)).sort(),
  ])

/** The fingerprint of a table as it is now, by one question; undefined: there is no such table. Faults as of `Connection.query`. */
export const readFingerprint = async (
  connection: Connection,
  { database }: Pick<ClickHouseSettings, 'database'>,
  name: string,
  signal: AbortSignal,
): Promise<Fingerprint | undefined> => {
  const [row] = await connection.query<
    Pick<TableRow, 'engine_full' | 'dependencies_database' | 'dependencies_table'> & {
      readonly columns: readonly QualifiedName[]
    }
  >(
    {
      statement:
        'SELECT engine_full, dependencies_database, dependencies_table, (SELECT groupArray([name, type]) FROM ' +
        '(SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {name:String} ORDER BY position)) AS columns ' +
        'FROM system.tables WHERE database = {database:String} AND name = {name:String}',
      parameters: { database, name },
      what: `asking whether ${name} has changed`,
    },
    signal,
  )
  return (
    row &&
    fingerprintOf({
      columns: row.columns.map(([column, type]) => ({ name: column, type, comment: '' })),
      settings: settingsOf(row.engine_full),
      feeds: feedsOf(row),
    })
  )
}

const readColumns = (
  connection: Connection,
  database: string,
  names: readonly string[],
  signal: AbortSignal,
) =>
  connection.query<ExistingColumn & { readonly table: string }>(
    {
      statement:
        'SELECT table, name, type, comment FROM system.columns WHERE database = {database:String} AND table IN {names:Array(String)} ORDER BY table, position',
      parameters: { database, names },
      what: `reading the columns in ${database}`,
    },
    signal,
  )

const readDefaults = (connection: Connection, signal: AbortSignal) =>
  connection.query<{ readonly name: string; readonly value: string }>(
    {
      statement:
        "SELECT name, value FROM system.merge_tree_settings WHERE name LIKE '%deduplication_window%' OR name LIKE 'fsync%' OR name LIKE 'min_free_disk%'",
      what: 'reading the defaults of MergeTree',
    },
    signal,
  )

type QualifiedName = readonly [string, string]

const readTables = async (
  connection: Connection,
  wanted: readonly QualifiedName[],
  signal: AbortSignal,
): Promise<readonly TableRow[]> => {
  if (wanted.length === 0) return []
  const pairs = wanted.map(([database, name]) => `(${quoteText(database)}, ${quoteText(name)})`)
  return connection.query<TableRow>(
    {
      statement:
        'SELECT database, name, toString(uuid) AS uuid, engine, partition_key, sorting_key, engine_full, create_table_query, comment, dependencies_database, dependencies_table ' +
        `FROM system.tables WHERE (database, name) IN (${pairs.join(', ')})`,
      what: 'reading the tables',
    },
    signal,
  )
}

const feedsOf = (
  row: Pick<TableRow, 'dependencies_database' | 'dependencies_table'>,
): readonly QualifiedName[] =>
  row.dependencies_table.map((name, index) => [row.dependencies_database[index] ?? '', name])

/** `TO database.table`, or the hidden table ClickHouse keeps for a view without one. */
const writesToOf = (row: TableRow): QualifiedName | undefined => {
  if (row.engine !== 'MaterializedView') return undefined
  const name = '(`(?:[^`\\\\]|\\\\.)+`|\\w+)'
  const to = new RegExp(
    `^CREATE MATERIALIZED VIEW \\S+ (?:UUID '[^']+' )?TO ${name}\\.${name}`,
  ).exec(row.create_table_query)
  if (to?.[1] && to[2]) return [unquote(to[1]), unquote(to[2])]
  return [row.database, `.inner_id.${row.uuid}`]
}

const unquote = (name: string): string => name.replace(/^`|`$/g, '').replace(/\\(.)/g, '$1')

const tableOf = (row: TableRow, columns: readonly ExistingColumn[]): ExistingTable => {
  const writesTo = writesToOf(row)
  const [, ttl] = / TTL (.+?)(?: SETTINGS .+)?$/s.exec(row.engine_full) ?? []
  return {
    name: row.name,
    engine: row.engine,
    partitionKey: row.partition_key,
    sortingKey: row.sorting_key,
    settings: settingsOf(row.engine_full),
    comment: row.comment,
    ...(ttl !== undefined && { ttl }),
    columns: columns.map(({ name, type, comment }) => ({ name, type, comment })),
    feeds: feedsOf(row),
    ...(writesTo && { writesTo }),
  }
}

const settingsOf = (engineFull: string): Readonly<Record<string, string>> => {
  const [, list = ''] = / SETTINGS (.+)$/s.exec(engineFull) ?? []
  return Object.fromEntries(
    [...list.matchAll(/(\w+) = ('(?:[^'\\]|\\.)*'|[^,\s]+)/g)].map(([, name, value]) => [
      name ?? '',
      (value ?? '').replace(/^'|'$/g, ''),
    ]),
  )
}
