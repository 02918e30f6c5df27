import type { Answer } from './answer.ts'
import type { Command } from './command-line.ts'
import { layOutRows } from './row-layout.ts'
import type { Row } from './row-layout.ts'
import { UsageError } from './usage-error.ts'
import { findWarehouse } from './warehouse.ts'
import type { Warehouse } from './warehouse.ts'

/** What only reads. */
const reading = /^\s*(?:--[^\n]*\n\s*)*\(*\s*(?:select|with|show|describe|desc|explain|exists)\b/i

export const ask = async (
  { connection, settings }: Warehouse,
  statement: string,
  signal: AbortSignal,
): Promise<readonly Row[]> => {
  try {
    return await connection.query<Row>(
      { statement, settings: { database: settings.database }, what: 'the query' },
      signal,
    )
  } finally {
    await connection.close()
  }
}

export const runQuery = async (
  { statement, dir }: Extract<Command, { kind: 'query' }>,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Answer> => {
  if (!reading.test(statement))
    throw new UsageError('query only reads: SELECT, WITH, SHOW, DESCRIBE, EXPLAIN or EXISTS')
  const warehouse = await findWarehouse(environment, dir)
  if (!warehouse)
    throw new UsageError(
      `there is no ClickHouse to ask: no local stack with one runs in ${dir} (start it with npm start -- --keep), and CLICKHOUSE_URL is not set`,
    )
  const rows = await ask(warehouse, statement.replace(/;\s*$/, ''), signal)
  return { document: rows, text: layOutRows(rows), code: 0 }
}
