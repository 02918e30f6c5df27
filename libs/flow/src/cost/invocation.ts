import { defaultLimits } from '@silversmith/core'
import {
  type BatchShape,
  idempotencyWritesPerObject,
  shapeOf,
  type TransformCalls,
  transformCalls,
} from './calls.ts'
import type { Deployment, FunctionDeployment } from './deployment.ts'
import type { Figures, Inputs, ServiceLimits } from './figures.ts'

export interface Traffic {
  readonly objectsPerSecond: number
  readonly objectBytes: number
  /** Days the rows of a batch are of. */
  readonly days: number
}

/** One invocation, one batch. */
export interface Invocation {
  /** An average: with little traffic it is not whole. */
  readonly objects: number
  /** Billed. */
  readonly seconds: number
}

const msPerSecond = 1_000
const bytesPerMb = 1e6

/** Memory brings CPU in proportion. Both functions work in one thread: beyond one vCPU they are not faster. */
export const cpuShareOf = (
  { memoryMb }: Pick<FunctionDeployment, 'memoryMb'>,
  { lambdaMbPerCpu }: Pick<ServiceLimits, 'lambdaMbPerCpu'>,
): number => Math.min(1, memoryMb / lambdaMbPerCpu)

/** Objects a batch gathers when there is no backlog, from 1 to `most`: each of the mapping's batches waits for a window. */
export const gatheredOf = (
  { windowSeconds }: Pick<FunctionDeployment, 'windowSeconds'>,
  { mappingBatches }: Pick<ServiceLimits, 'mappingBatches'>,
  objectsPerSecond: number,
  most: number,
): number => Math.min(most, Math.max(1, (objectsPerSecond * windowSeconds) / mappingBatches))

/** The most objects of a batch: by the mapping, by batchSourcesMax, by what an event holds. Time is another matter: `readMost`. */
export const transformMost = (
  { figures, limits }: Inputs,
  { transform }: Pick<Deployment, 'transform'>,
): number =>
  Math.min(
    transform.batchSize,
    defaultLimits.batchSourcesMax,
    Math.floor(limits.lambdaPayloadBytes / figures.messageBytes),
  )

/** A first pass over several objects may take this share of the time, one object alone the other: libs/flow/src/transform/batch-reading.ts. */
const firstPassShare = 0.45
const readingShare = 0.9
/** marginMsMin in apps/transform/src/config.ts. */
const marginSeconds = 5

/** Seconds to claim and read one of many objects. */
const readSecondsOf = (
  { figures, limits }: Inputs,
  { transform }: Pick<Deployment, 'transform'>,
  objectBytes: number,
): number => {
  const cpu =
    (2 * figures.transformCpuMsPerRequest) / msPerSecond +
    objectBytes / bytesPerMb / figures.convertMbPerCpuSecond
  const waits = (figures.dynamoDbMs + figures.s3Ms) / msPerSecond / defaultLimits.concurrencyMax
  return cpu / cpuShareOf(transform, limits) + waits
}

/** Objects one invocation has the time to read; 0: not even one alone. */
export const readMost = (
  inputs: Inputs,
  deployment: Pick<Deployment, 'transform'>,
  objectBytes: number,
): number => {
  const seconds = readSecondsOf(inputs, deployment, objectBytes)
  const whole = deployment.transform.timeoutSeconds - marginSeconds
  const many = Math.floor((whole * firstPassShare) / seconds)
  return many > 1 ? many : seconds <= whole * readingShare ? 1 : 0
}

/** Undefined: the object cannot be read within one invocation. */
export const transformInvocation = (
  inputs: Inputs,
  deployment: Pick<Deployment, 'transform'>,
  { objectsPerSecond, objectBytes, days }: Traffic,
): (Invocation & { readonly shape: BatchShape }) | undefined => {
  const inTime = readMost(inputs, deployment, objectBytes)
  if (inTime === 0) return undefined
  const most = Math.min(inTime, transformMost(inputs, deployment))
  const objects = gatheredOf(deployment.transform, inputs.limits, objectsPerSecond, most)
  const shape = shapeOf(objects, objectBytes, days, inputs.figures)
  const share = cpuShareOf(deployment.transform, inputs.limits)
  const seconds = transformCpuSeconds(inputs.figures, shape) / share
  return { objects, shape, seconds: seconds + transformWaitSeconds(inputs.figures, shape) }
}

const sumOf = (calls: TransformCalls): number =>
  Object.values(calls).reduce<number>((sum, count: number) => sum + count, 0)

/** By its requests and by its bytes: two lines of one batch cost what a request of them costs, a GB what its bytes do. */
export const transformCpuSeconds = (figures: Figures, shape: BatchShape): number =>
  (sumOf(transformCalls(shape)) * figures.transformCpuMsPerRequest) / msPerSecond +
  shape.bytes / bytesPerMb / figures.convertMbPerCpuSecond

/** stagesMax in libs/flow/src/staging/chunk-builder.ts, copiesMax in libs/flow/src/apply/silver-target.ts. */
const stagesMax = 8
const copiesMax = 4
/** concurrencyMax in libs/aws/src/dynamo-ledger.ts. */
const ledgerReadsMax = 8

/** What a batch waits for, one after the other; what goes on at a time counts once, computing beside waiting does not. */
export const transformWaitSeconds = (figures: Figures, shape: BatchShape): number => {
  const calls = transformCalls(shape)
  const { chunks, days, files, staged } = shape
  const { concurrencyMax } = defaultLimits
  const parquetMb = (shape.bytes / bytesPerMb) * figures.parquetBytesPerByte
  const transferMs = (parquetMb / figures.transferMbPerSecond) * msPerSecond
  const rows = Math.max(shape.objects, shape.bytes / figures.recordBytes)
  const ledgerMs =
    (Math.ceil((calls.ledgerReads - 4) / ledgerReadsMax) +
      Math.ceil((calls.ledgerWrites - 3) / concurrencyMax) +
      7) *
    figures.dynamoDbMs
  const readMs = (calls.looks + Math.ceil(calls.objectGets / concurrencyMax)) * figures.s3Ms
  const stageMs = Math.ceil(staged / stagesMax) * figures.s3Ms + transferMs * (days === 1 ? 1 : 2)
  const manifestMs = (calls.manifestPuts + calls.manifestGets) * figures.s3Ms
  const silverMs = chunks * Math.ceil(files / chunks / copiesMax) * 2 * figures.s3Ms
  const clickHouseMs =
    chunks * (figures.s3Ms + figures.questionMs + figures.insertMs) +
    transferMs * 2 +
    (rows / figures.insertRowsPerSecond) * msPerSecond
  const clearMs = (calls.lists + calls.deletes) * figures.s3Ms
  // The targets are applied at the same time.
  const applyMs = Math.max(silverMs, clickHouseMs)
  return (ledgerMs + readMs + stageMs + manifestMs + applyMs + clearMs) / msPerSecond
}

/** arrivalsConcurrencyMax in apps/ingest/src/handler.ts, concurrencyMax in libs/aws/src/sqs-queue.ts. */
const arrivalsMax = 64
const sendsMax = 8

export const ingestInvocation = (
  { figures, limits }: Inputs,
  deployment: Pick<Deployment, 'ingest'>,
  { objectsPerSecond }: Pick<Traffic, 'objectsPerSecond'>,
): Invocation => {
  const { ingest } = deployment
  const objects = gatheredOf(ingest, limits, objectsPerSecond, ingest.batchSize)
  const cpuMs = (objects * figures.ingestCpuMsPerObject) / cpuShareOf(ingest, limits)
  const writesMs =
    Math.ceil(objects / arrivalsMax) * idempotencyWritesPerObject * figures.dynamoDbMs
  const sendsMs = Math.ceil(objects / figures.messagesPerSend / sendsMax) * figures.sqsMs
  return { objects, seconds: (cpuMs + writesMs + sendsMs) / msPerSecond }
}
