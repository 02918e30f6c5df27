import { qualify } from '@silversmith/clickhouse'
import type { SealedBatch } from './history.ts'
import { batchOfChunk, listOf, querySizeMax } from './warehouse-figures.ts'
import type { Warehouse } from '../warehouse.ts'

/** Rows of a table that another state loaded from the very objects this one loaded: they are there once more. */
export interface ForeignRows {
  readonly rows: number
  readonly objects: number
  /** The table as a statement names it. */
  readonly table: string
}

/** Months in which a table has rows of these batches: equal rows have equal months, so that no other is looked at. */
const monthsOf = (history: readonly SealedBatch[], table: string): readonly string[] => [
  ...new Set(
    history
      .flatMap(({ manifest }) => manifest.chunks)
      .filter((chunk) => chunk.table === table)
      .map(({ month }) => month.replace('-', '')),
  ),
]

/** Undefined: there are none. @throws Fault */
export const countForeignRows = async (
  { connection, settings }: Warehouse,
  table: { readonly name: string; readonly stored: string },
  history: readonly SealedBatch[],
  signal: AbortSignal,
): Promise<ForeignRows | undefined> => {
  const months = monthsOf(history, table.name)
  if (months.length === 0) return undefined
  const source = qualify(settings.database, table.stored)
  const mine = listOf(history.map(({ batch }) => batch.id))
  const inMonths = `toYYYYMM(timestamp) IN (${months.join(', ')})`
  const statement = `SELECT count() AS rows, uniqExact(_source, _version) AS objects FROM ${source}
    WHERE ${inMonths} AND ${batchOfChunk} NOT IN ${mine} AND (_source, _version) IN (
      SELECT _source, _version FROM ${source} WHERE ${inMonths} AND ${batchOfChunk} IN ${mine})`
  const [found] = await connection.query<Readonly<Record<'rows' | 'objects', unknown>>>(
    {
      statement,
      settings: { max_query_size: querySizeMax },
      what: `looking for rows of other states in ${table.name}`,
    },
    signal,
  )
  const rows = Number(found?.rows)
  return rows === 0 ? undefined : { rows, objects: Number(found?.objects), table: source }
}
