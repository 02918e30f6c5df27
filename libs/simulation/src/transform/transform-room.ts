import {
  type Batch,
  type Bronze,
  type Claim,
  type Contracts,
  type Dataset,
  defaultLimits,
  identify,
  type Ledger,
  type Limits,
  type Manifest,
  type Overwrites,
  type ObjectFacts,
  type Route,
  type Source,
  sourceIdOf,
  type Store,
  type Target,
} from '@silversmith/core'
import {
  type Call,
  createSilverTarget,
  createSweep,
  createTransform,
  type Delivery,
  manifestPrefix,
  stagingPrefix,
} from '@silversmith/flow'
import { createParquetEncoder, readParquet } from '@silversmith/parquet'
import type { MemoryLedger, MemoryStore } from '../index.ts'
import {
  createEngine,
  createMemoryBronze,
  createMemoryClock,
  createMemoryIds,
  createMemoryLedger,
  createMemoryLog,
  createMemoryQueue,
  createMemoryStore,
  createMemoryTarget,
  withStoreBucket,
} from '../index.ts'

export const pipeline = 'p'
const silverBucket = 'silver'
const column = (name: string, type: 'text' | 'timestamp') => ({
  ...{ name, type, nullable: false, description: '' },
})

/** `{"id": "a", "at": <ms>}` → one row of `notes`. */
export const notes: Dataset = {
  name: 'notes',
  version: 1,
  description: '',
  tables: [
    {
      name: 'notes',
      description: '',
      columns: [column('id', 'text'), column('timestamp', 'timestamp')],
      orderBy: ['timestamp'],
      indexes: [],
      views: [],
    },
  ],
  map: (record) => {
    const { id, at } = (record ?? {}) as { id?: unknown; at?: unknown }
    if (id === 'bug') throw new Error('the payload: secret')
    if (id === 'odd') return { rejection: { reason: 'no/word' } }
    if (id === 'skip') return { discarded: 'asked' }
    if (typeof id !== 'string') return { rejection: { reason: 'no_id', path: 'id' } }
    const timeMicros = Number(at ?? 0) * 1000
    return { rows: [{ table: 'notes', timeMicros, values: [id, timeMicros] }] }
  },
}

const decode = (bytes: Uint8Array) => readParquet(bytes)

export interface RoomOptions {
  /** `notes` when absent. */
  readonly datasets?: readonly Dataset[]
  readonly limits?: Partial<Limits>
  readonly bronze?: (bronze: Bronze) => Bronze
  readonly ledger?: (ledger: Ledger) => Ledger
  readonly clickhouse?: (target: Target) => Target
  readonly store?: (store: Store) => Store
  readonly pipeline?: string
  readonly contracts?: Contracts
  readonly overwrites?: Overwrites
  readonly routes?: readonly Route[]
  /** Objects in a page of a listing; 1 000 when absent. */
  readonly pageMax?: number
  /** Ledger and store of another room, for two pipelines on one of each. */
  readonly beside?: { readonly ledger: MemoryLedger; readonly store: MemoryStore }
}

/** Transform and sweep on ports in memory, with what a test needs to arrange objects and to look at what came of them. */
export const createRoom = (options: RoomOptions = {}) => {
  const clock = createMemoryClock()
  const bronze = createMemoryBronze(clock, undefined, options.pageMax)
  bronze.setBucket('b', 'unversioned')
  const own = options.pipeline ?? pipeline
  const store = options.beside?.store ?? createMemoryStore()
  const ledger = options.beside?.ledger ?? createMemoryLedger()
  const kept = options.store?.(store) ?? store
  const log = createMemoryLog()
  const queue = createMemoryQueue()
  const engine = createEngine({ windowBlocks: 100 })
  const memory = createMemoryTarget({ name: 'clickhouse', store, engine, decode })
  const deps = {
    ...{ pipeline: own, datasets: options.datasets ?? [notes], store: kept, clock, log },
    ids: createMemoryIds(own === pipeline ? 1 : 2, clock),
    ledger: options.ledger?.(ledger) ?? ledger,
    bronze: withStoreBucket(options.bronze?.(bronze) ?? bronze, store, silverBucket),
    targets: [
      createSilverTarget({ store: kept, prefix: 'silver/' }),
      options.clickhouse?.(memory) ?? memory,
    ],
    encoder: createParquetEncoder(),
    limits: { ...defaultLimits, ...options.limits },
    contracts: options.contracts ?? {},
    overwrites: options.overwrites ?? {},
    ...(options.routes && { routes: options.routes }),
    quarantineFiles: { bucket: silverBucket, prefix: 'quarantine/' },
  }
  const call = (): Call => ({
    deadline: clock.now() + 60_000,
    signal: new AbortController().signal,
  })
  let datasets = deps.datasets
  /** A new release: from now on records are mapped by these. */
  const release = (next: readonly Dataset[]): void => {
    datasets = next
  }
  const transform: ReturnType<typeof createTransform> = (deliveries, own) =>
    createTransform({ ...deps, datasets })(deliveries, own)
  const sweep = createSweep({ pipeline: own, ledger: deps.ledger, store, queue, clock, log })

  const source = (facts: ObjectFacts, dataset: string | undefined = 'notes'): Source => {
    const object = identify(facts)
    if (!object) throw new Error('no version')
    return { id: sourceIdOf(own, object), object, dataset, generation: 0 }
  }
  const put = (key: string, body: string | Buffer, dataset?: string): Source =>
    source(bronze.putObject('b', key, Buffer.from(body)), dataset ?? 'notes')
  const deliver = (...sources: Source[]): Delivery[] =>
    sources.map((one, index) => ({
      messageId: `${index}-${one.object.key}`,
      message: { kind: 'source', source: one },
    }))
  const run = (...sources: Source[]) => transform(deliver(...sources), call())
  const sweepAndRun = async () => {
    clock.advance(3_700_000)
    await sweep(call())
    const messages = queue.take().map((body) => JSON.parse(body) as { batch: string })
    const deliveries = messages.map(({ batch }) => ({
      messageId: batch,
      message: { kind: 'batch', batch } as const,
    }))
    return transform(deliveries, call())
  }
  const silver = async (): Promise<Record<string, unknown>[]> => {
    const rows: Record<string, unknown>[] = []
    for (const [key, file] of store.files) {
      if (!key.startsWith('silver/')) continue
      for (const row of await readParquet(file.bytes)) rows.push({ ...row, day: key.split('/')[2] })
    }
    return rows
  }
  const names = (rows: readonly Record<string, unknown>[]): string[] =>
    rows
      .map((row) => `${String(row['_source'])}#${String(row['_record'])}=${String(row['id'])}`)
      .toSorted()
  const items = <Item extends Batch | Claim>(kind: Item['kind']): Item[] =>
    ledger.items().flatMap(({ item }) => (item.kind === kind ? [item as Item] : []))
  const manifests = (): Manifest[] =>
    [...store.files]
      .filter(([key]) => key.startsWith(manifestPrefix))
      .map(([, { bytes }]) => JSON.parse(Buffer.from(bytes).toString()) as Manifest)
  const quarantined = () =>
    [...store.files]
      .filter(([key]) => key.startsWith('quarantine/'))
      .flatMap(([, { bytes }]) => Buffer.from(bytes).toString().trim().split('\n'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  const staged = () => [...store.files.keys()].filter((key) => key.startsWith(stagingPrefix))
  const dispositions = (): Record<string, string> =>
    Object.fromEntries(
      manifests().flatMap(({ sources }) =>
        sources.map(({ object, disposition }) => [object.key, disposition]),
      ),
    )
  return {
    ...{ deps, release },
    ...{
      clock,
      bronze,
      store,
      ledger,
      engine,
      log,
      put,
      source,
      run,
      deliver,
      transform,
      sweepAndRun,
      call,
    },
    ...{ silver, names, items, manifests, quarantined, staged, dispositions, sweep, queue },
    rows: () => engine.rows('notes'),
  }
}
