import { type ErasedRecord, type ErasedRow, type Eraser } from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'
import type { Engine, StoredRow } from './engine.ts'

export interface MemoryEraserOptions {
  /** Of the target on the same engine. */
  readonly name: string
  readonly engine: Pick<Engine, 'removeRows' | 'rows'>
}

const recordOf = (row: StoredRow): ErasedRecord => ({
  source: String(row['_source']),
  version: String(row['_version']),
  record: Number(row['_record']),
  line: typeof row['_line'] === 'bigint' ? Number(row['_line']) : null,
})

const nameOf = ({ source, version, record }: Omit<ErasedRecord, 'line'>): string =>
  JSON.stringify([source, version, record])

/** Erases from the engine model. */
export const createMemoryEraser = ({ name, engine }: MemoryEraserOptions): Eraser => ({
  name,
  find: async (table, { column, value }, limit, signal) => {
    refuseAborted(signal)
    const rows = engine.rows(table).filter((row) => String(row[column]) === value)
    const records = new Map(rows.map((row) => [nameOf(recordOf(row)), recordOf(row)]))
    return [...records.values()].slice(0, limit)
  },
  locate: async (table, records, signal) => {
    refuseAborted(signal)
    const names = new Set(records.map(nameOf))
    return engine.rows(table).flatMap((row): ErasedRow[] => {
      const { source, version, record } = recordOf(row)
      if (!names.has(nameOf({ source, version, record }))) return []
      const day = new Date(Number(row['timestamp']) / 1000).toISOString().slice(0, 10)
      const chunk = String(row['_chunk'])
      return [{ source, version, record, part: Number(row['_part']), chunk, day, place: '' }]
    })
  },
  erase: async (table, rows, signal) => {
    refuseAborted(signal)
    const names = new Set(rows.map(nameOf))
    engine.removeRows(table, (row) => names.has(nameOf(recordOf(row))))
  },
  copiesOf: () => Promise.resolve([]),
})
