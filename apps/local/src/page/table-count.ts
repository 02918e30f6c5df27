import { namesOf, qualify, quoteName } from '@silversmith/clickhouse'
import type { Table } from '@silversmith/core'
import type { Warehouse } from '../warehouse.ts'

/** Table → rows, of the tables that have any. */
export type TableCounts = Readonly<Record<string, number>>

/** Counts rows where they lie. ClickHouse knows the number without reading them. */
export const countTables = async (
  { connection, settings }: Warehouse,
  tables: readonly Table[],
  signal: AbortSignal,
): Promise<TableCounts> => {
  const names = [...new Set(namesOf(tables, settings).values())]
  const counts = names.map(
    (name, at) =>
      `(SELECT count() FROM ${qualify(settings.database, name)}) AS ${quoteName(`t${at}`)}`,
  )
  const statement = `SELECT ${counts.join(', ')}`
  const [found = {}] = await connection.query<Readonly<Record<string, unknown>>>(
    { statement, what: 'counting rows for the page' },
    signal,
  )
  return Object.fromEntries(
    names.flatMap((name, at) => {
      const rows = Number(found[`t${at}`])
      return rows > 0 ? [[name, rows] as const] : []
    }),
  )
}
