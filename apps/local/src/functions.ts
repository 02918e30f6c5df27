import { join } from 'node:path'
import type { Bundles, FunctionName } from './bundles.ts'
import type { FunctionSettings } from './lambda/invocation.ts'
import type { MappingSettings } from './mapping/event-source-mapping.ts'
import type { Resources } from './resources.ts'

/** Prefixes in the silver bucket, without the slash at their end. */
export const silverPrefix = 'silver'
export const quarantinePrefix = 'quarantine'
export const pipeline = 'local'

type Size = Pick<FunctionSettings, 'timeoutMs' | 'memoryMib' | 'concurrencyMax'>

/** As Terraform sizes them, for a machine of two cores. */
export const functionSizes: Readonly<Record<FunctionName, Size>> = {
  ingest: { timeoutMs: 30_000, memoryMib: 512, concurrencyMax: 2 },
  // As many as all of its mappings may start.
  transform: { timeoutMs: 300_000, memoryMib: 3_008, concurrencyMax: 4 },
  bulk: { timeoutMs: 60_000, memoryMib: 512, concurrencyMax: 2 },
}

type Mapped = Pick<
  MappingSettings,
  'batchSize' | 'windowMs' | 'concurrencyMax' | 'reportBatchItemFailures' | 'retryMaxMs'
>

/** A failed message comes back within seconds and not minutes: nobody pays for the receives here. */
const retryMaxMs = 8_000

/** By what their queues bring. */
export const mappingNames = ['arrivals', 'objects', 'bulk', 'messages'] as const
export type MappingName = (typeof mappingNames)[number]

export const mappedFunctions: Readonly<Record<MappingName, FunctionName>> = {
  arrivals: 'ingest',
  objects: 'transform',
  bulk: 'transform',
  messages: 'transform',
}

export const mappingSettings: Readonly<Record<MappingName, Mapped>> = {
  arrivals: {
    batchSize: 500,
    windowMs: 1_000,
    concurrencyMax: 2,
    reportBatchItemFailures: true,
    retryMaxMs,
  },
  objects: {
    batchSize: 5_000,
    windowMs: 1_000,
    concurrencyMax: 2,
    reportBatchItemFailures: true,
    retryMaxMs,
  },
  // The same function on the same messages, with less of it.
  bulk: {
    batchSize: 5_000,
    windowMs: 1_000,
    concurrencyMax: 1,
    reportBatchItemFailures: true,
    retryMaxMs,
  },
  messages: {
    // Lambda's most; 6 MB of an event are often fewer.
    batchSize: 10_000,
    windowMs: 1_000,
    concurrencyMax: 1,
    reportBatchItemFailures: true,
    retryMaxMs,
  },
}

export const sweepMs = 5_000

/** Settings of the functions that a person may give in the environment of `npm start`. */
const passedOn = [
  'LOG_LEVEL',
  'ROUTES',
  'PARQUET_COMPRESSION',
  'MAX_S3_OBJECT_BYTES',
  'MAX_RECORD_BYTES',
  'MAX_DECOMPRESSED_BYTES',
  'MAX_ROWS_PER_INSERT',
  'MAX_CHUNK_BYTES',
  'CONTRACTS',
  'OVERWRITES',
  'STORE_RECEIPT_HANDLE',
]

export interface FunctionContext {
  readonly resources: Resources
  readonly targets: readonly string[]
  /** JSON, or undefined for the routes the datasets come with. */
  readonly routes: string | undefined
  readonly endpoints: { readonly s3: string; readonly sqs: string; readonly dynamodb: string }
  readonly credentials: Readonly<Record<string, string>>
  /** CLICKHOUSE_* of transform and bulk. */
  readonly clickHouse: Readonly<Record<string, string>>
  readonly environment: NodeJS.ProcessEnv
}

/** All settings of a function. */
export const environmentOf = (
  name: FunctionName,
  context: FunctionContext,
): Record<string, string> => {
  const { resources, endpoints, environment } = context
  const given = passedOn.flatMap((setting) => {
    const value = environment[setting]
    return value === undefined ? [] : [[setting, value] as const]
  })
  const common = {
    ...Object.fromEntries(given),
    ...context.credentials,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    PIPELINE: pipeline,
    OBJECTS_QUEUE_URL: resources.objects.main.queueUrl,
  }
  const routes = context.routes === undefined ? {} : { ROUTES: context.routes }
  if (name === 'ingest')
    return {
      ...common,
      ...routes,
      BRONZE_BUCKET: resources.bronzeBucket,
      IDEMPOTENCY_TABLE_NAME: resources.idempotencyTable,
    }
  const ledger = {
    ...common,
    LEDGER_TABLE_NAME: resources.ledgerTable,
    SILVER_BUCKET: resources.silverBucket,
  }
  const targets = {
    ...ledger,
    ...routes,
    ...context.clickHouse,
    SILVER_PREFIX: silverPrefix,
    QUARANTINE_PREFIX: quarantinePrefix,
    TARGETS: context.targets.join(','),
  }
  if (name === 'bulk')
    return {
      ...targets,
      BRONZE_BUCKET: resources.bronzeBucket,
      BULK_QUEUE_URL: resources.bulk.main.queueUrl,
      IDEMPOTENCY_TABLE_NAME: resources.idempotencyTable,
    }
  return {
    ...targets,
    MESSAGES_QUEUE_URL: resources.messages.main.queueUrl,
    // A server on this machine is back within seconds, and somebody waits for it.
    CIRCUIT_BREAKER_OPEN_SECONDS: environment['CIRCUIT_BREAKER_OPEN_SECONDS'] ?? '5',
  }
}

export const functionSettingsOf = (
  name: FunctionName,
  bundles: Bundles,
  context: FunctionContext,
): FunctionSettings => ({
  ...functionSizes[name],
  name,
  bundle: bundles[name],
  env: environmentOf(name, context),
})

export const logFileOf = (dir: string, name: FunctionName): string =>
  join(dir, 'logs', `${name}.log`)
