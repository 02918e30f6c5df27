import type { Event, Limits, Route } from '@silversmith/core'
import { defaultLimits, readObjectsMessage, writeObjectsMessage } from '@silversmith/core'
import type { Encode } from '@silversmith/flow'
import { createIngest, createSilverTarget, createSweep, createTransform } from '@silversmith/flow'
import { encodeParquet, readParquet } from '@silversmith/parquet'
import type { Told } from './bronze-life.ts'
import { findUntold, startBronzeLife } from './bronze-life.ts'
import { createClickHouseModel } from './clickhouse-model.ts'
import type { Engine, StoredRow } from './engine.ts'
import { createEngine } from './engine.ts'
import type { History, Version } from './history.ts'
import { createHistory } from './history.ts'
import type { Invocation, Surroundings, Tally } from './invocation.ts'
import { invoke } from './invocation.ts'
import type { BucketState } from './memory-bronze.ts'
import { createMemoryBronze } from './memory-bronze.ts'
import { createMemoryIds } from './memory-ids.ts'
import type { MemoryLedger } from './memory-ledger.ts'
import { createMemoryLedger } from './memory-ledger.ts'
import type { MemoryStore } from './memory-store.ts'
import { createMemoryStore, sha256Of } from './memory-store.ts'
import { noteDataset } from './note-dataset.ts'
import { objectBytesMax, recordBytesMax } from './note-object.ts'
import { judgeWorld } from './oracle.ts'
import type { Random } from './random.ts'
import { createRandom } from './random.ts'
import { createScheduler } from './scheduler.ts'
import { createIdempotencyModel } from './send-once.ts'
import type { Grounds, Ports } from './simulated-ports.ts'
import { createSimulatedPorts } from './simulated-ports.ts'
import type { Delivery, Sqs } from './sqs.ts'
import { createSqs } from './sqs.ts'
import type { Troubles } from './troubles.ts'
import { drawTroubles, noTroubles } from './troubles.ts'
import { createWatch } from './watch.ts'

/** Changes to a world that make it wrong on purpose, to see the harness notice. */
export interface Mutation {
  /** 0: the target forgets every token at once. */
  readonly windowBlocks?: number
  readonly ledger?: (ledger: MemoryLedger, now: () => number) => MemoryLedger
  readonly store?: (store: MemoryStore) => MemoryStore
  readonly ports?: (ports: Ports) => Ports
  /** Messages the mapping deletes, of those delivered and those the handler left. */
  readonly finish?: (delivered: readonly string[], left: readonly string[]) => readonly string[]
  readonly isSwept?: boolean
}

export interface WorldOptions {
  readonly mutation?: Mutation
  readonly trace?: (line: string) => void
  /** Instead of the seed's own. */
  readonly troubles?: Troubles
}

export interface World {
  readonly seed: number
  readonly violations: readonly string[]
  readonly objects: number
  readonly rows: number
  readonly tally: Tally
  readonly dispositions: Readonly<Record<string, number>>
  readonly troubles: Troubles
  /** Virtual time from healing to rest. */
  readonly restMs: number
  readonly fingerprint: string
}

const minuteMs = 60_000
const startMs = Date.UTC(2026, 5, 1)
const pipeline = 'notes'
const bucket = 'bronze'
const timeoutMs = minuteMs
const graceMs = 5_000
const visibilityMs = 6 * timeoutMs
const sweepEveryMs = 5 * minuteMs
const redriveEveryMs = 30 * minuteMs
const restLimitMs = 12 * 60 * minuteMs
const receivesMax = 8
/** Enough for every block of the longest retry: the window rule is kept, what breaks it is a mutation. */
const windowBlocks = 1_000
const batchMax = 10
const violationsMax = 20
const routes: readonly Route[] = [{ prefix: 'notes/', suffixes: ['.jsonl'], dataset: 'notes' }]
const queueIdleMs = 30_000

const drawLimits = (random: Random): Limits => ({
  ...defaultLimits,
  recordBytesMax,
  objectBytesMax,
  batchSourcesMax: 1 + random.below(20),
  batchChunksMax: random.chance(0.3) ? 1 + random.below(4) : 1_000,
  chunkRowsMax: 1 + random.below(30),
  openBuildersMax: 1 + random.below(10),
  concurrencyMax: 1 + random.below(4),
})

/** Runs one world to its end: troubles, then healing, then rest, then judgement. The same seed gives the same run. */
export const runWorld = async (seed: number, options: WorldOptions = {}): Promise<World> => {
  const { mutation = {} } = options
  const random = createRandom(seed)
  const scheduler = createScheduler(startMs, options.trace)
  const violations: string[] = []
  const violate = (text: string): void => {
    scheduler.note(`VIOLATION ${text}`)
    if (violations.length < violationsMax) violations.push(text)
  }
  const tally: Tally = {
    ...{ awaits: 0, crashes: 0, unknownOutcomes: 0 },
    ...{ duplicatesDelivered: 0, partialInserts: 0, invocations: 0 },
  }
  const drawn = options.troubles ?? drawTroubles(random)
  let troubles = drawn
  const around: Surroundings = {
    scheduler,
    random,
    tally,
    troubles: () => troubles,
    violate,
    outages: new Map(),
  }
  const stage = buildStage(around, mutation, seed)
  const { history, ledger, store, arrivals, objects } = stage

  const troubledMs = (30 + random.below(60)) * minuteMs
  startBronzeLife(around, {
    ...{ bronze: stage.bronze, history, bucket, lastsMs: troubledMs * 0.8 },
    state: random.pick<BucketState>(['unversioned', 'versioned', 'suspended']),
    tell: (told) => arrivals.send(JSON.stringify(told)),
    reload: (version) => sendSource(objects, version),
  })
  await scheduler.run(startMs + troubledMs, () => violations.length >= violationsMax)
  scheduler.note('the world heals')
  troubles = noTroubles
  scheduler.after(10 * minuteMs, () => reconcile(history, objects))
  const redrive = (): void => {
    arrivals.redrive()
    objects.redrive()
    scheduler.after(redriveEveryMs, redrive)
  }
  scheduler.after(redriveEveryMs, redrive)
  const earliestRest = scheduler.now() + 40 * minuteMs
  const isAtRest = (): boolean =>
    scheduler.now() > earliestRest &&
    arrivals.size() + objects.size() + stage.running() === 0 &&
    !ledger.items().some(({ item }) => item.kind === 'batch' && /[FS]/.test(item.state)) &&
    ![...store.files.keys()].some((key) => key.startsWith('_staging/'))
  const healedAt = scheduler.now()
  const rests = await scheduler.run(
    healedAt + restLimitMs,
    () => violations.length >= violationsMax || isAtRest(),
  )
  if (!rests) violate(`no rest ${restLimitMs / minuteMs} minutes after healing`)
  await judgeWorld({ ...stage, files: store.files, violate })
  return {
    ...{ seed, violations, tally, troubles: drawn },
    objects: history.all().length,
    rows: stage.engine.tables().reduce((sum, table) => sum + stage.engine.rows(table).length, 0),
    dispositions: stage.dispositions,
    restMs: scheduler.now() - healedAt,
    fingerprint: scheduler.fingerprint,
  }
}

/** A listing tells of what no notification told. */
const reconcile = (history: History, objects: Sqs): void => {
  for (const version of findUntold(history)) {
    version.isTold = true
    sendSource(objects, version)
  }
}

const sendSource = (objects: Sqs, { id, object, isRouted, generation }: Version): void => {
  const source = { id, object, dataset: isRouted ? 'notes' : undefined, generation }
  objects.send(writeObjectsMessage(pipeline, { kind: 'source', source }))
}

const buildStage = (around: Surroundings, mutation: Mutation, seed: number) => {
  const { scheduler, random, violate } = around
  const watch = createWatch(scheduler.now, violate)
  const clock = { now: scheduler.now }
  const bronze = createMemoryBronze(clock, 300)
  const history = createHistory(pipeline, bronze, scheduler.now)
  const mutateLedger = mutation.ledger ?? ((ledger) => ledger)
  const mutateStore = mutation.store ?? ((store) => store)
  const ledger = watch.ledger(mutateLedger(createMemoryLedger(), scheduler.now))
  const store = watch.store(mutateStore(createMemoryStore()))
  const window = mutation.windowBlocks ?? windowBlocks
  const engine: Engine = watch.engine(createEngine({ windowBlocks: window }))
  const isSplit = random.chance(0.5)
  const partitionOf = (row: StoredRow): string =>
    isSplit ? `${Number(row['_record']) % 3}` : 'the one partition of the chunk'
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
  const running = startLambdas(around, { grounds, arrivals, objects, mutation })
  return {
    ...{ bronze, history, ledger, store, engine, watch, arrivals, objects, dispositions, running },
    decode: grounds.decode,
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

interface Lambdas {
  readonly grounds: Grounds
  readonly arrivals: Sqs
  readonly objects: Sqs
  readonly mutation: Mutation
}

/** Starts the event source mappings and the schedule; the result tells how many invocations are running. */
const startLambdas = (around: Surroundings, lambdas: Lambdas): (() => number) => {
  const { scheduler, random } = around
  const { grounds, arrivals, objects, mutation } = lambdas
  const limits = drawLimits(random)
  const idempotency = createIdempotencyModel()
  let running = 0
  let count = 0

  const start = <Result>(
    kind: string,
    run: (ports: Ports, invocation: Invocation) => Promise<Result>,
    onEnd: (result: Result | undefined) => void,
  ): void => {
    running += 1
    count += 1
    let ports: Ports | undefined
    const invocation = invoke(around, {
      ...{ name: `${kind}${count}`, timeoutMs, graceMs },
      run: (self) => {
        ports = createSimulatedPorts(grounds, self)
        return run(mutation.ports?.(ports) ?? ports, self)
      },
      onEnd: (result) => {
        running -= 1
        onEnd(result)
        if (invocation.isDead || invocation.wasFrozen)
          for (const id of ports?.claimed ?? []) {
            const version = grounds.history.find(id)
            if (version) version.silences += 1
          }
      },
    })
  }
  const map = (
    kind: string,
    queue: Sqs,
    concurrency: number,
    handle: (
      batch: readonly Delivery[],
      ports: Ports,
      self: Invocation,
    ) => Promise<readonly string[]>,
  ): void => {
    let busy = 0
    const poll = (): void => {
      const batch = busy < concurrency ? queue.receive(1 + random.below(batchMax)) : []
      if (batch.length > 0) {
        busy += 1
        const ids = batch.map(({ messageId }) => messageId)
        const finish = mutation.finish ?? ((all, left) => all.filter((id) => !left.includes(id)))
        start(
          kind,
          (ports, self) => handle(batch, ports, self),
          (left) => {
            busy -= 1
            if (left) queue.finish(finish(ids, left))
          },
        )
      }
      const visibleInMs = (queue.nextVisibleAt() ?? Infinity) - scheduler.now()
      const waitMs = Math.min(queueIdleMs, Math.max(0, visibleInMs))
      scheduler.after(waitMs + 300 + random.below(5_000), poll)
    }
    poll()
  }

  map('ingest', arrivals, 2, (batch, ports, self) => ingestAll(batch, ports, self, idempotency))
  map('transform', objects, 3, (batch, ports, self) =>
    createTransform({
      ...ports,
      ...{ pipeline, limits, datasets: [noteDataset], quarantinePrefix: 'quarantine/' },
      targets: [createSilverTarget({ store: ports.store, prefix: 'silver/' }), ports.clickHouse],
      encode: encodeOf(around, grounds),
    })(
      batch.map(({ messageId, body }) => ({
        messageId,
        message: readObjectsMessage(pipeline, body),
      })),
      self,
    ),
  )
  const sweep = (): void => {
    start(
      'sweep',
      (ports, self) => createSweep({ pipeline, ...ports })(self),
      () => undefined,
    )
    scheduler.after(sweepEveryMs, sweep)
  }
  if (mutation.isSwept ?? true) scheduler.after(sweepEveryMs, sweep)
  return () => running
}

/** A deploy changes the bytes the encoder makes of the same rows. */
const encodeOf = ({ random, troubles }: Surroundings, { hold }: Grounds): Encode => {
  const compression = random.chance(troubles().deploy) ? 'none' : 'snappy'
  return (columns, rows) => hold(encodeParquet(columns, rows, { compression }))
}

/** What the ingest door does: each record on its own, the failed ones left. */
const ingestAll = async (
  batch: readonly Delivery[],
  ports: Ports,
  self: Invocation,
  idempotency: ReturnType<typeof createIdempotencyModel>,
): Promise<readonly string[]> => {
  const ingest = createIngest({ pipeline, routes, ...ports, sendOnce: idempotency.bind(self) })
  const left = await Promise.all(
    batch.map(async ({ messageId, body }) => {
      const { sequencer, ...facts } = JSON.parse(body) as Told
      try {
        await ingest({ facts, sequencer }, self.signal)
        return []
      } catch {
        return [messageId]
      }
    }),
  )
  return left.flat()
}
