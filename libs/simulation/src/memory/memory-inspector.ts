import {
  expiredRowsOf,
  type Inspector,
  isRowFrom,
  keptSince,
  rowIdentity,
  type Table,
  tokenOf,
} from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'
import type { Engine, StoredRow } from './engine.ts'

export interface MemoryInspectorOptions {
  /** Of the target on the same engine. */
  readonly name: string
  readonly engine: Pick<Engine, 'rows'>
  /** Tables that do not keep their rows for ever are looked for here; `now` is epoch ms. */
  readonly retention?: {
    readonly tables: readonly Pick<Table, 'name' | 'retentionDays'>[]
    readonly now: () => number
  }
}

const tokenOfRow = (row: StoredRow): string => String(row['_chunk'])

const countIdentities = (rows: readonly StoredRow[]): number =>
  new Set(rows.map((row) => JSON.stringify(rowIdentity.map((one) => String(row[one]))))).size

/** Looks at the rows of the engine model, duplicates and all. */
export const createMemoryInspector = ({
  name,
  engine,
  retention: { tables, now } = { tables: [], now: () => 0 },
}: MemoryInspectorOptions): Inspector => ({
  name,
  inspect: async (batch, chunks, signal, origin) => {
    refuseAborted(signal)
    return chunks.map((chunk) => {
      const { table, n } = chunk
      const rows = engine
        .rows(table)
        .filter(
          (row) => tokenOfRow(row) === tokenOf(batch, n) && (!origin || isRowFrom(row, origin)),
        )
      const own = tables.find((one) => one.name === table)
      const since = keptSince(own, now())
      const isOld = (row: StoredRow): boolean =>
        since !== undefined && Number(row['timestamp']) / 1000 < since
      const held = { rows: rows.length, distinct: countIdentities(rows) }
      if (origin) return held
      const there = chunk.days ? countIdentities(rows.filter(isOld)) : held.distinct
      const expired = expiredRowsOf(chunk, since) - there
      return expired > 0 ? { ...held, expired } : held
    })
  },
  listTokens: async (table, from, limit, signal) => {
    refuseAborted(signal)
    const tokens = [...new Set(engine.rows(table).map(tokenOfRow))].sort()
    return tokens.filter((token) => from === undefined || token > from).slice(0, limit)
  },
})
