import { qualify } from '@silversmith/clickhouse'
import type { ClickHouseSettings, Connection } from '@silversmith/clickhouse'
import { events } from '../test-events.ts'
import type { Shot } from './volley.ts'

/** Time of each row that is there (epoch µs), by its ordinal; a row that is there twice has two. */
export type Arrival = ReadonlyMap<number, readonly number[]>

/** What is there of one INSERT, against what was sent, row by row. */
export interface Standing {
  readonly state: 'absent' | 'partly' | 'whole'
  /** Rows sent that are not there. */
  readonly lost: number
  /** Rows there beyond the first of each, and rows that were never sent. */
  readonly duplicated: number
  /** Months of which no row is there. */
  readonly absentMonths: number
  /** Months of which some rows are there and others not: no partition may be torn. */
  readonly tornMonths: number
}

/** All rows of these INSERTs. Faults as of `Connection.query`. */
export const readArrivals = async (
  connection: Connection,
  { database }: Pick<ClickHouseSettings, 'database'>,
  shots: readonly Shot[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Arrival>> => {
  const found = await connection.query<{
    token: string
    rows: readonly (readonly [record: string | number, micros: string | number])[]
  }>(
    {
      statement:
        'SELECT _chunk AS token, groupArray((_record, toUnixTimestamp64Micro(timestamp))) AS rows ' +
        `FROM ${qualify(database, events.name)} WHERE _chunk IN {tokens:Array(String)} GROUP BY _chunk`,
      parameters: { tokens: shots.map(({ token }) => token) },
      what: 'reading what is there',
    },
    signal,
  )
  const arrivals = new Map<string, Arrival>()
  for (const { token, rows } of found) {
    const arrival = new Map<number, number[]>()
    for (const [record, micros] of rows)
      arrival.set(Number(record), [...(arrival.get(Number(record)) ?? []), Number(micros)])
    arrivals.set(token, arrival)
  }
  return arrivals
}

const nothing: Arrival = new Map()

export const judge = ({ micros }: Pick<Shot, 'micros'>, arrival: Arrival = nothing): Standing => {
  const months = new Map<string, { sent: number; found: number }>()
  for (const [record, time] of micros.entries()) {
    const name = new Date(time / 1_000).toISOString().slice(0, 7)
    const month = months.get(name) ?? { sent: 0, found: 0 }
    months.set(name, month)
    month.sent += 1
    if (arrival.get(record)?.includes(time)) month.found += 1
  }
  const counts = [...months.values()]
  const found = counts.reduce((sum, month) => sum + month.found, 0)
  const there = [...arrival.values()].reduce((sum, copies) => sum + copies.length, 0)
  return {
    state: found === 0 ? 'absent' : found < micros.length ? 'partly' : 'whole',
    lost: micros.length - found,
    duplicated: there - found,
    absentMonths: counts.filter((month) => month.found === 0).length,
    tornMonths: counts.filter((month) => month.found > 0 && month.found < month.sent).length,
  }
}
