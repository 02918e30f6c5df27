import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { defaultDir } from '../command.ts'
import { ask } from '../text/question.ts'
import { layOutRows } from '../text/row-layout.ts'
import { UsageError } from '../usage-error.ts'
import { findServer } from '../deployment/warehouse.ts'

/** What only reads. */
const reading = /^\s*(?:--[^\n]*\n\s*)*\(*\s*(?:select|with|show|describe|desc|explain|exists)\b/i

export const runQuery = async (
  { statement, dir }: CommandOf<'query'>,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Answer> => {
  if (!reading.test(statement))
    throw new UsageError('query only reads: SELECT, WITH, SHOW, DESCRIBE, EXPLAIN or EXISTS')
  const server = await findServer(environment, dir)
  if (!server)
    throw new UsageError(
      `there is no ClickHouse to ask: no local stack with one runs in ${dir ?? defaultDir} (start it with npm start -- --keep)${
        dir === undefined ? ', and CLICKHOUSE_URL is not set' : ''
      }`,
    )
  const rows = await ask(server, statement.replace(/;\s*$/, ''), signal)
  return { document: rows, text: layOutRows(rows), code: 0 }
}
