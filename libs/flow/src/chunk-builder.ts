import {
  type Chunk,
  type Clock,
  type Column,
  columnsOf,
  type DayPayload,
  type Limits,
  type Payload,
  type Row,
  type Store,
  type Table,
  tokenOf,
  type Value,
} from '@silversmith/core'
import { dayOf, hashOf, stagingPrefixOf } from './manifest.ts'
import { type Call, mapConcurrently, persist } from './patience.ts'

/** Rows of one table → the bytes of one Parquet file with one block. Pure. */
export type Encode = (columns: readonly Column[], rows: readonly Row[]) => Promise<Uint8Array>

/** Which payloads the pipeline's targets ask for. */
export interface PayloadKinds {
  /** One file of all rows, for ClickHouse. */
  readonly block: boolean
  /** A file per UTC day, for silver. */
  readonly days: boolean
}

export interface ChunkBuilderOptions {
  readonly batch: string
  /** Counts the passes over the batch's sources; a repeated pass stages under new keys. */
  readonly attempt: number
  readonly tables: readonly Table[]
  readonly kinds: PayloadKinds
  readonly limits: Limits
  readonly encode: Encode
  readonly store: Store
  readonly clock: Clock
  readonly call: Call
}

/** What the row's object and record add to it; `_chunk` is the builder's own. */
export interface Lineage {
  readonly source: string
  readonly version: string
  readonly record: number
  readonly part: number
  readonly line: number | null
  readonly generation: number
  readonly objectTimeMicros: number
  readonly loadedAtMicros: number
  readonly datasetVersion: number
}

interface OpenChunk {
  readonly n: number
  readonly table: Table
  readonly month: string
  readonly days: Map<string, Row[]>
  rows: number
  bytes: number
}

const perValueBytes = 9

/** Files staged at a time. */
const stagesMax = 8

/** Decoded size of a row as ClickHouse would hold it, roughly: texts by length, the rest by eight bytes. */
const sizeOf = (row: Row): number => {
  let bytes = 0
  for (const value of row)
    bytes += typeof value === 'string' ? value.length + perValueBytes : perValueBytes
  return bytes
}

/**
 * Gathers the rows of a batch by table and month, and stages each chunk as it closes: at its row or byte limit, when all open
 * chunks together hold too much (the largest goes first), or at the end.
 */
export const createChunkBuilder = (options: ChunkBuilderOptions) => {
  const { batch, limits } = options
  const tables = new Map(options.tables.map((table) => [table.name, table]))
  const open = new Map<string, OpenChunk>()
  const closed: Chunk[] = []
  const full = new Set<OpenChunk>()
  let openBytes = 0
  let next = 0
  // A chunk holds rows of many sources: one that could not be staged fails the batch, whoever happened to close it.
  let failure: { readonly error: unknown } | undefined

  const openChunk = (table: string, month: string): OpenChunk => {
    const name = `${table}/${month}`
    const found = open.get(name)
    if (found) return found
    const definition = tables.get(table)
    if (!definition)
      throw new Error(`a dataset made a row for table ${table}, which it does not define`)
    const chunk = { n: next++, table: definition, month, days: new Map(), rows: 0, bytes: 0 }
    open.set(name, chunk)
    return chunk
  }

  /** Bounded by the limits as long as `settle` is awaited after each record. */
  const addRow = (table: string, timeMicros: number, values: Row, lineage: Lineage): void => {
    const day = dayOf(timeMicros / 1000)
    const chunk = openChunk(table, day.slice(0, 7))
    const own: Value[] = [
      lineage.source,
      lineage.version,
      lineage.record,
      lineage.part,
      lineage.line,
      tokenOf(batch, chunk.n),
      lineage.generation,
      lineage.objectTimeMicros,
      lineage.loadedAtMicros,
      lineage.datasetVersion,
    ]
    const row = [...values, ...own]
    const rows = chunk.days.get(day)
    if (rows) rows.push(row)
    else chunk.days.set(day, [row])
    const bytes = sizeOf(row)
    chunk.rows += 1
    chunk.bytes += bytes
    openBytes += bytes
    if (chunk.rows >= limits.chunkRowsMax || chunk.bytes >= limits.chunkBytesMax) full.add(chunk)
  }

  const stage = async (name: string, rows: readonly Row[], table: Table): Promise<Payload> => {
    const bytes = await options.encode(columnsOf(table), rows)
    const key = `${stagingPrefixOf(batch)}${options.attempt}-${name}.parquet`
    const sha256 = hashOf(bytes)
    const file = { sha256, contentType: 'application/vnd.apache.parquet' }
    await persist(options.clock, options.call, () =>
      options.store.write(key, bytes, file, options.call.signal),
    )
    return { key, sha256, sizeBytes: bytes.length, rows: rows.length }
  }

  const closeChunk = async (chunk: OpenChunk): Promise<void> => {
    try {
      await stageChunk(chunk)
    } catch (error) {
      failure ??= { error }
      throw error
    }
  }

  const stageChunk = async (chunk: OpenChunk): Promise<void> => {
    open.delete(`${chunk.table.name}/${chunk.month}`)
    full.delete(chunk)
    openBytes -= chunk.bytes
    const { n, table, month, rows } = chunk
    const slices = [...chunk.days].sort(([a], [b]) => (a < b ? -1 : 1))
    const isOneDay = slices.length === 1
    // Rows of a single day are one file for both targets.
    const block =
      options.kinds.block || isOneDay
        ? await stage(String(n), isOneDay ? slices[0]![1] : slices.flatMap(([, own]) => own), table)
        : undefined
    const days = options.kinds.days
      ? await mapConcurrently(slices, stagesMax, async ([day, own]): Promise<DayPayload> => {
          const payload = isOneDay && block ? block : await stage(`${n}-${day}`, own, table)
          return { ...payload, day }
        })
      : undefined
    closed.push({
      ...{ n, table: table.name, month, rows, columns: columnsOf(table).map(({ name }) => name) },
      ...(block && options.kinds.block && { block }),
      ...(days && { days }),
    })
  }

  /** Closes what is over a limit. Awaited by whoever adds rows, so that reading waits for staging. */
  const settle = async (): Promise<void> => {
    for (;;) {
      const [due = isCrowded() ? largest() : undefined] = full
      if (!due) return
      await closeChunk(due)
    }
  }

  const isCrowded = (): boolean =>
    openBytes >= limits.openBytesMax || open.size > limits.openBuildersMax

  const largest = (): OpenChunk | undefined =>
    [...open.values()].reduce<OpenChunk | undefined>(
      (most, chunk) => (!most || chunk.bytes > most.bytes ? chunk : most),
      undefined,
    )

  /** True while the batch may take further sources. */
  const hasRoom = (): boolean => next < limits.batchChunksMax

  /** Closes all; the chunks of the batch in the order of their numbers. */
  const finish = async (): Promise<readonly Chunk[]> => {
    if (failure) throw failure.error
    await mapConcurrently([...open.values()], stagesMax, closeChunk)
    return closed.toSorted((a, b) => a.n - b.n)
  }

  /** Set once a chunk could not be staged: the pass is lost, and not by the source that was being read. */
  const brokenBy = (): { readonly error: unknown } | undefined => failure

  return { addRow, settle, hasRoom, finish, brokenBy }
}

export type ChunkBuilder = ReturnType<typeof createChunkBuilder>
