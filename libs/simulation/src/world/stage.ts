import type { Event, Limits } from '@silversmith/core'
import { objectOfMessage, writeObjectsMessage } from '@silversmith/core'
import { readParquet } from '@silversmith/parquet'
import { createAcknowledgements } from './acknowledgement.ts'
import { createClickHouseModel } from './clickhouse-model.ts'
import type { StoredRow } from '../memory/engine.ts'
import { createEngine } from '../memory/engine.ts'
import type { Version } from './history.ts'
import { createHistory } from './history.ts'
import type { Surroundings } from './invocation.ts'
import { createJobWatch } from './job-watch.ts'
import { drawLimits, roomyLimits, startLambdas, timeoutMs } from './lambdas.ts'
import { lagIndex } from './lagging-index.ts'
import type { Lives } from './lives.ts'
import { createMemoryBronze } from '../memory/memory-bronze.ts'
import { createMemoryIds } from '../memory/memory-ids.ts'
import { createMemoryLedger } from '../memory/memory-ledger.ts'
import { createMemoryStore, sha256Of } from '../memory/memory-store.ts'
import type { Mutation } from '../mutants/mutation.ts'
import { noteDataset } from './note-dataset.ts'
import { arnOf, bucket, pipeline } from './place.ts'
import { judgeLiveReport } from './reconcile-check.ts'
import { readMessageReference } from './reference.ts'
import type { Grounds } from './simulated-ports.ts'
import type { Sqs } from './sqs.ts'
import { createSqs } from './sqs.ts'
import { judgeTurn } from './view-watch.ts'
import { createWatch } from './watch.ts'

const visibilityTimeouts = 6
const receivesMax = 8
const pieceBytes = 300
const pieceMaxMs = 30_000
/** Enough for every block of the longest retry: the window rule is kept, what breaks it is a mutation. */
const windowBlocksMin = 500
const windowBlocksSpread = 1_000

export interface StageOptions {
  readonly seed: number
  readonly mutation: Mutation
  /** Nothing is drawn that a script could not say: limits are wide, a chunk is one partition. */
  readonly isScripted: boolean
  readonly lives: Lives
  /** Over what is drawn. */
  readonly limits: Partial<Limits>
}

export type Stage = ReturnType<typeof buildStage>

/** True times at which ClickHouse was emptied, and at which it was first said to be filled again. */
interface Emptying {
  at?: number
  filledAt?: number
}

/** Sets up bronze, ledger, store, queues, ClickHouse and the functions between them; from now on they run. */
export const buildStage = (around: Surroundings, options: StageOptions) => {
  const { seed, mutation, isScripted, lives } = options
  const { scheduler, random, violate } = around
  const clock = { now: scheduler.now }
  const bronze = createMemoryBronze(clock, pieceBytes, lives.pageMax)
  const history = createHistory(pipeline, bronze, scheduler.now)
  const files = createMemoryStore()
  const jobs = createJobWatch({ now: scheduler.now, violate })
  const watch = createWatch({
    ...{ now: scheduler.now, files: files.files, violate, jobs },
    judgeTurn: (engine, entries) => judgeTurn(history, engine, entries, violate),
    // Clocks are shifted by minus a half to one and a half of it.
    skewMaxMs: 2 * around.troubles().clockSkewMs,
  })
  const store = watch.store(mutation.store?.(files, scheduler.now) ?? files)
  const ledger = watch.ledger(mutateLedger(around, mutation))
  const drawnWindow = windowBlocksMin + random.below(windowBlocksSpread)
  const engine = watch.engine(createEngine({ windowBlocks: mutation.windowBlocks ?? drawnWindow }))
  // A chunk is one partition in ClickHouse; where it is more, a rebuild finds half of one, which only a repair can mend.
  const isSplit = !isScripted && random.chance(0.5) && !lives.hasRebuild
  const partitionOf = (row: StoredRow): string =>
    isSplit ? `${Number(row['_record']) % 3}` : 'the one partition of the chunk'
  const visibilityMs = visibilityTimeouts * (mutation.timeoutMs ?? timeoutMs)
  const queue = { receivesMax, visibilityMs }
  const arrivals = createSqs(around, { ...queue, queueArn: arnOf('arrivals') })
  const objects = createSqs(around, { ...queue, queueArn: arnOf('objects') })
  const bulk = createSqs(around, { ...queue, queueArn: arnOf('bulk') })
  const messages = createSqs(around, { ...queue, queueArn: arnOf('notes') })
  const acknowledgements = createAcknowledgements({ pipeline, history, watch, violate })
  const dispositions: Record<string, number> = {}
  const sendTo = (queue: Sqs) => (body: string) => {
    acknowledgements.noteSent(body)
    queue.send(body)
  }
  const send = sendTo(objects)
  const emptying: Emptying = {}
  const grounds: Grounds = {
    ...{ pipeline, bronze, store, ledger, history, isSplit, send, hold: scheduler.hold },
    clickHouse: createClickHouseModel(around, engine, partitionOf),
    decode: createDecode(),
    ids: createMemoryIds(seed, clock),
    log: { emit: (event) => hear(event, around, dispositions) },
    isSlowToRead: (key) => {
      const isSlow = random.chance(around.troubles().slowRead)
      if (isSlow) scheduler.note(`${key} is slow to read`)
      return isSlow
    },
    waitForPiece: (isSlow) =>
      isSlow
        ? new Promise((resolve) => scheduler.after(random.below(pieceMaxMs), resolve))
        : Promise.resolve(),
  }
  const limits = { ...(isScripted ? roomyLimits : drawLimits(random)), ...options.limits }
  scheduler.note(`limits ${JSON.stringify({ ...limits, drawnWindow, isSplit })}`)
  const running = startLambdas(around, {
    ...{ grounds, arrivals, objects, bulk, messages, bucket, mutation, limits },
    isSteady: isScripted,
    onArrivalsDone: acknowledgements.judgeArrivals,
    onObjectsDone: acknowledgements.judgeObjects,
    onMessagesDone: acknowledgements.judgeMessages,
    onReport: (report, startedAt) => {
      const { at, filledAt = Infinity } = emptying
      judgeLiveReport(report, around, at !== undefined && startedAt <= filledAt)
    },
  })
  return {
    ...{ bronze, history, ledger, store, engine, watch, arrivals, objects, bulk, messages },
    ...{
      running,
      clickHouse: grounds.clickHouse,
      decode: grounds.decode,
      hold: scheduler.hold,
      send,
      dispositions,
      jobs,
      emptying,
    },
    sendBulk: sendTo(bulk),
    /** Names of what must be done before the world rests. */
    errands: new Set<string>(),
    /** Somebody sends a message that is data. */
    sendMessage: (body: string): void => {
      const version = history.add({
        object: objectOfMessage(messages.send(body)),
        expected: readMessageReference(body),
        ...{ isRouted: true, isPoison: false, isMessage: true },
      })
      version.isTold = true
    },
    /** Straight to transform, as a reload does. */
    ask: ({ id, object, isRouted, generation }: Version): void => {
      const dataset = isRouted ? noteDataset.name : undefined
      const source = { id, object, dataset, generation }
      send(writeObjectsMessage(pipeline, { kind: 'source', source }))
    },
  }
}

const mutateLedger = ({ scheduler, random, troubles }: Surroundings, mutation: Mutation) => {
  const ledger = createMemoryLedger()
  const mutated = mutation.ledger?.(ledger, scheduler.now) ?? ledger
  // Drawn for each batch at each look, so that some stand in it as they are.
  return lagIndex(mutated, scheduler.now, () => random.below(troubles().openIndexLagMs))
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
