import { Fault, columnsOf, isFault, tokenOf } from '@silversmith/core'
import type { Table } from '@silversmith/core'
import type { Connection } from './connection.ts'
import { countChunk } from './chunk-count.ts'
import { clickHouseType } from './column-type.ts'
import { onCluster } from './ddl.ts'
import { readExisting, tableKey } from './existing.ts'
import type { Existing, ExistingTable } from './existing.ts'
import { insert } from './insert.ts'
import { layoutSettings, missingSettings, pinnedSettings } from './layout.ts'
import { planMigration } from './migrate.ts'
import { namesOf, qualify, quoteName, quoteText, withReloads } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'
import { versionProblem } from './version.ts'
import { viewProblemsOf } from './window.ts'

/** What a server was found to be. Take it again after some minutes: tables change. */
export interface Preflight {
  readonly version: string
  /** Pinned settings this server knows. */
  readonly pinned: Readonly<Record<string, string>>
  /** What the tables are, by the names ClickHouse has for them. */
  readonly tables: ReadonlyMap<string, ExistingTable>
  /** What does not stop INSERTs but weakens a promise. */
  readonly warnings: readonly string[]
}

/**
 * Asks whether this server takes exactly-once INSERTs into these tables (and `_reloads`) with these settings as this user;
 * changes nothing.
 *
 * Throws TARGET_MISCONFIGURED naming every problem with the statement that ends it; SETTINGS_INVALID; TARGET_DENIED; TARGET_FORBIDDEN;
 * TARGET_UNAVAILABLE when the server cannot be asked.
 */
export const preflight = async (
  connection: Connection,
  tables: readonly Table[],
  settings: ClickHouseSettings,
  signal: AbortSignal,
): Promise<Preflight> => {
  const names = namesOf(tables, settings)
  const { version, known } = await readServer(connection, signal)
  const existing = await readExisting(connection, settings, [...names.values()], signal)
  const found = [...names.values()].flatMap(
    (name) => existing.tables.get(tableKey(settings.database, name)) ?? [],
  )
  const problems = [
    ...problemsOfServer(version, known, existing),
    ...problemsOfTables(tables, settings, existing),
    ...found.flatMap((table) => viewProblemsOf(table, existing, settings, onCluster(settings))),
  ]
  if (problems.length > 0) throw refusal(settings, problems)
  const pinned = pinnedSettings(known)
  for (const table of withReloads(tables))
    await rehearse(connection, table, names.get(table.name) ?? table.name, settings, pinned, signal)
  return {
    version,
    pinned,
    tables: new Map(found.map((table) => [table.name, table])),
    warnings: found
      .filter(
        ({ engine, settings: own }) =>
          !/^(Replicated|Shared)/.test(engine) &&
          Number(own['fsync_after_insert'] ?? existing.defaults['fsync_after_insert'] ?? 0) === 0,
      )
      .map(
        ({ name }) =>
          `${name} has no replicas and fsync_after_insert is 0: a power cut may lose acknowledged rows; ` +
          `run ALTER TABLE ${qualify(settings.database, name)} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1`,
      ),
  }
}

/** What the server says of itself. Faults as of `Connection.query`. */
export const readServer = async (connection: Connection, signal: AbortSignal) => {
  const [server] = await connection.query<{ version: string }>(
    { statement: 'SELECT version() AS version', what: 'asking for the version' },
    signal,
  )
  const rows = await connection.query<{ name: string }>(
    {
      statement: 'SELECT name FROM system.settings WHERE name IN {names:Array(String)}',
      parameters: { names: layoutSettings },
      what: 'asking which settings the server knows',
    },
    signal,
  )
  return { version: server?.version ?? '', known: new Set(rows.map(({ name }) => name)) }
}

export const problemsOfServer = (
  version: string,
  known: ReadonlySet<string>,
  existing: Existing,
): readonly string[] => {
  const replicated = [...existing.tables.values()].some(({ engine }) => /^Replicated/.test(engine))
  const problem = versionProblem(version, replicated)
  const missing = missingSettings(known)
  return [
    ...(problem ? [problem] : []),
    ...(missing.length > 0
      ? [`ClickHouse ${version} does not know ${missing.join(', ')}, which is pinned; upgrade it`]
      : []),
  ]
}

const problemsOfTables = (
  tables: readonly Table[],
  settings: ClickHouseSettings,
  existing: Existing,
): readonly string[] => {
  const { steps, differences } = planMigration(tables, settings, {
    existing,
    databaseExists: true,
    indexes: undefined,
  })
  return [
    ...steps
      .filter(({ required }) => required)
      .map(({ why, statement }) => `${why}; run ${statement}`),
    ...differences,
  ]
}

const refusal = (settings: ClickHouseSettings, problems: readonly string[]): Fault =>
  new Fault(
    'TARGET_MISCONFIGURED',
    `Database ${settings.database} is not ready. Run the migration, or what each line says; batches wait.\n` +
      problems.map((problem) => `- ${problem}`).join('\n'),
  )

/**
 * An INSERT of no rows and an existence check of no chunk, exactly as the real ones are sent: grants, columns and settings
 * the user may not change come to light before a batch depends on them.
 */
export const rehearse = async (
  connection: Connection,
  table: Table,
  name: string,
  settings: ClickHouseSettings,
  pinned: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> => {
  const columns = columnsOf(table)
  const values = columns.map(
    (column) => `defaultValueOfTypeName(${quoteText(clickHouseType(column))})`,
  )
  const target = qualify(settings.database, name)
  const token = tokenOf('preflight', 0)
  try {
    await insert(
      settings,
      {
        statement: `INSERT INTO ${target} (${columns.map((c) => quoteName(c.name)).join(', ')}) SELECT ${values.join(', ')} WHERE 0`,
        token,
        comment: 'silversmith preflight',
        pinned,
        what: `the rehearsal of an INSERT into ${name}`,
      },
      signal,
    )
    await countChunk(connection, settings, name, { token, month: '1970-01' }, signal)
  } catch (error) {
    if (isFault(error, 'TARGET_DENIED', 'TARGET_FORBIDDEN'))
      throw new Fault(
        error.code,
        `${error.message} The user needs INSERT and SELECT(_chunk, timestamp) on ${target}, and must be allowed to change settings (readonly = 0).`,
        { cause: error },
      )
    throw error
  }
}
