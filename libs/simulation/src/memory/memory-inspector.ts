import { type Inspector, rowIdentity, tokenOf } from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'
import type { Engine, StoredRow } from './engine.ts'

export interface MemoryInspectorOptions {
  /** Of the target on the same engine. */
  readonly name: string
  readonly engine: Pick<Engine, 'rows'>
}

const tokenOfRow = (row: StoredRow): string => String(row['_chunk'])

/** Looks at the rows of the engine model, duplicates and all. */
export const createMemoryInspector = ({ name, engine }: MemoryInspectorOptions): Inspector => ({
  name,
  inspect: async (batch, chunks, signal) => {
    refuseAborted(signal)
    return chunks.map(({ table, n }) => {
      const rows = engine.rows(table).filter((row) => tokenOfRow(row) === tokenOf(batch, n))
      const identities = rows.map((row) =>
        JSON.stringify(rowIdentity.map((one) => String(row[one]))),
      )
      return { rows: rows.length, distinct: new Set(identities).size }
    })
  },
  listTokens: async (table, from, limit, signal) => {
    refuseAborted(signal)
    const tokens = [...new Set(engine.rows(table).map(tokenOfRow))].sort()
    return tokens.filter((token) => from === undefined || token > from).slice(0, limit)
  },
})
