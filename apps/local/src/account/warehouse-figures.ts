import { namesOf, qualify } from '@silversmith/clickhouse'
import { rowIdentity } from '@silversmith/core'
import type { Table } from '@silversmith/core'
import { countForeignRows } from './foreign-rows.ts'
import type { ForeignRows } from './foreign-rows.ts'
import type { SealedBatch } from './history.ts'
import type { CountOptions, TableFigures, TargetFigures } from './silver-figures.ts'
import { hashColumn } from './silver-figures.ts'
import type { Warehouse } from '../warehouse.ts'

export interface WarehouseCount extends CountOptions {
  readonly tables: readonly Table[]
  /** Every sealed batch of the pipeline. On a server that is not ours, only their rows are ours. */
  readonly history: readonly SealedBatch[]
}

/** Room for a list of batches: 1.6 million. */
export const querySizeMax = String(50 * 1024 * 1024)
export const batchOfChunk = 'substring(_chunk, 1, 26)'

/** ULIDs need no quoting beyond quotes. */
export const listOf = (batches: Iterable<string>): string =>
  `(${[...batches].map((batch) => `'${batch}'`).join(', ') || "''"})`

type Counted = Readonly<Record<'rows' | 'distinct' | 'fresh' | 'hashes' | 'oldHashes', unknown>>

/** Counts rows and row identities in the tables themselves. */
export const countWarehouse = async (
  warehouse: Warehouse,
  options: WarehouseCount,
  signal: AbortSignal,
): Promise<TargetFigures> => {
  const { connection, settings, embedded } = warehouse
  const names = namesOf(options.tables, settings)
  const tables: Record<string, TableFigures> = {}
  const foreign: Record<string, ForeignRows> = {}
  let duplicates = 0
  for (const { name } of options.tables) {
    const stored = names.get(name) ?? name
    const isNew = `${batchOfChunk} IN ${listOf(options.batches)}`
    const hashes = options.hashed.has(name)
      ? `countIf(_part = 0 AND ${isNew}) AS fresh, uniqExactIf(${hashColumn}, _part = 0) AS hashes,
         uniqExactIf(${hashColumn}, _part = 0 AND NOT ${isNew}) AS oldHashes`
      : '0 AS fresh, 0 AS hashes, 0 AS oldHashes'
    const statement = `SELECT count() AS rows, uniqExact(${rowIdentity.join(', ')}) AS distinct, ${hashes}
      FROM ${qualify(settings.database, stored)}
      ${embedded ? '' : `WHERE ${batchOfChunk} IN ${listOf(options.history.map(({ batch }) => batch.id))}`}`
    const [found] = await connection.query<Counted>(
      { statement, settings: { max_query_size: querySizeMax }, what: `counting ${name}` },
      signal,
    )
    const rows = Number(found?.rows)
    if (rows > 0) tables[name] = { rows, distinct: Number(found?.distinct) }
    duplicates += Number(found?.fresh) - (Number(found?.hashes) - Number(found?.oldHashes))
    if (embedded) continue
    const others = await countForeignRows(warehouse, { name, stored }, options.history, signal)
    if (others) foreign[name] = others
  }
  return { tables, duplicates, ...(embedded ? {} : { foreign }) }
}
