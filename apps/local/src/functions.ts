import { join } from 'node:path'
import type { Bundles, FunctionName } from './bundles.ts'
import type { FunctionSettings } from './lambda/invocation.ts'
import type { MappingSettings } from './mapping/event-source-mapping.ts'
import type { Resources } from './resources.ts'
import { sizes } from './sizes.ts'

/** Prefixes in the silver bucket, without the slash at their end. */
export const silverPrefix = 'silver'
export const quarantinePrefix = 'quarantine'
export const pipeline = 'local'

type Size = Pick<FunctionSettings, 'timeoutMs' | 'memoryMib' | 'concurrencyMax'>

const deployed = (name: FunctionName): Pick<Size, 'timeoutMs' | 'memoryMib'> => ({
  timeoutMs: sizes.functions[name].timeout_seconds * 1_000,
  memoryMib: sizes.functions[name].memory_mib,
})

/** As Terraform sizes them, for a machine of two cores. */
export const functionSizes: Readonly<Record<FunctionName, Size>> = {
  ingest: { ...deployed('ingest'), concurrencyMax: 2 },
  // As many as all of its mappings may start.
  transform: { ...deployed('transform'), concurrencyMax: 4 },
  // Jobs go on in the next call, and somebody waits for what a call says.
  bulk: { ...deployed('bulk'), timeoutMs: 60_000, concurrencyMax: 2 },
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
  arrivals: sizes.mappings.arrivals.function,
  objects: sizes.mappings.objects.function,
  bulk: sizes.mappings.bulk.function,
  messages: sizes.mappings.messages.function,
}

/** Of the batch size of a deployment; the window is short, for somebody waits. */
const mapped = (name: MappingName, concurrencyMax: number): Mapped => ({
  batchSize: sizes.mappings[name].batch_size,
  windowMs: 1_000,
  concurrencyMax,
  reportBatchItemFailures: true,
  retryMaxMs,
})

export const mappingSettings: Readonly<Record<MappingName, Mapped>> = {
  arrivals: mapped('arrivals', 2),
  objects: mapped('objects', 2),
  // The same function on the same messages, with less of it.
  bulk: mapped('bulk', 1),
  // Lambda's most; 6 MB of an event are often fewer.
  messages: mapped('messages', 1),
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
