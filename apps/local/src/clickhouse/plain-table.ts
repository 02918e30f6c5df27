import { qualify } from '@silversmith/clickhouse'
import type { ClickHouseSettings, Connection } from '@silversmith/clickhouse'
import type { Table } from '@silversmith/core'

/**
 * Makes a table that was just migrated anew, the same but for its engine: merges of a plain MergeTree drop no row, so that a
 * row that is there twice is seen twice.
 */
export const makePlain = async (
  connection: Connection,
  { database }: Pick<ClickHouseSettings, 'database'>,
  { name }: Pick<Table, 'name'>,
  signal: AbortSignal,
): Promise<void> => {
  const what = `making ${name} plain`
  const [found] = await connection.query<{ create_table_query: string }>(
    {
      statement:
        'SELECT create_table_query FROM system.tables WHERE database = {database:String} AND name = {name:String}',
      parameters: { database, name },
      what,
    },
    signal,
  )
  const statement = found?.create_table_query.replace(
    'ENGINE = ReplacingMergeTree',
    'ENGINE = MergeTree',
  )
  if (!statement?.includes('ENGINE = MergeTree')) throw new Error(`${name} is not as migrated`)
  await connection.command(`DROP TABLE ${qualify(database, name)} SYNC`, what, signal)
  await connection.command(statement, what, signal)
}
