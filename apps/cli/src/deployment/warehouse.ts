import { createConnection, parseClickHouseSettings } from '@silversmith/clickhouse'
import type { ClickHouseSettings, Connection } from '@silversmith/clickhouse'
import { defaultDir } from '../command.ts'
import { settingsOfStack } from './deployment.ts'
import { findKeptStack } from './kept-stack.ts'
import { UsageError } from '../usage-error.ts'

export interface Warehouse {
  readonly settings: ClickHouseSettings
  readonly connection: Connection
}

const defaultDatabase = 'default'

type Environment = Readonly<Record<string, string | undefined>>

const settingsOf = (environment: Environment): ClickHouseSettings => {
  const parsed = parseClickHouseSettings({ CLICKHOUSE_DATABASE: defaultDatabase, ...environment })
  if ('problems' in parsed) throw new UsageError(parsed.problems.join('\n'))
  return parsed.settings
}

/** The server the environment names. Undefined: it names none. @throws UsageError for settings that cannot be. */
const findNamedServer = (environment: NodeJS.ProcessEnv): ClickHouseSettings | undefined =>
  environment['CLICKHOUSE_URL'] || environment['CLICKHOUSE_HOST']
    ? settingsOf(environment)
    : undefined

/** The server the environment names, to be changed. Undefined: it names none. @throws UsageError */
export const openNamedWarehouse = (environment: NodeJS.ProcessEnv): Warehouse | undefined => {
  const settings = findNamedServer(environment)
  return settings && { settings, connection: createConnection(settings) }
}

/**
 * The server of the local stack in `dir` where one is asked for; else the one the environment names, else that of the local
 * stack in the usual place. Undefined: there is none.
 * @throws UsageError
 */
export const findServer = async (
  environment: NodeJS.ProcessEnv,
  dir: string | undefined,
): Promise<ClickHouseSettings | undefined> => {
  const named = dir === undefined ? findNamedServer(environment) : undefined
  if (named) return named
  const kept = await findKeptStack(dir ?? defaultDir)
  if (!kept?.clickhouse) return undefined
  return settingsOf(settingsOfStack(kept, environment))
}
