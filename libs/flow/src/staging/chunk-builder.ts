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
  type TableRow,
  tokenOf,
} from '@silversmith/core'
import type { ParquetEncoder, ParquetRows, RowGroup } from '@silversmith/parquet'
import { dayOf, hashOf, stagingPrefixOf } from '../manifest.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'

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
  readonly encoder: ParquetEncoder
  readonly store: Store
  readonly clock: Clock
  readonly call: Call
}

/** Lineage that all rows of a source share; `_chunk` is the builder's own. */
export interface Origin {
  readonly source: string
  readonly version: string
  readonly generation: number
  readonly objectTimeMicros: number
  readonly loadedAtMicros: number
  readonly datasetVersion: number
}

/** Where in its source a row comes from. */
export interface RowPlace {
  readonly record: number
  readonly part: number
  readonly line: number | null
}

interface OpenChunk {
  readonly n: number
  readonly token: string
  readonly table: OpenTable
  readonly month: string
  readonly days: Map<string, ParquetRows>
  rows: number
  /** As ClickHouse would hold them, roughly. */
  decodedBytes: number
  /** Memory of its rows. */
  heldBytes: number
}

/** A table and what is open of it. */
interface OpenTable {
  readonly name: string
  readonly columns: readonly Column[]
  readonly chunks: Map<string, OpenChunk>
  /** Days since the epoch → where their rows go. */
  readonly days: Map<number, OpenDay>
}

interface OpenDay {
  readonly chunk: OpenChunk
  readonly rows: ParquetRows
}

const dayMicros = 86_400_000_000
/** Files staged at a time. */
const stagesMax = 8

/**
 * Gathers the rows of a batch by table and month, and stages each chunk as it closes: at its row or byte limit, when all open
 * chunks together hold too much memory (the largest goes first), or at the end.
 */
export const createChunkBuilder = (options: ChunkBuilderOptions) => {
  const { batch, encoder, limits } = options
  const tables = new Map(options.tables.map((table) => [table.name, openTable(table)]))
  const open = new Set<OpenChunk>()
  const closed: Chunk[] = []
  const full = new Set<OpenChunk>()
  let heldBytes = 0
  let next = 0
  let closing: Promise<void> | undefined
  // A chunk holds rows of many sources: one that could not be staged fails the batch, whoever happened to close it.
  let failure: { readonly error: unknown } | undefined

  const openDay = (table: OpenTable, dayNumber: number): OpenDay => {
    const day = dayOf((dayNumber * dayMicros) / 1000)
    const chunk = table.chunks.get(day.slice(0, 7)) ?? openChunk(table, day.slice(0, 7))
    const rows = encoder.createRows(table.columns)
    const opened = { chunk, rows }
    chunk.days.set(day, rows)
    table.days.set(dayNumber, opened)
    return opened
  }

  const openChunk = (table: OpenTable, month: string): OpenChunk => {
    const n = next++
    const chunk: OpenChunk = {
      ...{ n, token: tokenOf(batch, n), table, month, days: new Map() },
      ...{ rows: 0, decodedBytes: 0, heldBytes: 0 },
    }
    table.chunks.set(month, chunk)
    open.add(chunk)
    return chunk
  }

  /** Bounded by the limits as long as `settle` is awaited whenever `isFull` after a record. */
  const addRow = (
    { table: name, timeMicros, values }: TableRow,
    origin: Origin,
    place: RowPlace,
  ): void => {
    const table = tables.get(name)
    if (!table) throw new Error(`a dataset made a row for table ${name}, which it does not define`)
    const dayNumber = Math.floor(timeMicros / dayMicros)
    const { chunk, rows } = table.days.get(dayNumber) ?? openDay(table, dayNumber)
    const own: Row = [
      origin.source,
      origin.version,
      place.record,
      place.part,
      place.line,
      chunk.token,
      origin.generation,
      origin.objectTimeMicros,
      origin.loadedAtMicros,
      origin.datasetVersion,
    ]
    const { heldBytes: heldBefore, decodedBytes: decodedBefore } = rows
    rows.add(values, own)
    const grown = rows.heldBytes - heldBefore
    heldBytes += grown
    chunk.heldBytes += grown
    chunk.rows += 1
    chunk.decodedBytes += rows.decodedBytes - decodedBefore
    if (chunk.rows >= limits.chunkRowsMax || chunk.decodedBytes >= limits.chunkBytesMax) {
      full.add(chunk)
    }
  }

  const stage = async (
    name: string,
    table: OpenTable,
    groups: readonly RowGroup[],
  ): Promise<Payload> => {
    const bytes = await encoder.join(table.columns, groups)
    const key = `${stagingPrefixOf(batch)}${options.attempt}-${name}.parquet`
    const sha256 = hashOf(bytes)
    const file = { sha256, contentType: 'application/vnd.apache.parquet' }
    await persist(options.clock, options.call, () =>
      options.store.write(key, bytes, file, options.call.signal),
    )
    return { key, sha256, sizeBytes: bytes.length, rows: countRows(groups) }
  }

  const closeChunk = async (chunk: OpenChunk): Promise<void> => {
    // Nothing may be added to it any more, though others go on reading.
    open.delete(chunk)
    full.delete(chunk)
    chunk.table.chunks.delete(chunk.month)
    for (const [day, { chunk: own }] of chunk.table.days)
      if (own === chunk) chunk.table.days.delete(day)
    try {
      closed.push(await stageChunk(chunk))
    } catch (error) {
      failure ??= { error }
      throw error
    } finally {
      heldBytes -= chunk.heldBytes
    }
  }

  const stageChunk = async ({ n, table, month, rows, days }: OpenChunk): Promise<Chunk> => {
    const slices = [...days]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([day, own]) => ({ day, groups: own.finish() }))
    const [first] = slices
    // Rows of a single day are one file for both targets.
    const isOneDay = slices.length === 1
    const all = isOneDay && first ? first.groups : slices.flatMap(({ groups }) => groups)
    const block = options.kinds.block || isOneDay ? await stage(String(n), table, all) : undefined
    const staged = options.kinds.days
      ? await mapConcurrently(slices, stagesMax, async ({ day, groups }): Promise<DayPayload> => {
          const payload = isOneDay && block ? block : await stage(`${n}-${day}`, table, groups)
          return { ...payload, day }
        })
      : undefined
    return {
      ...{ n, table: table.name, month, rows, columns: table.columns.map(({ name }) => name) },
      ...(block && options.kinds.block && { block }),
      ...(staged && { days: staged }),
    }
  }

  const isCrowded = (): boolean =>
    heldBytes >= limits.openBytesMax || open.size > limits.openBuildersMax

  /** Something is over a limit. */
  const isFull = (): boolean => full.size > 0 || isCrowded()

  /** Closes what is over a limit. Awaited by whoever adds rows, so that reading waits for staging. */
  const settle = async (): Promise<void> => {
    while (isFull()) {
      // One at a time: what is being staged is held in memory, too.
      if (!closing) {
        const [due = largest()] = full
        if (!due) return
        closing = closeChunk(due).finally(() => (closing = undefined))
      }
      await closing
    }
  }

  const largest = (): OpenChunk | undefined =>
    [...open].reduce<OpenChunk | undefined>(
      (most, chunk) => (!most || chunk.heldBytes > most.heldBytes ? chunk : most),
      undefined,
    )

  /** True while the batch may take further sources. */
  const hasRoom = (): boolean => next < limits.batchChunksMax

  /** Closes all; the chunks of the batch in the order of their numbers. */
  const finish = async (): Promise<readonly Chunk[]> => {
    if (failure) throw failure.error
    await mapConcurrently([...open], stagesMax, closeChunk)
    return closed.toSorted((a, b) => a.n - b.n)
  }

  /** Set once a chunk could not be staged: the pass is lost, and not by the source that was being read. */
  const brokenBy = (): { readonly error: unknown } | undefined => failure

  return { addRow, isFull, settle, hasRoom, finish, brokenBy }
}

export type ChunkBuilder = ReturnType<typeof createChunkBuilder>

const openTable = (table: Table): OpenTable => ({
  ...{ name: table.name, columns: columnsOf(table), chunks: new Map(), days: new Map() },
})

const countRows = (groups: readonly RowGroup[]): number =>
  groups.reduce((sum, { rows }) => sum + rows, 0)
