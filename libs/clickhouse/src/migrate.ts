import { clickHouseType } from './column-type.ts'
import { columnsOf } from '@silversmith/core'
import type { Table } from '@silversmith/core'
import type { Connection } from './connection.ts'
import {
  createDatabase,
  createTable,
  describeColumn,
  indexesOf,
  isOurTtl,
  onCluster,
  partitionKeyOf,
  sortingKeyOf,
  ttlOf,
} from './ddl.ts'
import { readExisting, tableKey } from './existing.ts'
import type { Existing, ExistingTable } from './existing.ts'
import {
  isPredecessor,
  type MonthRows,
  type Move,
  planMove,
  predecessorNameOf,
  readMonths,
} from './move.ts'
import { namesOf, qualify, quoteName, quoteText, withReloads } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'
import { viewsOf } from './view.ts'
import { smallWindowsOf } from './window.ts'

/** A change to be made. `required`: INSERTs are refused until it is. */
export interface MigrationStep {
  readonly statement: string
  readonly why: string
  readonly required: boolean
}

export interface Migration {
  readonly steps: readonly MigrationStep[]
  /** What is otherwise than it must be and no statement can change; a new table is needed. */
  readonly differences: readonly string[]
  /** For rows of another system; done by nobody but a person. */
  readonly moves: readonly Move[]
}

/** What there is, as far as a plan needs it. */
export interface Present {
  readonly existing: Existing
  readonly databaseExists: boolean
  /** Table → names of its skip indexes. Undefined: not looked up, indexes are left alone. */
  readonly indexes: ReadonlyMap<string, readonly string[]> | undefined
  /** Name of another system's table → its rows by month. */
  readonly months?: ReadonlyMap<string, readonly MonthRows[]>
}

/** Pure: what to run so that these tables (and `_reloads`) are as the datasets say. Empty steps: nothing to do. */
export const planMigration = (
  tables: readonly Table[],
  settings: ClickHouseSettings,
  present: Present,
): Migration => {
  const names = namesOf(tables, settings)
  const steps: MigrationStep[] = []
  const differences: string[] = []
  const moves: Move[] = []
  if (!present.databaseExists)
    steps.push({
      statement: createDatabase(settings),
      why: `database ${settings.database} is missing`,
      required: true,
    })
  const all = withReloads(tables)
  for (const table of all) {
    const name = names.get(table.name) ?? table.name
    const found = present.existing.tables.get(tableKey(settings.database, name))
    const older = predecessorOf(name, settings, present)
    if (older) {
      const months = present.months?.get(older.name) ?? []
      moves.push(planMove(table, settings, { to: name, found: older, months }))
    }
    if (older && older === found) {
      differences.push(
        `${name} is the table of another system, whose rows do not say which version of an object they are of: rename it; silversmith migrate --plan says how its rows move`,
      )
    } else if (found) {
      steps.push(...planChanges(table, settings, found, present))
      differences.push(...differencesOf(table, found))
    } else
      steps.push({
        statement: createTable(table, settings, name),
        why: `table ${name} is missing`,
        required: true,
      })
  }
  // Views last: they read the tables above.
  for (const table of all) {
    const name = names.get(table.name) ?? table.name
    if (predecessorOf(name, settings, present)?.name === name) continue
    for (const view of viewsOf(table, settings, name)) {
      const found = present.existing.tables.get(tableKey(settings.database, view.name))
      if (found?.comment === view.comment) continue
      if (found && found.engine !== 'View')
        differences.push(`${view.name} should be a view but is a ${found.engine}; rename it`)
      else
        steps.push({
          statement: view.statement,
          why: `view ${view.name} is ${found ? 'of an older definition' : 'missing'}`,
          required: false,
        })
    }
  }
  return { steps, differences, moves }
}

/** Another system's table that has the name of ours, or had it before it was renamed. */
const predecessorOf = (
  name: string,
  { database }: Pick<ClickHouseSettings, 'database'>,
  { existing }: Pick<Present, 'existing'>,
): ExistingTable | undefined =>
  [name, predecessorNameOf(name)]
    .map((one) => existing.tables.get(tableKey(database, one)))
    .find((found) => found !== undefined && isPredecessor(found))

const planChanges = (
  table: Table,
  settings: ClickHouseSettings,
  found: ExistingTable,
  present: Present,
): readonly MigrationStep[] => {
  const alter = `ALTER TABLE ${qualify(settings.database, found.name)}${onCluster(settings)}`
  const columns = new Map(found.columns.map((column) => [column.name, column]))
  const steps: MigrationStep[] = []
  let previous: string | undefined
  for (const column of columnsOf(table)) {
    const there = columns.get(column.name)
    const place = previous === undefined ? 'FIRST' : `AFTER ${quoteName(previous)}`
    previous = column.name
    if (!there)
      steps.push({
        statement: `${alter} ADD COLUMN IF NOT EXISTS ${describeColumn(column)} ${place}`,
        why: `column ${column.name} of ${found.name} is missing`,
        required: true,
      })
    else if (there.comment !== column.description)
      steps.push({
        statement: `${alter} COMMENT COLUMN ${quoteName(column.name)} ${quoteText(column.description)}`,
        why: `column ${column.name} of ${found.name} has an older description`,
        required: false,
      })
  }
  const ttl = ttlOf(table)
  if (ttl !== undefined && found.ttl !== ttl)
    steps.push({
      statement: `${alter} MODIFY TTL ${ttl}`,
      why: `${found.name} keeps rows ${found.ttl === undefined ? 'for ever' : `until ${found.ttl}`}, its dataset says ${table.retentionDays} days; all parts are looked through`,
      required: false,
    })
  else if (ttl === undefined && found.ttl !== undefined && isOurTtl(found.ttl))
    steps.push({
      statement: `${alter} REMOVE TTL`,
      why: `${found.name} keeps rows until ${found.ttl}, its dataset for ever`,
      required: false,
    })
  for (const small of smallWindowsOf(
    found,
    settings.database,
    present.existing,
    settings,
    onCluster(settings),
  ))
    steps.push({ statement: small.statement, why: small.reason, required: true })
  const indexes = present.indexes?.get(found.name) ?? (present.indexes ? [] : undefined)
  if (indexes)
    for (const { name, definition } of indexesOf(table))
      if (!indexes.includes(name))
        steps.push({
          statement: `${alter} ADD INDEX IF NOT EXISTS ${definition}`,
          why: `index ${name} of ${found.name} is missing`,
          required: false,
        })
  return steps
}

const differencesOf = (table: Table, found: ExistingTable): readonly string[] => {
  const differences: string[] = []
  if (!/MergeTree$/.test(found.engine))
    differences.push(
      `${found.name} is a ${found.engine}: only tables of the MergeTree family remember tokens`,
    )
  // A wider partition keeps a chunk whole as well; a finer one would split it, and half of it could be there.
  const wholeMonths = [partitionKeyOf(table), 'toYear(timestamp)', 'tuple()', '']
  if (!wholeMonths.includes(found.partitionKey))
    differences.push(
      `${found.name} is partitioned by ${found.partitionKey}, must be by ${partitionKeyOf(table)}: a chunk is one month and must land as one`,
    )
  differences.push(...keyDifferences(table, found))
  for (const column of columnsOf(table)) {
    const there = found.columns.find(({ name }) => name === column.name)
    const type = clickHouseType(column)
    if (there && plainType(there.type) !== plainType(type))
      differences.push(
        `column ${column.name} of ${found.name} is ${there.type}, must be ${type}: values would be changed`,
      )
  }
  return differences
}

/** A Replacing table merges rows of one key away, so the key must tell all rows apart. */
const keyDifferences = (table: Table, found: ExistingTable): readonly string[] => {
  if (!/(Replacing|Collapsing|Summing|Aggregating)MergeTree$/.test(found.engine)) return []
  const key = found.sortingKey.split(',').map((part) => part.trim().replaceAll('`', ''))
  const lacking = sortingKeyOf(table)
    .slice(-5)
    .filter((name) => !key.includes(name))
  return lacking.length === 0
    ? []
    : [
        `ORDER BY of ${found.name} lacks ${lacking.join(', ')}: merges would drop rows that are equal`,
      ]
}

/** LowCardinality is a way of storing, not of meaning. */
const plainType = (type: string): string => type.replace(/^LowCardinality\((.+)\)$/, '$1')

/** Looks up what a plan needs. Faults as of `Connection.query`. */
export const readPresent = async (
  connection: Connection,
  tables: readonly Table[],
  settings: ClickHouseSettings,
  signal: AbortSignal,
): Promise<Present> => {
  const names = namesOf(tables, settings)
  const tableNames = [...names.values()]
  const views = withReloads(tables).flatMap((table) =>
    viewsOf(table, settings, names.get(table.name) ?? table.name).map(({ name }) => name),
  )
  const databases = await connection.query<{ name: string }>(
    {
      statement: 'SELECT name FROM system.databases WHERE name = {database:String}',
      parameters: { database: settings.database },
      what: `looking for database ${settings.database}`,
    },
    signal,
  )
  const older = tableNames.map(predecessorNameOf)
  const asked = [...tableNames, ...views, ...older]
  const existing = await readExisting(connection, settings, asked, signal)
  const indexes = await connection.query<{ table: string; name: string }>(
    {
      statement:
        'SELECT table, name FROM system.data_skipping_indices WHERE database = {database:String} AND table IN {names:Array(String)}',
      parameters: { database: settings.database, names: tableNames },
      what: `reading the indexes in ${settings.database}`,
    },
    signal,
  )
  const months = new Map<string, readonly MonthRows[]>()
  for (const name of tableNames) {
    const found = predecessorOf(name, settings, { existing })
    if (found) months.set(found.name, await readMonths(connection, settings, found.name, signal))
  }
  return {
    existing,
    months,
    databaseExists: databases.length > 0,
    indexes: new Map(
      tableNames.map((table) => [
        table,
        indexes.filter((index) => index.table === table).map(({ name }) => name),
      ]),
    ),
  }
}

/**
 * Runs the plan, statement by statement, and returns what it ran. May be repeated: what is there is left. What it cannot
 * change is in `differences`, and nothing is done about it. Faults as of `Connection`.
 */
export const migrate = async (
  connection: Connection,
  tables: readonly Table[],
  settings: ClickHouseSettings,
  signal: AbortSignal,
): Promise<Migration> => {
  const plan = planMigration(
    tables,
    settings,
    await readPresent(connection, tables, settings, signal),
  )
  for (const { statement, why } of plan.steps)
    await connection.command(statement, `the migration (${why})`, signal)
  return plan
}
