import type { Connection } from './connection.ts'
import { qualify } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

/** Rows of a chunk that are in a table. The month spares all other partitions, the skip index most of this one. */
export const countChunk = async (
  connection: Connection,
  { database }: Pick<ClickHouseSettings, 'database'>,
  name: string,
  { token, month }: { readonly token: string; readonly month: string },
  signal: AbortSignal,
): Promise<number> => {
  const [answer] = await connection.query<{ found: string | number }>(
    {
      statement:
        `SELECT count() AS found FROM ${qualify(database, name)} ` +
        "WHERE timestamp >= toDateTime64({start:String}, 6, 'UTC') AND timestamp < toDateTime64({end:String}, 6, 'UTC') " +
        'AND _chunk = {token:String}',
      parameters: { start: `${month}-01 00:00:00`, end: `${nextMonth(month)}-01 00:00:00`, token },
      // Replicas answer only when they have every acknowledged INSERT.
      settings: { select_sequential_consistency: '1' },
      what: `looking for chunk ${token} in ${name}`,
    },
    signal,
  )
  return Number(answer?.found ?? NaN)
}

export const nextMonth = (month: string): string => {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return number === 12
    ? `${String(year + 1).padStart(4, '0')}-01`
    : `${String(year).padStart(4, '0')}-${String(number + 1).padStart(2, '0')}`
}
