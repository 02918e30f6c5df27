import {
  type Batch,
  type Chunk,
  type Claim,
  type Dataset,
  defaultLimits,
  Fault,
  type Ledger,
  type Manifest,
  reloadsTable,
  type Source,
  type Target,
} from '@silversmith/core'
import {
  type Call,
  createFileEraser,
  createSilverInspector,
  createSilverTarget,
  createSweep,
  createTransform,
  freeBatch,
  type FreeOptions,
  manifestPrefix,
  rebuildLedger,
  type RebuildOptions,
  rejectBatch,
  type RejectOptions,
  repairBatch,
  type RepairOptions,
} from '@silversmith/flow'
import {
  createParquetEncoder,
  encodeParquet,
  readColumnNames,
  readParquet,
  readParquetTable,
} from '@silversmith/parquet'
import type { MemoryLedger, StoredRow } from '../index.ts'
import {
  createEngine,
  createMemoryBronze,
  createMemoryClock,
  createMemoryEraser,
  createMemoryIds,
  createMemoryInspector,
  createMemoryLedger,
  createMemoryLog,
  createMemoryMender,
  createMemoryQueue,
  createMemoryStore,
  createMemoryTarget,
  refOf,
  withStoreBucket,
} from '../index.ts'
import { sourceIdOf } from '@silversmith/core'
import { notes, pipeline } from '../transform/transform-room.ts'
import { createMortalProcess, type MortalProcess } from './mortal-process.ts'

export const silverPrefix = 'silver/'
export const quarantinePrefix = 'quarantine/'
const fileErasers = [
  { name: 'silver', folder: [silverPrefix, ''] },
  { name: 'refused', folder: [quarantinePrefix, 'reason=refused/'] },
] as const
const limits = { ...defaultLimits, chunkRowsMax: 4 }

/** Functions of which each call is a process of its own, on ports that outlive them all. */
export const createRepairRoom = (seed = 1, datasets: readonly Dataset[] = [notes]) => {
  const clock = createMemoryClock()
  const bronze = createMemoryBronze(clock)
  bronze.setBucket('b', 'unversioned')
  const store = createMemoryStore()
  const log = createMemoryLog()
  const queue = createMemoryQueue()
  const engine = createEngine({ windowBlocks: 10_000 })
  const ids = createMemoryIds(seed, clock)
  const state: {
    ledger: MemoryLedger
    /** What ClickHouse does with a chunk put to it; undefined: takes it. */
    refuse: (chunk: Chunk) => Fault | undefined
    /** Asked with every write to the ledger, before it. */
    onWrite: () => void
    /** Of the release that runs. */
    datasets: readonly Dataset[]
  } = {
    ...{ ledger: createMemoryLedger(), refuse: () => undefined, onWrite: () => undefined },
    datasets,
  }
  const ledger: Ledger = {
    read: (...args) => state.ledger.read(...args),
    write: (...args) => {
      state.onWrite()
      return state.ledger.write(...args)
    },
    listOpen: (...args) => state.ledger.listOpen(...args),
  }
  const decode = (bytes: Uint8Array) => readParquet(bytes)
  const memory = createMemoryTarget({ name: 'clickhouse', store, engine, decode })
  const clickhouse: Target = {
    ...memory,
    put: async (batch, chunk, signal) => {
      const refusal = state.refuse(chunk)
      if (refusal) throw refusal
      return memory.put(batch, chunk, signal)
    },
  }
  const tables = [...datasets.flatMap((dataset) => dataset.tables), reloadsTable]
  const retention = { tables, now: clock.now }
  const call = (forMs = 60_000): Call => ({
    deadline: clock.now() + forMs,
    signal: new AbortController().signal,
  })
  const depsOf = ({ wrap }: MortalProcess) => {
    const kept = wrap(store)
    return {
      ...{ pipeline, datasets: state.datasets, store: kept, clock, log, ids, limits },
      contracts: {},
      overwrites: {},
      quarantineFiles: { bucket: 'silver', prefix: quarantinePrefix },
      ...{ silverPrefix, quarantinePrefix, ledger: wrap(ledger) },
      bronze: wrap(withStoreBucket(bronze, store, 'silver')),
      queue: wrap(queue),
      targets: [createSilverTarget({ store: kept, prefix: silverPrefix }), wrap(clickhouse)],
      encoder: createParquetEncoder(),
      encode: encodeParquet,
      inspectors: [
        wrap(createMemoryInspector({ name: 'clickhouse', engine, retention })),
        createSilverInspector({
          ...{ store: kept, prefix: silverPrefix, decode: readParquet, retention },
        }),
      ],
      erasers: [
        wrap(createMemoryEraser({ name: 'clickhouse', engine })),
        ...fileErasers.map(({ name, folder }) =>
          createFileEraser({
            ...{ name, store: kept, clock, tables, decode: readParquet },
            ...{ columnsOf: readColumnNames, readTable: readParquetTable, encode: encodeParquet },
            folderOf: (table) => `${folder[0]}${table}/${folder[1]}`,
          }),
        ),
      ],
      menders: [wrap(createMemoryMender({ name: 'clickhouse', engine, tables, decode }))],
    }
  }

  /** Ids of the messages that stay on the queue; undefined: the process died, and all stay. */
  const deliver = (sources: readonly Source[], process = createMortalProcess()) => {
    const deliveries = sources.map((source, index) => ({
      ...{ messageId: String(index), message: { kind: 'source', source } as const },
    }))
    return process.run(() => createTransform(depsOf(process))(deliveries, call()))
  }
  const sweep = async (process = createMortalProcess()) => {
    await process.run(() => createSweep(depsOf(process))(call()))
    return queue.take().map((body) => (JSON.parse(body) as { batch: string }).batch)
  }
  const apply = (batch: string, process = createMortalProcess()) => {
    const delivery = { messageId: batch, message: { kind: 'batch', batch } as const }
    return process.run(() => createTransform(depsOf(process))([delivery], call()))
  }
  /** The sweep and what it asks for, until no lease can be over. */
  const sweepAll = async (): Promise<void> => {
    for (let round = 0; round < 3; round += 1) {
      clock.advance(3_700_000)
      for (const batch of await sweep()) await apply(batch)
    }
  }
  const put = (key: string, body: string): Source => {
    const object = refOf(bronze.putObject('b', key, Buffer.from(body)))
    return { id: sourceIdOf(pipeline, object), object, dataset: 'notes', generation: 0 }
  }
  const items = <Item extends Batch | Claim>(kind: Item['kind']): Item[] =>
    state.ledger.items().flatMap(({ item }) => (item.kind === kind ? [item as Item] : []))
  const manifests = (): Manifest[] =>
    [...store.files]
      .filter(([key]) => key.startsWith(manifestPrefix))
      .map(([, { bytes }]) => JSON.parse(Buffer.from(bytes).toString()) as Manifest)
  const rowsIn = async (isMeant: (key: string) => boolean): Promise<StoredRow[]> => {
    const rows: StoredRow[] = []
    for (const [key, { bytes }] of store.files)
      if (isMeant(key) && key.endsWith('.parquet')) rows.push(...(await readParquet(bytes)))
    return rows
  }

  return {
    ...{ clock, bronze, store, engine, queue, log, state, ledger, call, put, items, manifests },
    ...{ deliver, sweep, apply, sweepAll, depsOf },
    clickhouse: () => engine.tables().flatMap((table) => [...engine.rows(table)]),
    silver: () => rowsIn((key) => key.startsWith(silverPrefix)),
    refused: () => rowsIn((key) => key.includes('/reason=refused/')),
    rejected: () =>
      [...store.files]
        .filter(([key]) => key.startsWith(quarantinePrefix) && key.endsWith('.jsonl'))
        .flatMap(([, { bytes }]) => Buffer.from(bytes).toString().trim().split('\n'))
        .map((line) => JSON.parse(line) as StoredRow),
    reject: (batch: string, options?: RejectOptions, process = createMortalProcess()) =>
      process.run(() => rejectBatch(depsOf(process), batch, 'clickhouse', call(), options)),
    free: (batch: string, options?: FreeOptions, process = createMortalProcess()) =>
      process.run(() => freeBatch(depsOf(process), batch, call(), options)),
    repair: (batch: string, options?: RepairOptions, process = createMortalProcess()) =>
      process.run(() => repairBatch(depsOf(process), batch, call(), options)),
    rebuild: (options?: RebuildOptions, process = createMortalProcess(), forMs = 60_000) =>
      process.run(() => rebuildLedger(depsOf(process), call(forMs), options)),
  }
}

export type RepairRoom = ReturnType<typeof createRepairRoom>

/** Name of a row that no other has; `generation` and identity, and what it is about. */
export const nameOf = (row: StoredRow): string =>
  `${String(row['_source'])} ${String(row['_version'])} g${String(row['_generation'])} ` +
  `${String(row['_record'])}/${String(row['_part'])} ${String(row['id'] ?? row['table_name'])}`

export const namesOf = (rows: readonly StoredRow[]): readonly string[] =>
  rows.map(nameOf).toSorted()
