import { type Check, checksOf, reloadsTable, rowIdentity, type Table } from '@silversmith/core'
import type { Connection } from '../connection.ts'
import { onCluster } from '../ddl.ts'
import { exceptionCodeOf } from '../exception.ts'
import { type Existing, readExisting, tableKey } from '../existing.ts'
import { grantsFor, type Role } from '../grants.ts'
import { pinnedSettings } from '../layout.ts'
import { planMigration } from '../migrate.ts'
import { namesOf, qualify, quoteName, withReloads } from '../name.ts'
import { problemsOfServer, readServer, rehearse } from '../preflight.ts'
import type { ClickHouseSettings } from '../settings.ts'
import { viewProblemsOf } from '../window.ts'
import { checkDisks } from './disk-check.ts'
import { type Asked, checkOfRefusal } from './refusal.ts'

/** `writer` rehearses an INSERT; the others only ask. */
export type CheckedRole = Exclude<Role, 'operator'>

interface Room {
  readonly connection: Connection
  readonly settings: ClickHouseSettings
  readonly role: CheckedRole
  readonly signal: AbortSignal
}

/** Tables, their columns and windows, and what the user may do with them; of a writer also the disks. */
export const checkTables = async (
  room: Room,
  tables: readonly Table[],
): Promise<readonly Check[]> => {
  const { connection, settings, role, signal } = room
  const names = namesOf(tables, settings)
  const all = withReloads(tables)
  if (role === 'inspector')
    return onceEach(await checkAll(all, (table) => checkReading(room, table, names)))
  const server = checksOf('clickhouse', new URL(settings.url).origin)
  const whole: Asked = { ...askedOf(room, []), what: 'the questions that come before INSERTs' }
  let known: Awaited<ReturnType<typeof readServer>>
  let existing: Existing
  try {
    known = await readServer(connection, signal)
    existing = await readExisting(connection, settings, [...names.values()], signal)
  } catch (error) {
    return [checkOfRefusal(server, error, whole)]
  }
  const pinned = pinnedSettings(known.known)
  const tableChecks = await checkAll(all, (table) =>
    checkWriting(room, table, names, existing, pinned),
  )
  const database = tableChecks.find(({ name }) => name === settings.database)
  return [
    ...problemsOfServer(known.version, known.known, existing).map((problem) =>
      server.wrong(problem, 'upgrade it'),
    ),
    ...(database ? [database] : onceEach(tableChecks)),
    ...(await checkDisks(connection, settings, existing, signal)),
  ]
}

/** Tables looked at a time. */
const tablesAtOnceMax = 4

const checkAll = async (
  tables: readonly Table[],
  check: (table: Table) => Promise<readonly Check[]>,
): Promise<readonly Check[]> => {
  const found: Check[] = []
  for (let at = 0; at < tables.length; at += tablesAtOnceMax) {
    const some = await Promise.all(tables.slice(at, at + tablesAtOnceMax).map(check))
    found.push(...some.flat())
  }
  return found
}

/** What is said of the server is the same for each table. */
const onceEach = (checks: readonly Check[]): readonly Check[] => [
  ...new Map(checks.map((check) => [JSON.stringify(check), check])).values(),
]

type Names = ReadonlyMap<string, string>

/** For a fix: grants on these tables, or those on the server's own. */
const askedOf = ({ settings, role }: Room, names: readonly string[]): Asked => {
  const user = settings.user ?? 'default'
  const grants = grantsFor(role, user, settings, names)
  const isOfTable = (grant: string): boolean =>
    names.some((name) => grant.includes(quoteName(name)))
  return {
    ...{ what: '', user, origin: new URL(settings.url).origin },
    grants: names.length > 0 ? grants.filter(isOfTable) : grants,
  }
}

const checkWriting = async (
  room: Room,
  table: Table,
  names: Names,
  existing: Existing,
  pinned: Readonly<Record<string, string>>,
): Promise<readonly Check[]> => {
  const { connection, settings, signal } = room
  const name = names.get(table.name) ?? table.name
  const found = existing.tables.get(tableKey(settings.database, name))
  if (!found) return [await tellAbsent(room, name)]
  const check = checksOf('clickhouse', `${settings.database}.${name}`)
  const { steps, differences } = planMigration([table], settings, {
    ...{ existing, databaseExists: true, indexes: undefined },
  })
  // `_reloads` is planned with every table, and told of once.
  const own = table === reloadsTable ? steps : steps.filter((step) => !isOfReloads(step.why))
  const problems = [
    ...own
      .filter(({ required }) => required)
      .map(({ why, statement }) => check.wrong(why, `run silversmith migrate, or ${statement}`)),
    ...differences
      .filter((difference) => table === reloadsTable || !isOfReloads(difference))
      .map((difference) =>
        check.wrong(difference, 'no statement mends that: move its rows into a table made anew'),
      ),
    ...viewProblemsOf(found, existing, settings, onCluster(settings)).map((problem) =>
      check.wrong(problem, 'run what the line says'),
    ),
  ]
  if (problems.length > 0) return problems
  try {
    await rehearse(connection, table, name, settings, pinned, signal)
    return [check.ok('takes INSERTs, and remembers their tokens long enough')]
  } catch (error) {
    const asked = { ...askedOf(room, [name]), what: `an INSERT into ${settings.database}.${name}` }
    return [checkOfRefusal(check, error, asked)]
  }
}

const isOfReloads = (text: string): boolean => new RegExp(`\\b${reloadsTable.name}\\b`).test(text)

/** It is not there, or this user does not see it: only a question to it tells. */
const tellAbsent = async (room: Room, name: string): Promise<Check> => {
  const { connection, settings, signal } = room
  const table = `${settings.database}.${name}`
  const check = checksOf('clickhouse', table)
  const migrate = 'run silversmith migrate; with --plan it only prints what it would do'
  const asked = { ...askedOf(room, [name]), what: `a question to ${table}` }
  const statement = `SELECT 1 FROM ${qualify(settings.database, name)} WHERE 0`
  try {
    await connection.query({ statement, what: `looking for ${table}` }, signal)
  } catch (error) {
    const code = exceptionCodeOf(error)
    if (code === 81)
      return checksOf('clickhouse', settings.database).wrong(
        `there is no database ${settings.database}`,
        `correct CLICKHOUSE_DATABASE, or ${migrate}`,
      )
    if (code === 60) return check.wrong(`there is no table ${table}`, migrate)
    return checkOfRefusal(check, error, asked)
  }
  return check.wrong(
    `user ${asked.user} does not see that ${table} is there: a grant is missing`,
    `run GRANT SHOW TABLES, SHOW COLUMNS ON ${quoteName(settings.database)}.* TO ${quoteName(asked.user)}`,
  )
}

/** The columns that reconcile counts by. */
const checkReading = async (room: Room, table: Table, names: Names): Promise<readonly Check[]> => {
  const { connection, settings, signal } = room
  const name = names.get(table.name) ?? table.name
  const check = checksOf('clickhouse', `${settings.database}.${name}`)
  const columns = ['_chunk', 'timestamp', ...rowIdentity].map(quoteName).join(', ')
  const statement = `SELECT ${columns} FROM ${qualify(settings.database, name)} WHERE 0`
  try {
    await connection.query({ statement, what: `a question to ${name}` }, signal)
    return [check.ok('can be counted')]
  } catch (error) {
    const code = exceptionCodeOf(error)
    if (code === 60 || code === 81) return [await tellAbsent(room, name)]
    const asked = { ...askedOf(room, [name]), what: `a question to ${settings.database}.${name}` }
    return [checkOfRefusal(check, error, asked)]
  }
}
