import type { Limits, Route } from '@silversmith/core'
import { defaultLimits, readObjectsMessage } from '@silversmith/core'
import type { Encode, SendOnce } from '@silversmith/flow'
import { createIngest, createSilverTarget, createSweep, createTransform } from '@silversmith/flow'
import { encodeParquet } from '@silversmith/parquet'
import type { Invocation, Surroundings } from './invocation.ts'
import { invoke } from './invocation.ts'
import type { Mutation } from '../mutants/mutation.ts'
import { noteDataset } from './note-dataset.ts'
import { objectBytesMax, recordBytesMax } from './note-object.ts'
import type { Random } from '../random.ts'
import type { Told } from './uploader.ts'
import { createIdempotencyModel } from './send-once.ts'
import type { Grounds, Ports } from './simulated-ports.ts'
import { createSimulatedPorts } from './simulated-ports.ts'
import type { Delivery, Sqs } from './sqs.ts'

const minuteMs = 60_000
export const timeoutMs = minuteMs
const graceMs = 5_000
const sweepEveryMs = 5 * minuteMs
const batchMax = 10
const pollMinMs = 300
const pollSpreadMs = 5_000
const routes: readonly Route[] = [{ prefix: 'notes/', suffixes: ['.jsonl'], dataset: 'notes' }]

/** Small enough that each is reached. */
export const drawLimits = (random: Random): Limits => ({
  ...defaultLimits,
  recordBytesMax,
  objectBytesMax,
  batchSourcesMax: 1 + random.below(20),
  batchChunksMax: random.chance(0.3) ? 1 + random.below(4) : 1_000,
  chunkRowsMax: 1 + random.below(30),
  openBuildersMax: 1 + random.below(10),
  concurrencyMax: 1 + random.below(4),
})

/** What a scripted world has: nothing is cut that the script does not make large. */
export const roomyLimits: Limits = { ...defaultLimits, recordBytesMax, objectBytesMax }

export interface Lambdas {
  readonly grounds: Grounds
  readonly arrivals: Sqs
  readonly objects: Sqs
  readonly mutation: Mutation
  readonly limits: Limits
}

/** The functions of a world, at work. */
export interface Running {
  /** Invocations that run now. */
  count(): number
  /** Once, beside the schedule. */
  sweep(): void
}

type Start = <Result>(
  kind: string,
  run: (ports: Ports, invocation: Invocation) => Promise<Result>,
  onEnd: (result: Result | undefined) => void,
) => void

type Handle = (
  batch: readonly Delivery[],
  ports: Ports,
  self: Invocation,
) => Promise<readonly string[]>

/** Starts the event source mappings and the schedule. */
export const startLambdas = (around: Surroundings, lambdas: Lambdas): Running => {
  const { grounds, arrivals, objects, mutation, limits } = lambdas
  const { pipeline } = grounds
  const idempotency = createIdempotencyModel()
  const { start, running } = createStarter(around, grounds, mutation)
  const map = (kind: string, queue: Sqs, concurrency: number, handle: Handle): void =>
    startMapping(
      around,
      queue,
      { concurrency, finish: mutation.finish ?? keepLeft },
      (batch, end) => start(kind, (ports, self) => handle(batch, ports, self), end),
    )

  map('ingest', arrivals, 2, (batch, ports, self) =>
    ingestAll(pipeline, batch, ports, idempotency.bind(self), self),
  )
  map('transform', objects, 3, (batch, ports, self) => {
    const transform = createTransform({
      ...ports,
      ...{ pipeline, limits, datasets: [noteDataset], quarantinePrefix: 'quarantine/' },
      targets: [createSilverTarget({ store: ports.store, prefix: 'silver/' }), ports.clickHouse],
      encode: encodeOf(around, grounds),
      ...(mutation.leaseMarginMs !== undefined && { leaseMarginMs: mutation.leaseMarginMs }),
    })
    const deliveries = batch.map(({ messageId, body }) => ({
      messageId,
      message: readObjectsMessage(pipeline, body),
    }))
    return transform(deliveries, self)
  })
  const sweep = (): void =>
    start(
      'sweep',
      (ports, self) => createSweep({ pipeline, ...ports })(self),
      () => undefined,
    )
  const sweepForEver = (): void => {
    sweep()
    around.scheduler.after(sweepEveryMs, sweepForEver)
  }
  if (mutation.isSwept ?? true) around.scheduler.after(sweepEveryMs, sweepForEver)
  return { count: running, sweep }
}

/** Starts invocations on the grounds; of those that end in silence, the sources they had claimed keep count. */
const createStarter = (
  around: Surroundings,
  grounds: Grounds,
  mutation: Mutation,
): { readonly start: Start; readonly running: () => number } => {
  let running = 0
  let count = 0
  const start: Start = (kind, run, onEnd) => {
    running += 1
    count += 1
    let ports: Ports | undefined
    const invocation = invoke(around, {
      ...{ name: `${kind}${count}`, timeoutMs: mutation.timeoutMs ?? timeoutMs, graceMs },
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
  return { start, running: () => running }
}

type Finish = NonNullable<Mutation['finish']>

/** Partial batch response: what the handler left stays. */
const keepLeft: Finish = (delivered, left) => delivered.filter((id) => !left.includes(id))

/**
 * Polls a queue for ever: at most `concurrency` batches at a time, deleting what each invocation finished. An empty queue is not
 * asked: the next poll follows the message that becomes visible next.
 */
const startMapping = (
  { scheduler, random }: Surroundings,
  queue: Sqs,
  options: { readonly concurrency: number; readonly finish: Finish },
  invokeWith: (
    batch: readonly Delivery[],
    onEnd: (left: readonly string[] | undefined) => void,
  ) => void,
): void => {
  let busy = 0
  let polls = 0
  let nextPollAt = Infinity
  const plan = (): void => {
    const visibleAt = queue.nextVisibleAt()
    if (visibleAt === undefined || busy >= options.concurrency) return
    const at = Math.max(scheduler.now(), visibleAt) + pollMinMs + random.below(pollSpreadMs)
    if (at >= nextPollAt) return
    nextPollAt = at
    const own = (polls += 1)
    scheduler.after(at - scheduler.now(), () => {
      if (own === polls) poll()
    })
  }
  const poll = (): void => {
    nextPollAt = Infinity
    const batch = queue.receive(1 + random.below(batchMax))
    if (batch.length > 0) {
      busy += 1
      const ids = batch.map(({ messageId }) => messageId)
      invokeWith(batch, (left) => {
        busy -= 1
        if (left) queue.finish(options.finish(ids, left))
        plan()
      })
    }
    plan()
  }
  queue.onSend(plan)
}

/** A deploy changes the bytes the encoder makes of the same rows. */
const encodeOf = ({ random, troubles }: Surroundings, { hold }: Grounds): Encode => {
  const compression = random.chance(troubles().deploy) ? 'none' : 'snappy'
  return (columns, rows) => hold(encodeParquet(columns, rows, { compression }))
}

/** What the ingest door does: each record on its own, the failed ones left. */
const ingestAll = async (
  pipeline: string,
  batch: readonly Delivery[],
  ports: Ports,
  sendOnce: SendOnce,
  { signal }: Invocation,
): Promise<readonly string[]> => {
  const ingest = createIngest({ ...ports, pipeline, routes, buckets: undefined, sendOnce })
  const left = await Promise.all(
    batch.map(async ({ messageId, body }) => {
      const { sequencer, ...facts } = JSON.parse(body) as Told
      try {
        await ingest({ facts, sequencer }, signal)
        return []
      } catch {
        return [messageId]
      }
    }),
  )
  return left.flat()
}
