import {
  lineageColumns,
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
import { createGate } from '../reading/gate.ts'

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
  /** Their parts are days since the epoch. */
  readonly rows: ParquetRows
}

/** A table and what is open of it. */
interface OpenTable {
  readonly name: string
  readonly columns: readonly Column[]
  readonly chunks: Map<string, OpenChunk>
  /** Days since the epoch → where their rows go. */
  readonly days: Map<number, OpenChunk>
}

const dayMicros = 86_400_000_000

/** Share of the memory for open rows that chunks may hold that are closed at a time at the end. */
const closingShare = 1 / 8

/** Files staged at a time, of all chunks together. */
const stagesMax = 8

/**
 * Gathers the rows of a batch by table and month, and stages each chunk as it closes: at its row or byte limit, when all open
 * chunks together hold too much memory although packed (the largest goes first), or at the end.
 */
export const createChunkBuilder = (options: ChunkBuilderOptions) => {
  const { batch, encoder, limits } = options
  const tables = new Map(options.tables.map((table) => [table.name, openTable(table)]))
  const open = new Set<OpenChunk>()
  const closed: Chunk[] = []
  const full = new Set<OpenChunk>()
  const stages = createGate(stagesMax)
  let heldBytes = 0
  let next = 0
  let closing: Promise<void> | undefined
  // A chunk holds rows of many sources: one that could not be staged fails the batch, whoever happened to close it.
  let failure: { readonly error: unknown } | undefined

  const openDay = (table: OpenTable, dayNumber: number): OpenChunk => {
    const month = nameOfDay(dayNumber).slice(0, 7)
    const chunk = table.chunks.get(month) ?? openChunk(table, month)
    table.days.set(dayNumber, chunk)
    return chunk
  }

  const openChunk = (table: OpenTable, month: string): OpenChunk => {
    const n = next++
    const chunk: OpenChunk = {
      ...{ n, token: tokenOf(batch, n), table, month },
      rows: encoder.createRows(table.columns),
    }
    table.chunks.set(month, chunk)
    open.add(chunk)
    return chunk
  }

  /** Bounded by the limits as long as `settle` is awaited whenever `isFull` after a row. */
  const addRow = (
    { table: name, timeMicros, values }: TableRow,
    origin: Origin,
    place: RowPlace,
  ): void => {
    const table = tables.get(name)
    if (!table) throw new Error(`a dataset made a row for table ${name}, which it does not define`)
    const dayNumber = Math.floor(timeMicros / dayMicros)
    const chunk = table.days.get(dayNumber) ?? openDay(table, dayNumber)
    const { rows } = chunk
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
    const heldBefore = rows.heldBytes
    rows.add(values, own, dayNumber)
    heldBytes += rows.heldBytes - heldBefore
    if (rows.rows >= limits.chunkRowsMax || rows.decodedBytes >= limits.chunkBytesMax) {
      full.add(chunk)
    }
  }

  const stage = async (
    name: string,
    table: OpenTable,
    groups: readonly RowGroup[],
  ): Promise<Payload> => {
    const leave = await stages.enter()
    try {
      return await stageFile(name, table, groups)
    } finally {
      leave()
    }
  }

  const stageFile = async (
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
    for (const [day, own] of chunk.table.days) if (own === chunk) chunk.table.days.delete(day)
    const ownBytes = chunk.rows.heldBytes
    try {
      closed.push(await stageChunk(chunk))
    } catch (error) {
      failure ??= { error }
      throw error
    } finally {
      heldBytes -= ownBytes
    }
  }

  const stageChunk = async ({ n, table, month, rows }: OpenChunk): Promise<Chunk> => {
    const slices = [...rows.finish()]
      .sort(([a], [b]) => a - b)
      .map(([dayNumber, groups]) => ({ day: nameOfDay(dayNumber), groups }))
    const [first] = slices
    // Rows of a single day are one file for both targets.
    const isOneDay = slices.length === 1
    const empty = emptyColumnsOf(
      table,
      slices.flatMap(({ groups }) => groups),
    )
    const all = isOneDay && first ? first.groups : slices.flatMap(({ groups }) => groups)
    const block = options.kinds.block || isOneDay ? await stage(String(n), table, all) : undefined
    const staged = options.kinds.days
      ? await mapConcurrently(slices, stagesMax, async ({ day, groups }): Promise<DayPayload> => {
          const payload = isOneDay && block ? block : await stage(`${n}-${day}`, table, groups)
          return { ...payload, day }
        })
      : undefined
    return {
      ...{
        n,
        table: table.name,
        month,
        rows: rows.rows,
        columns: table.columns.map(({ name }) => name),
      },
      ...(empty.length > 0 && { empty }),
      ...(block && options.kinds.block && { block }),
      ...(staged && { days: staged }),
    }
  }

  const isCrowded = (): boolean =>
    heldBytes >= limits.openBytesMax || open.size > limits.openBuildersMax

  /** Something is over a limit. */
  const isFull = (): boolean => full.size > 0 || isCrowded()

  /**
   * Packs the rows of the chunk that has most open ones: that is cheaper than a file more for each of its days. False when it
   * does not help, or half of the memory is packed already or on its way to the store.
   */
  const pack = (): boolean => {
    const fullest = mostOf(({ rows }) => rows.openBytes)
    const openBytes = [...open].reduce((sum, { rows }) => sum + rows.openBytes, 0)
    if (!fullest || open.size > limits.openBuildersMax || openBytes * 2 < heldBytes) return false
    const heldBefore = fullest.rows.heldBytes
    fullest.rows.pack()
    const grown = fullest.rows.heldBytes - heldBefore
    heldBytes += grown
    return grown < 0
  }

  /** Closes what is over a limit. Awaited by whoever adds rows, so that reading waits for staging. */
  const settle = async (): Promise<void> => {
    while (isFull()) {
      // One at a time: what is being staged is held in memory, too.
      if (!closing) {
        if (full.size === 0 && pack()) continue
        const [due = mostOf(({ rows }) => rows.heldBytes)] = full
        if (!due) return
        closing = closeChunk(due).finally(() => (closing = undefined))
      }
      await closing
    }
  }

  const mostOf = (bytesOf: (chunk: OpenChunk) => number): OpenChunk | undefined => {
    let most: { readonly chunk: OpenChunk; readonly bytes: number } | undefined
    for (const chunk of open) {
      const bytes = bytesOf(chunk)
      if (!most || bytes > most.bytes) most = { chunk, bytes }
    }
    return most?.chunk
  }

  /** True while the batch may take further sources. */
  const hasRoom = (): boolean => next < limits.batchChunksMax

  /** As many as hold a small share of the memory: while a chunk is encoded it is held twice. */
  const closingsAtOnce = (): number => {
    const largestBytes = mostOf(({ rows }) => rows.heldBytes)?.rows.heldBytes ?? 0
    const fitting = Math.floor((limits.openBytesMax * closingShare) / Math.max(1, largestBytes))
    return Math.min(stagesMax, Math.max(1, fitting))
  }

  /** Closes all; the chunks of the batch in the order of their numbers. */
  const finish = async (): Promise<readonly Chunk[]> => {
    if (failure) throw failure.error
    await mapConcurrently([...open], closingsAtOnce(), closeChunk)
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

/** Columns of the dataset, not of the lineage, that hold nothing in any of the groups. */
const emptyColumnsOf = ({ columns }: OpenTable, groups: readonly RowGroup[]): readonly string[] => {
  const filled = new Set(
    groups.flatMap(({ chunks }) =>
      chunks.filter(({ absent, entries }) => absent < entries).map(({ leaf }) => leaf.path[0]),
    ),
  )
  const lineage = new Set(lineageColumns.map(({ name }) => name))
  return columns.map(({ name }) => name).filter((name) => !filled.has(name) && !lineage.has(name))
}

const nameOfDay = (dayNumber: number): string => dayOf((dayNumber * dayMicros) / 1000)

const countRows = (groups: readonly RowGroup[]): number =>
  groups.reduce((sum, { rows }) => sum + rows, 0)
