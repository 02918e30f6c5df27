import {
  type BatchShape,
  idempotencyWritesPerObject,
  ledgerUnits,
  sqsRequests,
  transformCalls,
} from './calls.ts'
import type { Architecture, Deployment, FunctionDeployment } from './deployment.ts'
import type { Inputs, Prices } from './figures.ts'
import {
  ingestInvocation,
  type Invocation,
  type Traffic,
  transformInvocation,
} from './invocation.ts'

/** Dollars. */
export interface Bill {
  readonly lambda: number
  readonly sqs: number
  readonly dynamoDb: number
  readonly s3: number
  readonly logs: number
}

const million = 1e6
export const bytesPerGb = 1e9
const mbPerGb = 1024

export const totalOf = ({ lambda, sqs, dynamoDb, s3, logs }: Bill): number =>
  lambda + sqs + dynamoDb + s3 + logs

export const timesOf = (bill: Bill, factor: number): Bill => ({
  lambda: bill.lambda * factor,
  sqs: bill.sqs * factor,
  dynamoDb: bill.dynamoDb * factor,
  s3: bill.s3 * factor,
  logs: bill.logs * factor,
})

/** Of one invocation: what it takes of memory for so long, and that it is one. */
export const lambdaDollars = (
  prices: Prices,
  architecture: Architecture,
  { memoryMb }: Pick<FunctionDeployment, 'memoryMb'>,
  seconds: number,
): number => {
  const gbSecond = architecture === 'x86' ? prices.lambdaX86GbSecond : prices.lambdaArmGbSecond
  return (memoryMb / mbPerGb) * seconds * gbSecond + prices.lambdaRequestsMillion / million
}

/** For one object of such traffic. Undefined: it cannot be read within one invocation. */
export const billOf = (
  inputs: Inputs,
  deployment: Deployment,
  traffic: Traffic,
): Bill | undefined => {
  const { figures, prices } = inputs
  const transform = transformInvocation(inputs, deployment, traffic)
  if (!transform) return undefined
  const ingest = ingestInvocation(inputs, deployment, traffic)
  const { objects } = transform
  const sqs = sqsRequests({ ingest: ingest.objects, transform: objects }, figures)
  const bill = transformBillOf(inputs, deployment, transform)
  return {
    ...bill,
    lambda: bill.lambda + lambdaOf(inputs, deployment, 'ingest', ingest),
    sqs: sqsDollars(
      prices,
      sqs.eventsPerObject + sqs.sendsPerObject + sqs.receivesPerObject + sqs.deletesPerObject,
    ),
    dynamoDb: bill.dynamoDb + (idempotencyWritesPerObject * prices.dynamoDbWritesMillion) / million,
    logs: bill.logs + logsDollars(prices, figures.ingestLogBytes / ingest.objects),
  }
}

const lambdaOf = (
  { prices }: Inputs,
  deployment: Deployment,
  name: 'ingest' | 'transform',
  { seconds, objects }: Invocation,
): number => lambdaDollars(prices, deployment.architecture, deployment[name], seconds) / objects

export const sqsDollars = (prices: Prices, requests: number): number =>
  (requests * prices.sqsRequestsMillion) / million

const logsDollars = (prices: Prices, bytes: number): number => (bytes / bytesPerGb) * prices.logsGb

/** Of transform alone, for one object of a batch; without the requests of its queue. */
export const transformBillOf = (
  inputs: Inputs,
  deployment: Deployment,
  transform: Invocation & { readonly shape: BatchShape },
): Bill => {
  const { figures, prices } = inputs
  const { objects, shape } = transform
  const calls = transformCalls(shape)
  const units = ledgerUnits(shape)
  const { stagingPuts, manifestPuts, copies, lists } = calls
  const { looks, objectGets, manifestGets, heads, stagingGets } = calls
  const puts = stagingPuts + manifestPuts + copies + lists
  const gets = looks + objectGets + manifestGets + heads + stagingGets
  return {
    lambda: lambdaOf(inputs, deployment, 'transform', transform),
    sqs: 0,
    dynamoDb:
      (units.writes * prices.dynamoDbWritesMillion + units.reads * prices.dynamoDbReadsMillion) /
      million /
      objects,
    // Deletions are free.
    s3: (puts * prices.s3PutsMillion + gets * prices.s3GetsMillion) / million / objects,
    logs: logsDollars(prices, figures.transformLogBytes / objects),
  }
}

/** Dollars a month for what stays of one object: its Parquet in silver, its claim, its entry in a manifest. */
export const keptOf = ({ figures, prices }: Inputs, objectBytes: number): number =>
  ((objectBytes * figures.parquetBytesPerByte + figures.manifestBytesPerObject) * prices.s3GbMonth +
    figures.claimBytes * prices.dynamoDbGbMonth) /
  bytesPerGb

/** Records in an object; a small object holds one. */
export const recordsOf = ({ figures }: Pick<Inputs, 'figures'>, objectBytes: number): number =>
  Math.max(1, objectBytes / figures.recordBytes)

const monthSeconds = 30 * 86_400
/** A mapping polls for so long at a time: as AWS documents it. */
const longPollSeconds = 20
const mappings = 2

/** Dollars a month when nothing comes: the mappings ask all the same. */
export const idleOf = ({ limits, prices }: Inputs): number =>
  ((mappings * limits.mappingBatches * monthSeconds) / longPollSeconds / million) *
  prices.sqsRequestsMillion
