import {
  type FunctionDeployment,
  idempotencyWritesPerObject,
  indexWritesPerBatch,
  ingestInvocation,
  type Invocation,
  readMost,
  recordsOf,
  transformCalls,
  transformInvocation,
  transformMost,
} from '@silversmith/flow/cost'
import {
  type Limit,
  moveBatchSize,
  moveChunkBytes,
  moveIngestMemory,
  moveWindow,
  raise,
  type Setup,
  smaller,
  withDeployment,
  withLimits,
} from './moves.ts'

const trafficOf = ({ objectBytes, days }: Setup, objectsPerSecond: number) => ({
  ...{ objectBytes, days, objectsPerSecond },
})

const ingestOf = (setup: Setup, rate: number) => {
  const invocation = ingestInvocation(setup.inputs, setup.deployment, trafficOf(setup, rate))
  return { ...invocation, perSecond: rate / invocation.objects }
}

const transformOf = (setup: Setup, rate: number) => {
  const { inputs, deployment } = setup
  const invocation = transformInvocation(inputs, deployment, trafficOf(setup, rate))
  if (!invocation) throw new Error('an object cannot be read within one invocation')
  const calls = transformCalls(invocation.shape)
  return { ...invocation, calls, perSecond: rate / invocation.objects }
}

const concurrencyOf = (setup: Setup, rate: number) => {
  const [ingest, transform] = [ingestOf(setup, rate), transformOf(setup, rate)]
  return {
    ingest: ingest.perSecond * ingest.seconds,
    transform: transform.perSecond * transform.seconds,
  }
}

const insertsOf = (setup: Setup, rate: number): number => {
  const { perSecond, calls } = transformOf(setup, rate)
  return perSecond * calls.inserts
}

const lambdaLimits: readonly Limit[] = [
  {
    name: 'Lambda account',
    unit: 'invocations at a time',
    demand: (setup, rate) => {
      const { ingest, transform } = concurrencyOf(setup, rate)
      return ingest + transform
    },
    supply: ({ inputs }) => inputs.limits.lambdaConcurrency,
    moves: [moveIngestMemory, raise('lambdaConcurrency', 2, 'quota of concurrent executions')],
  },
  {
    name: 'Lambda ingest',
    unit: 'batches at a time',
    demand: (setup, rate) => concurrencyOf(setup, rate).ingest,
    supply: ({ inputs }) => inputs.limits.mappingConcurrency,
    moves: [
      moveIngestMemory,
      raise('mappingConcurrency', 2, "pollers of the mapping's provisioned mode"),
    ],
  },
  {
    name: 'Lambda transform',
    unit: 'batches at a time',
    demand: (setup, rate) => concurrencyOf(setup, rate).transform,
    supply: ({ inputs }) => inputs.limits.mappingConcurrency,
    moves: [raise('mappingConcurrency', 2, "pollers of the mapping's provisioned mode")],
  },
  {
    name: 'Lambda time',
    unit: 'objects one batch has the time to read',
    demand: (setup, rate) => {
      const { windowSeconds } = setup.deployment.transform
      const gathered = (rate * windowSeconds) / setup.inputs.limits.mappingBatches
      return Math.min(gathered, transformMost(setup.inputs, setup.deployment))
    },
    supply: ({ inputs, deployment, objectBytes }) => readMost(inputs, deployment, objectBytes),
    moves: [moveBatchSize],
  },
]

/** Messages are received when they are gathered, and deleted when their batch is done. */
const inFlightOf = (
  { inputs }: Setup,
  { windowSeconds }: FunctionDeployment,
  { objects, seconds, perSecond }: Invocation & { readonly perSecond: number },
): number => {
  const gathered = Math.min(perSecond * windowSeconds, inputs.limits.mappingBatches)
  return objects * (gathered + perSecond * seconds)
}

const sqsLimits: readonly Limit[] = [
  {
    name: 'SQS arrivals',
    unit: 'messages in flight',
    demand: (setup, rate) => inFlightOf(setup, setup.deployment.ingest, ingestOf(setup, rate)),
    supply: ({ inputs }) => inputs.limits.sqsInFlight,
    moves: [moveIngestMemory, raise('sqsInFlight', 2, 'quota of messages in flight')],
  },
  {
    name: 'SQS objects',
    unit: 'messages in flight',
    demand: (setup, rate) =>
      inFlightOf(setup, setup.deployment.transform, transformOf(setup, rate)),
    supply: ({ inputs }) => inputs.limits.sqsInFlight,
    moves: [moveBatchSize, raise('sqsInFlight', 2, 'quota of messages in flight')],
  },
]

/** Claims and the batch's three writes; reads are as many, and three times as many are allowed. */
const ledgerWritesOf = (setup: Setup, rate: number): number => {
  const { perSecond, calls } = transformOf(setup, rate)
  return perSecond * calls.ledgerWrites
}
const idempotencyWritesOf = (_setup: Setup, rate: number): number =>
  rate * idempotencyWritesPerObject

const tableLimits = (table: string, demand: Limit['demand']): readonly Limit[] => [
  {
    name: `DynamoDB new ${table}`,
    ...{ unit: 'writes/s of a table that never had more', demand },
    supply: ({ inputs }) => inputs.limits.newTableWrites,
    moves: [
      (setup) => {
        const { newTableWrites, tableWrites } = setup.inputs.limits
        return {
          setting: `warm throughput of the table: ${newTableWrites} to ${tableWrites} writes/s`,
          setup: withLimits(setup, { newTableWrites: tableWrites }),
        }
      },
    ],
  },
  {
    name: `DynamoDB ${table}`,
    ...{ unit: 'writes/s', demand },
    supply: ({ inputs }) => inputs.limits.tableWrites,
    moves: [raise('tableWrites', 2, 'quota of writes per table')],
  },
]

const dynamoDbLimits: readonly Limit[] = [
  ...tableLimits('idempotency', idempotencyWritesOf),
  ...tableLimits('ledger', ledgerWritesOf),
  {
    // Keys of claims and of batches are hashed: no partition of the table itself is hot.
    name: 'DynamoDB open index',
    unit: 'writes/s of one partition',
    demand: (setup, rate) =>
      (transformOf(setup, rate).perSecond * indexWritesPerBatch) / setup.deployment.openShards,
    supply: ({ inputs }) => inputs.limits.partitionWrites,
    moves: [
      (setup) => {
        const { openShards } = setup.deployment
        const change = { openShards: openShards * 2 }
        return {
          setting: `shardsMax in libs/aws/src/ledger-record.ts: ${openShards} to ${openShards * 2}`,
          setup: withDeployment(setup, { ...setup.deployment, ...change }),
        }
      },
    ],
  },
]

const s3Limits: readonly Limit[] = [
  {
    name: 'S3 bronze',
    unit: 'reads/s of a prefix',
    demand: (_setup, rate) => rate,
    supply: ({ inputs, deployment }) => inputs.limits.prefixGets * deployment.bronzePrefixes,
    moves: [
      (setup) => {
        const bronzePrefixes = setup.deployment.bronzePrefixes * smaller
        return {
          setting: `prefixes of bronze keys S3 has split: ${setup.deployment.bronzePrefixes} to ${bronzePrefixes}`,
          setup: withDeployment(setup, { ...setup.deployment, bronzePrefixes }),
        }
      },
    ],
  },
  {
    name: 'S3 silver',
    unit: 'writes/s of a prefix',
    demand: (setup, rate) => {
      const { perSecond, calls } = transformOf(setup, rate)
      const { stagingPuts, manifestPuts, copies, deletes } = calls
      return perSecond * (stagingPuts + manifestPuts + copies + deletes)
    },
    supply: ({ inputs, deployment }) => inputs.limits.prefixPuts * deployment.silverPrefixes,
    moves: [
      (setup) => {
        // _staging/, _batches/ and silver/
        const silverPrefixes = setup.deployment.silverPrefixes * 3
        return {
          setting: `prefixes of the silver bucket S3 has split: ${setup.deployment.silverPrefixes} to ${silverPrefixes}`,
          setup: withDeployment(setup, { ...setup.deployment, silverPrefixes }),
        }
      },
    ],
  },
]

/** A table must keep a token so long: windowSecondsMin in libs/clickhouse/src/window.ts. */
const tokenSeconds = 3_600

export const insertsName = 'ClickHouse INSERTs'

const clickHouseLimits: readonly Limit[] = [
  {
    name: insertsName,
    unit: 'INSERTs/s it advises',
    demand: insertsOf,
    supply: ({ inputs }) => inputs.limits.insertsPerSecond,
    moves: [
      moveWindow,
      moveChunkBytes,
      raise(
        'insertsPerSecond',
        2,
        'INSERTs/s that ClickHouse bears, by more servers, each with a part of the objects',
      ),
    ],
  },
  {
    name: 'ClickHouse tokens',
    unit: 'tokens of an hour it remembers',
    demand: (setup, rate) => insertsOf(setup, rate) * tokenSeconds,
    supply: ({ deployment }) => deployment.tokens,
    moves: [
      (setup) => {
        const tokens = setup.deployment.tokens * smaller
        return {
          setting: `CLICKHOUSE_DEDUPLICATION_WINDOW: ${setup.deployment.tokens} to ${tokens}`,
          setup: withDeployment(setup, { ...setup.deployment, tokens }),
        }
      },
    ],
  },
  {
    name: 'ClickHouse rows',
    unit: 'rows/s',
    demand: ({ inputs, objectBytes }, rate) => rate * recordsOf(inputs, objectBytes),
    supply: ({ inputs }) => inputs.figures.insertRowsPerSecond,
    moves: [
      (setup) => {
        const { figures } = setup.inputs
        const insertRowsPerSecond = figures.insertRowsPerSecond * 2
        const inputs = { ...setup.inputs, figures: { ...figures, insertRowsPerSecond } }
        return {
          setting: `rows/s of the ClickHouse servers: ${figures.insertRowsPerSecond} to ${insertRowsPerSecond}`,
          setup: { ...setup, inputs },
        }
      },
    ],
  },
]

export const capacityLimits: readonly Limit[] = [
  ...[...lambdaLimits, ...sqsLimits, ...dynamoDbLimits, ...s3Limits, ...clickHouseLimits],
]
