import type { Limits, Route } from '@silversmith/core'
import { defaultLimits, readObjectsMessage } from '@silversmith/core'
import type { Encode, SendOnce } from '@silversmith/flow'
import { createIngest, createSilverTarget, createSweep, createTransform } from '@silversmith/flow'
import { encodeParquet } from '@silversmith/parquet'
import type { Told } from './bronze-life.ts'
import type { Invocation, Surroundings } from './invocation.ts'
import { invoke } from './invocation.ts'
import type { Mutation } from './mutation.ts'
import { noteDataset } from './note-dataset.ts'
import { objectBytesMax, recordBytesMax } from './note-object.ts'
import type { Random } from './random.ts'
import { createIdempotencyModel } from './send-once.ts'
import type { Grounds, Ports } from './simulated-ports.ts'
import { createSimulatedPorts } from './simulated-ports.ts'
import type { Delivery, Sqs } from './sqs.ts'

const minuteMs = 60_000
export const timeoutMs = minuteMs
const graceMs = 5_000
const sweepEveryMs = 5 * minuteMs
const batchMax = 10
const queueIdleMs = 30_000
const routes: readonly Route[] = [{ prefix: 'notes/', suffixes: ['.jsonl'], dataset: 'notes' }]

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

export interface Lambdas {
  readonly grounds: Grounds
  readonly arrivals: Sqs
  readonly objects: Sqs
  readonly mutation: Mutation
}

/** Starts the event source mappings and the schedule; the result tells how many invocations are running. */
export const startLambdas = (around: Surroundings, lambdas: Lambdas): (() => number) => {
  const { scheduler, random } = around
  const { grounds, arrivals, objects, mutation } = lambdas
  const { pipeline } = grounds
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

  map('ingest', arrivals, 2, (batch, ports, self) =>
    ingestAll(pipeline, batch, ports, idempotency.bind(self), self),
  )
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
