import type { Limits, ObjectsMessage, Route } from '@silversmith/core'
import { defaultLimits, objectOfMessage, readObjectsMessage, sourceIdOf } from '@silversmith/core'
import type { ReconcileReport, SendOnce } from '@silversmith/flow'
import {
  createIngest,
  createReconcile,
  createSilverInspector,
  createSweep,
} from '@silversmith/flow'
import type { EventSource } from './event-source.ts'
import { startEventSource } from './event-source.ts'
import type { Invocation, Surroundings } from './invocation.ts'
import { invoke } from './invocation.ts'
import type { Mutation } from '../mutants/mutation.ts'
import { noteDataset } from './note-dataset.ts'
import { decompressedBytesMax, objectBytesMax, recordBytesMax } from './note-object.ts'
import type { Random } from '../random.ts'
import type { Release, Sandbox } from './sandbox.ts'
import { createSandbox, firstRelease } from './sandbox.ts'
import { createIdempotencyModel } from './send-once.ts'
import type { Grounds, Ports } from './simulated-ports.ts'
import { createSimulatedPorts } from './simulated-ports.ts'
import type { Delivery, Sqs } from './sqs.ts'
import type { Told } from './uploader.ts'

const minuteMs = 60_000
export const timeoutMs = minuteMs
const graceMs = 5_000
const sweepEveryMs = 5 * minuteMs
const warmChance = 0.7

export const routes: readonly Route[] = [
  {
    prefix: 'notes/',
    suffixes: ['.jsonl', '.jsonl.gz', '.json', '.json.gz'],
    dataset: noteDataset.name,
  },
]

/** What a scripted world has: nothing is cut that the script does not make large. */
export const roomyLimits: Limits = {
  ...defaultLimits,
  recordBytesMax,
  objectBytesMax,
  decompressedBytesMax,
}

/** Small enough that each is reached. */
export const drawLimits = (random: Random): Limits => ({
  ...roomyLimits,
  batchSourcesMax: 1 + random.below(20),
  batchChunksMax: random.chance(0.3) ? 1 + random.below(4) : 1_000,
  chunkRowsMax: 1 + random.below(50),
  openBuildersMax: 1 + random.below(10),
  concurrencyMax: 1 + random.below(4),
})

export interface Lambdas {
  readonly grounds: Grounds
  readonly arrivals: Sqs
  readonly objects: Sqs
  /** What jobs send, for the same transform. */
  readonly bulk: Sqs
  /** Their messages are data. */
  readonly messages: Sqs
  readonly bucket: string
  readonly mutation: Mutation
  readonly limits: Limits
  /** Event sources wait and take always alike, see EventSource. */
  readonly isSteady: boolean
  /** See messages that are about to be deleted. */
  readonly onArrivalsDone: (deliveries: readonly Delivery[]) => void
  readonly onObjectsDone: (deliveries: readonly Delivery[]) => void
  readonly onMessagesDone: (deliveries: readonly Delivery[]) => void
  /** `startedAt`: true time. */
  readonly onReport: (report: ReconcileReport, startedAt: number) => void
}

/** The functions of a world, at work. */
export interface Running {
  /** Invocations that run now. */
  count(): number
  /** Once, beside the schedule. */
  sweep(): void
  /** Looks through the whole bucket and sends what is missing. */
  reconcile(): void
  /** Any other function. */
  readonly start: Start
}

export type Start = <Result>(
  kind: string,
  run: (ports: Ports, invocation: Invocation) => Promise<Result>,
  onEnd: (result: Result | undefined, invocation: Invocation) => void,
) => void

/** Starts the event source mappings and the schedule. */
export const startLambdas = (around: Surroundings, lambdas: Lambdas): Running => {
  const { grounds, mutation, isSteady } = lambdas
  const { pipeline } = grounds
  const { start, running } = createStarter(around, grounds, mutation)
  const finish = mutation.finish ?? keepLeft
  const idempotency = createIdempotencyModel()
  startEventSource(around, {
    ...{
      queue: lambdas.arrivals,
      concurrency: 2,
      isSteady,
      finish,
      onFinish: lambdas.onArrivalsDone,
    },
    invokeWith: (batch, end) =>
      start(
        'ingest',
        (ports, self) => ingestAll(pipeline, batch, ports, idempotency.bind(self), self),
        end,
      ),
  })
  const pool = createPool(around, lambdas)
  const transformWith =
    (askOf: (delivery: Delivery) => ObjectsMessage | undefined): EventSource['invokeWith'] =>
    (batch, end) => {
      const sandbox = pool.take()
      const deliveries = batch.map((delivery) => ({
        messageId: delivery.messageId,
        message: askOf(delivery),
      }))
      start(
        'transform',
        (ports, self) => sandbox.transform(deliveries, ports, self),
        (left, self) => {
          if (!self.isDead) pool.giveBack(sandbox)
          end(left)
        },
      )
    }
  for (const [queue, concurrency] of [
    [lambdas.objects, 3],
    [lambdas.bulk, 1],
  ] as const)
    startEventSource(around, {
      ...{ queue, concurrency, isSteady, finish, putsOff: true },
      onFinish: lambdas.onObjectsDone,
      invokeWith: transformWith(({ body }) => readObjectsMessage(pipeline, body)),
    })
  startEventSource(around, {
    ...{ queue: lambdas.messages, concurrency: 2, isSteady, finish, putsOff: true },
    onFinish: lambdas.onMessagesDone,
    invokeWith: transformWith((delivery) => messageOf(pipeline, delivery)),
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
  return { start, count: running, sweep, reconcile: () => reconcileFrom(around, lambdas, start) }
}

/** What the door of transform makes of a message that is data. */
const messageOf = (pipeline: string, { identity, body }: Delivery): ObjectsMessage => {
  const object = objectOfMessage(identity)
  const source = {
    ...{ id: sourceIdOf(pipeline, object), object, dataset: noteDataset.name, generation: 0 },
    content: { bytes: Buffer.from(body), sentAt: 0 },
  }
  return { kind: 'source', source }
}

/** Sandboxes of transform: warm ones serve again, new ones may be of another release. */
const createPool = (
  { scheduler, random, troubles }: Surroundings,
  { grounds, ...lambdas }: Lambdas,
) => {
  const idle: Sandbox[] = []
  const { pipeline, hold } = grounds
  const { limits, mutation } = lambdas
  const drawRelease = (): Release =>
    random.chance(troubles().deploy)
      ? { mapping: random.pick([1, 2]), compression: random.pick(['none', 'snappy']) }
      : firstRelease
  return {
    take: (): Sandbox => {
      const warm = random.chance(warmChance) ? idle.pop() : undefined
      const release = drawRelease()
      if (warm) return warm
      const { leaseMarginMs } = mutation
      scheduler.note(`a sandbox of release ${release.mapping}, ${release.compression}`)
      return createSandbox({ pipeline, limits, release, leaseMarginMs, hold })
    },
    giveBack: (sandbox: Sandbox): void => void idle.push(sandbox),
  }
}

const reconcileFrom = (
  around: Surroundings,
  lambdas: Lambdas,
  start: Start,
  from?: string,
): void => {
  const startedAt = around.scheduler.now()
  const { grounds, bucket } = lambdas
  const { pipeline, hold, decode } = grounds
  const request = { bucket, prefix: '', enqueue: true, ...(from !== undefined && { from }) }
  start(
    'reconcile',
    ({ inspector, ...ports }, self) => {
      const silver = createSilverInspector({
        ...{ store: ports.store, prefix: 'silver/' },
        decode: (bytes) => hold(decode(bytes)),
      })
      const inspectors = [silver, inspector]
      const tables = noteDataset.tables.map(({ name }) => name)
      return createReconcile({ ...ports, pipeline, routes, inspectors, tables })(request, self)
    },
    (report) => {
      if (!report) return
      lambdas.onReport(report, startedAt)
      if (report.next !== undefined) reconcileFrom(around, lambdas, start, report.next)
    },
  )
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
        onEnd(result, invocation)
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

/** Partial batch response: what the handler left stays. */
const keepLeft: NonNullable<Mutation['finish']> = (delivered, left) =>
  delivered.filter((id) => !left.includes(id))

/** What the ingest door does: each record on its own, the failed ones left. */
const ingestAll = async (
  pipeline: string,
  batch: readonly Delivery[],
  ports: Ports,
  sendOnce: SendOnce,
  { signal }: Invocation,
): Promise<readonly string[]> => {
  const replicator = { look: () => Promise.reject(new Error('nobody replays here')) }
  const replay = { prefix: '_replay/', replicator }
  const ingest = createIngest({ ...ports, pipeline, routes, buckets: undefined, replay, sendOnce })
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
