import type { ClickHouseSettings, Connection } from '@silversmith/clickhouse'
import {
  createConnection,
  migrate,
  parseClickHouseSettings,
  preflight,
} from '@silversmith/clickhouse'
import { isFault } from '@silversmith/core'
import type { Fault, Table } from '@silversmith/core'
import { join } from 'node:path'
import { startClickHouse } from './clickhouse/engine.ts'
import type { Closers } from './closers.ts'
import { UsageError } from './usage-error.ts'

/** The ClickHouse of a run. */
export interface Warehouse {
  readonly settings: ClickHouseSettings
  readonly connection: Connection
  /** True: ours, which ends with the run. */
  readonly embedded: boolean
  /** CLICKHOUSE_* for transform. */
  readonly environment: Readonly<Record<string, string>>
}

export interface WarehouseOptions {
  readonly dir: string
  readonly tables: readonly Table[]
  readonly environment: NodeJS.ProcessEnv
  /** Create or alter the tables of a server that is not ours. */
  readonly migrate: boolean
  readonly closers: Closers
  readonly signal: AbortSignal
}

export const namesServer = (environment: NodeJS.ProcessEnv): boolean =>
  Boolean(environment['CLICKHOUSE_URL'] ?? environment['CLICKHOUSE_HOST'])

const defaultDatabase = 'default'

/** CLICKHOUSE_* of the server that the person names. */
const givenOf = (environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> => {
  const given = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[0].startsWith('CLICKHOUSE_') && Boolean(entry[1]),
  )
  return { CLICKHOUSE_DATABASE: defaultDatabase, ...Object.fromEntries(given) }
}

/** Undefined: the embedded engine is used. @throws UsageError for settings that cannot be. */
export const namedServerOf = (
  environment: NodeJS.ProcessEnv,
): Pick<ClickHouseSettings, 'url' | 'database'> | undefined =>
  namesServer(environment) ? settingsOf(givenOf(environment)) : undefined

const settingsOf = (environment: Readonly<Record<string, string>>): ClickHouseSettings => {
  const parsed = parseClickHouseSettings(environment)
  if ('settings' in parsed) return parsed.settings
  throw new UsageError(parsed.problems.join('\n'))
}

const open = (
  environment: Readonly<Record<string, string>>,
  embedded: boolean,
  closers: Closers,
) => {
  const settings = settingsOf(environment)
  const connection = createConnection(settings)
  closers.add(() => connection.close())
  return { settings, connection, embedded, environment }
}

/** What a person at a terminal does about it: nothing is retried here, and whole statements would hide the message. */
const explain = ({ code, message }: Fault, migrated: boolean): string => {
  if (code === 'TARGET_UNAVAILABLE')
    return `${message}
Start that server, correct CLICKHOUSE_URL, or leave it out: then the embedded engine is used.`
  if (code !== 'TARGET_MISCONFIGURED' || migrated) return message
  const lines = message.split('\n').filter((line, at) => at === 0 || line.startsWith('- '))
  return `${lines.map((line) => line.replace(/; run CREATE .*$/, '')).join('\n')}
Run again with --migrate, which creates and alters its tables; npm run silversmith -- migrate --plan prints the statements.`
}

const openServer = async (options: WarehouseOptions): Promise<Warehouse> => {
  const warehouse = open(givenOf(options.environment), false, options.closers)
  const { connection, settings } = warehouse
  try {
    if (options.migrate) await migrate(connection, options.tables, settings, options.signal)
    await preflight(connection, options.tables, settings, options.signal)
  } catch (error) {
    if (!isFault(error)) throw error
    throw new UsageError(explain(error, options.migrate), { cause: error })
  }
  return warehouse
}

/**
 * The server the person names, which is only looked over unless `migrate` is asked for; else the embedded engine with its
 * tables made. @throws UsageError when it cannot be used.
 */
export const openWarehouse = async (options: WarehouseOptions): Promise<Warehouse> => {
  if (namesServer(options.environment)) return openServer(options)
  const engine = await startClickHouse({ dir: join(options.dir, 'clickhouse') }).catch(
    (error: unknown) => {
      throw isFault(error, 'SETTINGS_INVALID')
        ? new UsageError(error.message, { cause: error })
        : error
    },
  )
  options.closers.add(() => engine.close())
  const environment = { CLICKHOUSE_URL: engine.url, CLICKHOUSE_DATABASE: defaultDatabase }
  const warehouse = open(environment, true, options.closers)
  const { differences } = await migrate(
    warehouse.connection,
    options.tables,
    warehouse.settings,
    options.signal,
  )
  if (differences.length > 0)
    throw new UsageError(
      `${options.dir} was made by another release:\n${differences.join('\n')}\nUse another --dir.`,
    )
  return warehouse
}
