import {
  bytesPerGb,
  cpuShareOf,
  type Deployment,
  gatheredOf,
  type Inputs,
  lambdaDollars,
  recordsOf,
  type Traffic,
} from '@silversmith/flow/cost'

/** Somebody else's way from JSON to a table. */
export interface Other {
  readonly name: string
  /** Dollars for one object of such traffic; undefined: it does not fit. */
  readonly dollars: (inputs: Inputs, deployment: Deployment, traffic: Traffic) => number | undefined
  /** What it does, and what is left out here. */
  readonly told: string
}

const million = 1e6
const bytesPerMb = 1e6
const msPerSecond = 1_000

/** Seed 000 as its README advises: S3 events in SQS, a function of 1 024 MB, 120 s, batch 100, window 60 s. */
const seed000 = { memoryMb: 1_024, timeoutSeconds: 120, batchSize: 100, windowSeconds: 60 }
const sqsBatchMax = 10

const seed000Dollars: Other['dollars'] = (inputs, { architecture }, traffic) => {
  const { figures, limits, prices } = inputs
  const { objectsPerSecond, objectBytes } = traffic
  const own = seed000
  const objects = gatheredOf(own, limits, objectsPerSecond, own.batchSize)
  const mb = (objects * objectBytes) / bytesPerMb
  const rows = objects * recordsOf(inputs, objectBytes)
  const seconds =
    mb / figures.pythonMbPerCpuSecond / cpuShareOf(own, limits) +
    (objects * figures.s3Ms + figures.insertMs) / msPerSecond +
    rows / figures.insertRowsPerSecond
  // All objects of an invocation are in memory at a time.
  if (mb * figures.pythonPeakMibPerMb > own.memoryMb || seconds > own.timeoutSeconds)
    return undefined
  const sqs =
    1 + 1 / Math.min(objects, figures.messagesPerReceive) + 1 / Math.min(objects, sqsBatchMax)
  return (
    lambdaDollars(prices, architecture, own, seconds) / objects +
    (sqs * prices.sqsRequestsMillion + prices.s3GetsMillion) / million
  )
}

/** Seed 001: S3 invokes the function for every object; one GET. */
const seed001Dollars: Other['dollars'] = ({ prices }) =>
  (prices.lambdaRequestsMillion + prices.s3GetsMillion) / million

/**
 * Seed 003: S3 invokes ingest, which locks the object (two writes) and sends a message for every record, ten at a time;
 * transform gets ten messages without a window and writes a file of them.
 */
const seed003Dollars: Other['dollars'] = (inputs, _deployment, { objectBytes }) => {
  const { prices } = inputs
  const tens = Math.max(1, recordsOf(inputs, objectBytes) / sqsBatchMax)
  const perObject =
    prices.lambdaRequestsMillion + prices.s3GetsMillion + 2 * prices.dynamoDbWritesMillion
  const perTen = 3 * prices.sqsRequestsMillion + prices.lambdaRequestsMillion + prices.s3PutsMillion
  return (perObject + tens * perTen) / million
}

/** Firehose takes a record for 5 KB, or as many. */
const firehoseStepBytes = 5 * 1_024

const firehoseGb = (prices: Inputs['prices']): number =>
  prices.firehoseGb + prices.firehoseConversionGb

export const others: readonly Other[] = [
  {
    name: 'seed 000',
    dollars: seed000Dollars,
    told: 'the Python function of oli-torus (`cloud/xapi-etl-processor`) that this replaces: S3 event → SQS → Python → ClickHouse, as its README sizes it. A redelivery doubles rows; no silver, no quarantine. Only the CPU its bytes cost is counted, not that of its requests, nor its logs: less than it would be.',
  },
  {
    name: 'seed 001, requests alone',
    dollars: seed001Dollars,
    told: 'an earlier state of the same function: S3 event → Python → five INSERTs for each object. The invocation and the GET; its computing time was not measured and is left out.',
  },
  {
    name: 'seed 003, requests alone',
    dollars: seed003Dollars,
    told: 'minimal-serverless-elt, Python: S3 event → ingest → a message for every record → transform → a Parquet file for every ten; no ClickHouse. Its computing time was not measured and is left out.',
  },
  {
    name: 'Firehose, a record each',
    dollars: ({ figures, prices }, _deployment, { objectBytes }) => {
      const bytes = Math.min(figures.recordBytes, objectBytes)
      const billed = Math.ceil(bytes / firehoseStepBytes) * firehoseStepBytes
      return ((objectBytes / bytes) * billed * firehoseGb(prices)) / bytesPerGb
    },
    told: 'list price of taking in and making Parquet, with records as they are, each counted as 5 KB. It takes records and no objects: reading S3, ClickHouse, what is doubled and what is rejected are left out.',
  },
  {
    name: 'Firehose, packed',
    dollars: ({ prices }, _deployment, { objectBytes }) =>
      (objectBytes * (firehoseGb(prices) + prices.firehosePartitioningGb)) / bytesPerGb,
    told: 'the same if a producer packs records to multiples of 5 KB, and with partitions by day of the event (dynamic partitioning).',
  },
]
