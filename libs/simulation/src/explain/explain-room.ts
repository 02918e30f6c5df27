import {
  type Dataset,
  Fault,
  type Overwrites,
  readObjectsMessage,
  type Source,
  type Target,
} from '@silversmith/core'
import {
  createSilverInspector,
  createTransform,
  type ExplainDeps,
  explainObject,
  type ObjectStory,
  rejectBatch,
  replayQuarantine,
} from '@silversmith/flow'
import { readParquet } from '@silversmith/parquet'
import { createMemoryInspector } from '../index.ts'
import { createRoom, notes, pipeline } from '../transform/transform-room.ts'

export interface ExplainOptions {
  /** `notes` when absent. */
  readonly datasets?: readonly Dataset[]
  /** Both when absent. */
  readonly targets?: readonly ('silver' | 'clickhouse')[]
  readonly overwrites?: Overwrites
}

/** A pipeline whose ClickHouse answers, or raises `state.fault`; what it loaded can be explained. */
export const createExplainRoom = ({
  datasets = [notes],
  targets = ['silver', 'clickhouse'],
  overwrites = {},
}: ExplainOptions = {}) => {
  const state: { fault: Fault | undefined } = { fault: undefined }
  const wrap = (target: Target): Target => ({
    ...target,
    put: async (batch, chunk, signal) => {
      if (state.fault) throw state.fault
      return target.put(batch, chunk, signal)
    },
  })
  const room = createRoom({ clickhouse: wrap, datasets, overwrites })
  const { store, engine } = room
  const names: readonly string[] = targets
  const deps = {
    ...room.deps,
    targets: room.deps.targets.filter(({ name }) => names.includes(name)),
  }
  const memory = createMemoryInspector({ name: 'clickhouse', engine })
  const silver = createSilverInspector({ store, prefix: 'silver/', decode: readParquet })
  const explainDeps: ExplainDeps = {
    ...{ ...deps, buckets: ['b'], datasets },
    routes: [{ prefix: '', suffixes: ['.jsonl'], dataset: 'notes' }],
    inspectors: [silver, memory],
    ...{ silverPrefix: 'silver/', quarantinePrefix: 'quarantine/', silverBucket: 'silver' },
  }
  const explain = (source: Source, record?: number, own: Partial<ExplainDeps> = {}) =>
    explainObject({ ...explainDeps, ...own }, source.object, record, room.call())
  let released = datasets
  /** From now on records are mapped by these. */
  const release = (next: readonly Dataset[]): void => {
    released = next
  }
  const run = (...sources: readonly Source[]) =>
    createTransform({ ...deps, datasets: released })(room.deliver(...sources), room.call())
  const load = async (body: string, name = 'a.jsonl'): Promise<Source> => {
    const source = room.put(name, body)
    await run(source)
    return source
  }
  /** Sends the quarantine through transform again. */
  const replay = async (): Promise<void> => {
    await replayQuarantine({ ...deps, queue: room.queue }, {}, { dryRun: false }, room.call())
    const messages = room.queue.take().map((body) => readObjectsMessage(pipeline, body))
    await run(...messages.flatMap((one) => (one?.kind === 'source' ? [one.source] : [])))
  }
  const reject = async (batch = ''): Promise<void> => {
    const own = { ...deps, inspectors: [memory], menders: [], quarantinePrefix: 'quarantine/' }
    await rejectBatch(own, batch, 'clickhouse', room.call())
  }
  return { ...room, state, memory, explain, run, load, replay, reject, release }
}

export const down = new Fault('TARGET_UNAVAILABLE', 'no answer')

/** `target rows`, of all chunks with rows. */
export const rowsIn = ({ loads }: ObjectStory): readonly string[] =>
  loads.flatMap(({ chunks }) =>
    chunks.flatMap(({ shares }) => shares.map(({ target, distinct }) => `${target} ${distinct}`)),
  )
export const kindsOf = ({ verdicts }: ObjectStory): readonly string[] =>
  verdicts.map(({ kind }) => kind)
