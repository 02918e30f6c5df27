import type { Event, Limits } from '@silversmith/core'
import { writeObjectsMessage } from '@silversmith/core'
import { readParquet } from '@silversmith/parquet'
import { createClickHouseModel } from './clickhouse-model.ts'
import type { Engine, StoredRow } from '../memory/engine.ts'
import { createEngine } from '../memory/engine.ts'
import type { Version } from './history.ts'
import { createHistory } from './history.ts'
import type { Surroundings } from './invocation.ts'
import { drawLimits, roomyLimits, startLambdas, timeoutMs } from './lambdas.ts'
import { createMemoryBronze } from '../memory/memory-bronze.ts'
import { createMemoryIds } from '../memory/memory-ids.ts'
import { createMemoryLedger } from '../memory/memory-ledger.ts'
import { createMemoryStore, sha256Of } from '../memory/memory-store.ts'
import type { Mutation } from '../mutants/mutation.ts'
import type { Grounds } from './simulated-ports.ts'
import { createSqs } from './sqs.ts'
import { createWatch } from './watch.ts'

export const pipeline = 'notes'
const visibilityTimeouts = 6
const receivesMax = 8
const pieceBytes = 300
/** Enough for every block of the longest retry: the window rule is kept, what breaks it is a mutation. */
const windowBlocks = 1_000

export interface StageOptions {
  readonly seed: number
  readonly mutation: Mutation
  /** Nothing is drawn that a script could not say: limits are wide, a chunk is one partition. */
  readonly isScripted: boolean
  /** Over what is drawn. */
  readonly limits: Partial<Limits>
}

/** Sets up bronze, ledger, store, queues, ClickHouse and the functions between them; from now on they run. */
export const buildStage = (around: Surroundings, options: StageOptions) => {
  const { seed, mutation, isScripted } = options
  const { scheduler, random, violate } = around
  const watch = createWatch(scheduler.now, violate)
  const clock = { now: scheduler.now }
  const bronze = createMemoryBronze(clock, pieceBytes)
  const history = createHistory(pipeline, bronze, scheduler.now)
  const mutateLedger = mutation.ledger ?? ((ledger) => ledger)
  const mutateStore = mutation.store ?? ((store) => store)
  const ledger = watch.ledger(mutateLedger(createMemoryLedger(), scheduler.now))
  const store = watch.store(mutateStore(createMemoryStore(), scheduler.now))
  const window = mutation.windowBlocks ?? windowBlocks
  const engine: Engine = watch.engine(createEngine({ windowBlocks: window }))
  const isSplit = !isScripted && random.chance(0.5)
  const partitionOf = (row: StoredRow): string =>
    isSplit ? `${Number(row['_record']) % 3}` : 'the one partition of the chunk'
  const visibilityMs = visibilityTimeouts * (mutation.timeoutMs ?? timeoutMs)
  const queue = { receivesMax, visibilityMs }
  const arrivals = createSqs(around, queue)
  const objects = createSqs(around, queue)
  const dispositions: Record<string, number> = {}
  const grounds: Grounds = {
    ...{ pipeline, bronze, store, ledger, history, hold: scheduler.hold },
    clickHouse: createClickHouseModel(around, engine, partitionOf),
    decode: createDecode(),
    send: objects.send,
    ids: createMemoryIds(seed),
    log: { emit: (event) => hear(event, around, dispositions) },
  }
  const limits = { ...(isScripted ? roomyLimits : drawLimits(random)), ...options.limits }
  const running = startLambdas(around, { grounds, arrivals, objects, mutation, limits })
  return {
    ...{ bronze, history, ledger, store, engine, watch, arrivals, objects, dispositions, running },
    decode: grounds.decode,
    /** Straight to transform, as reconcile and a reload do. */
    ask: ({ id, object, isRouted, generation }: Version): void => {
      const source = { id, object, dataset: isRouted ? 'notes' : undefined, generation }
      objects.send(writeObjectsMessage(pipeline, { kind: 'source', source }))
    },
  }
}

/** The same bytes are read again and again: by targets, by retries, by the oracle. */
const createDecode = (): Grounds['decode'] => {
  const known = new Map<string, Promise<readonly StoredRow[]>>()
  return (bytes) => {
    const sha256 = sha256Of(bytes)
    const rows = known.get(sha256) ?? readParquet(bytes)
    known.set(sha256, rows)
    return rows
  }
}

const hear = (
  event: Event,
  { scheduler, violate }: Surroundings,
  dispositions: Record<string, number>,
): void => {
  scheduler.note(`log ${JSON.stringify(event)}`)
  if ('code' in event && event.code === 'BUG') violate(`a bug was logged: ${event.message}`)
  if (event.kind === 'claim-without-batch') violate(`${event.source} has a claim without batch`)
  if (event.kind === 'message-unreadable') violate(`message ${event.messageId} is unreadable`)
  if (event.kind === 'batch-sealed')
    for (const [name, count] of Object.entries(event.dispositions))
      dispositions[name] = (dispositions[name] ?? 0) + count
}
