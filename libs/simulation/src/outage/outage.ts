import { defaultLimits, readObjectsMessage } from '@silversmith/core'
import {
  createIngest,
  createSilverTarget,
  createSweep,
  createTransform,
  redeliveryMs,
} from '@silversmith/flow'
import { createParquetEncoder } from '@silversmith/parquet'
import { createMemoryIds } from '../memory/memory-ids.ts'
import { createScheduler } from '../world/scheduler.ts'
import { type Arrived, createArrivalMarks } from './arrival-marks.ts'
import { createLanding } from './landing.ts'
import { createLightLedger } from './light-ledger.ts'
import { createLightQueue, type LightQueue, type Message } from './light-queue.ts'
import { createLightStore } from './light-store.ts'
import { factsOf, notes, routes } from './note-object.ts'
import {
  hourMs,
  minuteMs,
  type OutageOptions,
  planOutage,
  secondMs,
  type TargetName,
  targetNames,
} from './outage-plan.ts'
import { createSlowPorts, type Ground } from './slow-ports.ts'

export interface OutageReport {
  readonly target: TargetName
  readonly hours: number
  readonly objects: number
  readonly batches: number
  readonly deadLetters: number
  readonly targets: Readonly<Record<TargetName, Arrived>>
  /** Calls that came to the target while it was down and its breaker open: those of probes. */
  readonly callsWhileOpen: number
  readonly probes: number
  /** Batches that waited when the target was back. */
  readonly batchesWaiting: number
  /** From the target's return to the last row that had waited for it. */
  readonly catchUpSeconds: number
  /** Batches sent by each sweep after the return. */
  readonly ramp: readonly number[]
}

/** What the mapping of transform is set to here. */
const windowMs = 20 * secondMs
const batchMax = 1_000
const concurrencyMax = 10
const timeoutMs = minuteMs
const marginMs = 5 * secondMs
const queueLimits = { visibilityMs: 6 * timeoutMs + windowMs, receivesMax: 50 }
const sweepEveryMs = minuteMs
const sendMs = 10
const restMsMax = 24 * hourMs

/**
 * Production ingest, transform and sweep in virtual time, with one target down for hours while objects of one record come. Nothing
 * else fails: what crashes do is for the worlds to show.
 */
export const runOutage = async (options: OutageOptions): Promise<OutageReport> => {
  const plan = planOutage(options)
  const scheduler = createScheduler(plan.startAt)
  const marks = createArrivalMarks(targetNames, plan.objectsMax)
  const landing = createLanding(scheduler, marks)
  const files = createLightStore((from, bytes) => landing.land('silver', from, bytes))
  const items = createLightLedger()
  const objects = createLightQueue(scheduler, queueLimits)
  const ground: Ground = { scheduler, plan, landing, files, items }
  const { transform, sweep, ingest, tally } = createFunctions(ground, objects)

  const mapping = startMapping(ground, objects, transform)
  const ramp: number[] = []
  every(ground, sweepEveryMs, async () => {
    const isBack = scheduler.now() >= plan.upAt
    const { sent } = await sweep(callFor(ground, sweepEveryMs))
    if (isBack) ramp.push(sent)
  })
  let batchesWaiting = 0
  scheduler.after(plan.upAt - plan.startAt, () => (batchesWaiting = items.open.size))
  const make = (): void => {
    const now = scheduler.now()
    if (now >= plan.endAt) return
    void ingest({ facts: factsOf(marks.make(now), now) }, new AbortController().signal)
    scheduler.after(plan.gapMs(now), make)
  }
  make()
  every(ground, hourMs, async () =>
    options.onProgress?.((scheduler.now() - plan.startAt) / hourMs, marks.made()),
  )

  await scheduler.run(plan.endAt, () => false)
  const left = (): number =>
    objects.size() + mapping.busy() + items.open.size + files.stagedBatches()
  await scheduler.run(plan.endAt + restMsMax, () => left() === 0)
  await landing.allLanded()
  return {
    ...{ target: plan.target, hours: options.hours, ...tally, batchesWaiting, ramp },
    ...{ objects: marks.made(), deadLetters: objects.dead() },
    targets: { silver: marks.judge('silver'), clickhouse: marks.judge('clickhouse') },
    catchUpSeconds: Math.round((marks.lastOf(plan.target, plan.upAt) - plan.upAt) / secondMs),
  }
}

/** The functions as their doors make them, on ports that take their time. */
const createFunctions = (ground: Ground, objects: LightQueue) => {
  const { delay, tally, clickhouse, ...ports } = createSlowPorts(ground)
  const { bronze, ...others } = ports
  const shared = { ...others, pipeline: notes.name, ids: createMemoryIds(1, ports.clock) }
  const queue = { send: (body: string) => delay(sendMs, () => objects.send(body)) }
  const encoder = createParquetEncoder()
  return {
    tally,
    transform: createTransform({
      ...{ ...shared, bronze, limits: defaultLimits, datasets: [notes], routes },
      ...{ contracts: {}, overwrites: {} },
      encoder: { ...encoder, join: (...own) => ground.scheduler.hold(encoder.join(...own)) },
      quarantineFiles: { bucket: 'silver', prefix: 'quarantine/' },
      targets: [createSilverTarget({ store: ports.store, prefix: 'silver/' }), clickhouse],
    }),
    sweep: createSweep({ ...shared, queue }),
    ingest: createIngest({
      ...{ ...shared, bronze, queue, routes, buckets: undefined },
      replay: {
        prefix: '_replay/',
        replicator: { look: () => Promise.reject(new Error('nobody replays here')) },
      },
      sendOnce: (_key, send) => send(),
    }),
  }
}

const every = (ground: Ground, ms: number, work: () => Promise<void>): void =>
  ground.scheduler.after(ms, () => {
    void work()
    every(ground, ms, work)
  })

const callFor = ({ scheduler }: Ground, ms: number) => {
  const stop = new AbortController()
  scheduler.after(ms, () => stop.abort())
  return { deadline: Math.floor(scheduler.now()) + ms, signal: stop.signal }
}

/** An event source mapping with a partial batch response, and transform's door behind it. */
const startMapping = (
  ground: Ground,
  objects: LightQueue,
  transform: ReturnType<typeof createTransform>,
) => {
  let busy = 0
  const invoke = async (messages: readonly Message[]): Promise<void> => {
    busy += 1
    const deliveries = messages.map(({ id, body }) => ({
      messageId: id,
      message: readObjectsMessage(notes.name, body),
    }))
    const left = new Set(await transform(deliveries, callFor(ground, timeoutMs - marginMs)))
    objects.finish(messages.flatMap(({ id }) => (left.has(id) ? [] : [id])))
    for (const { id, receives } of messages)
      if (left.has(id)) objects.putOff(id, redeliveryMs(receives, 0.5))
    busy -= 1
  }
  every(ground, windowMs, async () => {
    while (busy < concurrencyMax && objects.waiting() > 0) void invoke(objects.receive(batchMax))
  })
  return { busy: () => busy }
}
