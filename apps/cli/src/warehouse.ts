import { createConnection, parseClickHouseSettings } from '@silversmith/clickhouse'
import type { ClickHouseSettings, Connection } from '@silversmith/clickhouse'
import { findKeptStack } from './kept-stack.ts'
import { UsageError } from './usage-error.ts'

export interface Warehouse {
  readonly settings: ClickHouseSettings
  readonly connection: Connection
}

const defaultDatabase = 'default'

const openWith = (environment: Readonly<Record<string, string | undefined>>): Warehouse => {
  const parsed = parseClickHouseSettings({ CLICKHOUSE_DATABASE: defaultDatabase, ...environment })
  if ('problems' in parsed) throw new UsageError(parsed.problems.join('\n'))
  return { settings: parsed.settings, connection: createConnection(parsed.settings) }
}

/** The server the environment names. Undefined: it names none. @throws UsageError for settings that cannot be. */
export const openNamedWarehouse = (environment: NodeJS.ProcessEnv): Warehouse | undefined =>
  environment['CLICKHOUSE_URL'] || environment['CLICKHOUSE_HOST']
    ? openWith(environment)
    : undefined

/** The server the environment names, else that of a local stack that runs in `dir`. Undefined: there is neither. */
export const findWarehouse = async (
  environment: NodeJS.ProcessEnv,
  dir: string,
): Promise<Warehouse | undefined> => {
  const named = openNamedWarehouse(environment)
  if (named) return named
  const kept = await findKeptStack(dir)
  if (!kept?.clickhouse) return undefined
  return openWith({
    CLICKHOUSE_URL: kept.clickhouse.url,
    CLICKHOUSE_DATABASE: kept.clickhouse.database,
  })
}
