import {
  type Chunk,
  columnsOf,
  Fault,
  type Mender,
  type Row,
  rowIdentity,
  type Table,
  tokenOf,
} from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'
import type { Engine, StoredRow } from './engine.ts'

export interface MemoryMenderOptions {
  /** Of the target on the same engine. */
  readonly name: string
  readonly engine: Pick<Engine, 'insertBlock' | 'removeRows' | 'rows'>
  readonly tables: readonly Table[]
  readonly decode: (bytes: Uint8Array) => Promise<readonly StoredRow[]>
}

const dayOf = (row: StoredRow): string =>
  new Date(Number(row['timestamp']) / 1000).toISOString().slice(0, 10)

const identityOf = (row: StoredRow): string =>
  JSON.stringify(
    rowIdentity.map((name) => {
      const value = row[name]
      return typeof value === 'string' ? value : String(value).padStart(20, '0')
    }),
  )

/** Mends the engine model. A table's time is its column `timestamp`, as in ClickHouse. */
export const createMemoryMender = (options: MemoryMenderOptions): Mender => {
  const { name, engine, tables, decode } = options
  const isOf = (batch: string, { n }: Chunk) => {
    const token = tokenOf(batch, n)
    return (row: StoredRow): boolean => row['_chunk'] === token
  }
  return {
    name,
    clear: async (batch, chunk, signal) => {
      refuseAborted(signal)
      engine.removeRows(chunk.table, isOf(batch, chunk))
    },
    fill: async (_batch, chunk, { bytes, token }, signal) => {
      refuseAborted(signal)
      const rows = await decode(bytes)
      engine.insertBlock({ table: chunk.table, token, partition: chunk.month, rows })
    },
    readDay: async (batch, chunk, day, signal) => {
      refuseAborted(signal)
      const table = tables.find((one) => one.name === chunk.table)
      if (!table) throw new Fault('TARGET_MISCONFIGURED', `no table ${chunk.table}`)
      const columns = columnsOf(table)
      const found = engine.rows(chunk.table).filter(isOf(batch, chunk))
      const rows = found
        .filter((row) => dayOf(row) === day)
        .toSorted((a, b) => (identityOf(a) < identityOf(b) ? -1 : 1))
        .map((row) => columns.map((column) => row[column.name]) as Row)
      return { columns, rows }
    },
  }
}
