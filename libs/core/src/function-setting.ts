import type { Route } from './route.ts'
import type { Parsed, RefusedSetting, SettingValues } from './setting.ts'
import { setting } from './setting.ts'
import {
  parseBoolean,
  parseFolder,
  parseJson,
  parseList,
  parseOneOf,
  parseSecondsAsMs,
  parseText,
  parseUrl,
  parseWhole,
} from './setting-parser.ts'

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'CRITICAL' | 'SILENT'

/** Settings every function takes. */
export const functionSettings = {
  pipeline: setting({
    name: 'PIPELINE',
    parse: parseText,
    default: 'default',
    description: 'the name the pipeline and its claims go by',
  }),
  logLevel: setting<LogLevel>({
    name: 'LOG_LEVEL',
    parse: parseOneOf('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT'),
    default: 'INFO',
    description: 'least level that is logged',
  }),
  environment: setting<string | undefined>({
    name: 'ENVIRONMENT',
    parse: parseText,
    default: undefined,
    description: 'dev, staging, prod: a field of every log line and a dimension of every metric',
  }),
  dryRun: setting({
    name: 'DRY_RUN',
    parse: parseBoolean,
    default: false,
    description:
      'transform only says what it would make of the object that a direct invocation names; all else but checkups is refused',
  }),
  diagnosedBucket: setting<string | undefined>({
    name: 'DIAG_S3_BUCKET',
    parse: parseText,
    default: undefined,
    description: 'bucket the diagnostics event looks into where it names none',
  }),
  diagnosedPrefix: setting({
    name: 'DIAG_S3_PREFIX',
    parse: parseText,
    default: '',
    description: 'and the prefix there',
  }),
  traceEnabled: setting({
    name: 'POWERTOOLS_TRACE_ENABLED',
    parse: parseBoolean,
    default: false,
    description:
      'segments for X-Ray, which must be active for the function; costs transform a quarter more CPU',
  }),
  s3ConnectTimeoutMs: setting({
    name: 'S3_CONNECT_TIMEOUT_SECONDS',
    parse: parseSecondsAsMs,
    default: 5_000,
    description: 'longest wait for a connection to S3, SQS and DynamoDB',
  }),
  s3ReadTimeoutMs: setting({
    name: 'S3_READ_TIMEOUT_SECONDS',
    parse: parseSecondsAsMs,
    default: 20_000,
    description: 'longest wait for an answer of S3, SQS and DynamoDB',
  }),
  s3AttemptsMax: setting({
    name: 'S3_MAX_ATTEMPTS',
    parse: parseWhole(1, 20),
    default: 4,
    description: 'tries of one request to S3, SQS and DynamoDB',
  }),
  s3Endpoint: setting<string | undefined>({
    name: 'AWS_ENDPOINT_URL_S3',
    parse: parseUrl,
    default: undefined,
    description: 'another S3 than that of the region',
  }),
  awsEndpoint: setting<string | undefined>({
    name: 'AWS_ENDPOINT_URL',
    parse: parseUrl,
    default: undefined,
    description: 'another AWS than that of the region',
  }),
  s3PathStyle: setting<boolean | undefined>({
    name: 'S3_PATH_STYLE',
    parse: parseBoolean,
    default: undefined,
    description: 'bucket in the path of the URL; by default where another S3 is named',
  }),
}

/** Where batches are kept; of every function that works on them. */
export const batchSettings = {
  ledgerTable: setting({
    name: 'LEDGER_TABLE_NAME',
    parse: parseText,
    required: true,
    description: 'DynamoDB table of claims and batches',
  }),
  silverBucket: setting({
    name: 'SILVER_BUCKET',
    parse: parseText,
    required: true,
    description: 'bucket of silver, quarantine, manifests and staging',
  }),
}

/** Of every function and command that must tell them from other queues. */
export const messagesQueueUrls = setting<readonly string[]>({
  name: 'MESSAGES_QUEUE_URL',
  parse: parseList(parseUrl),
  default: [],
  description: 'queue, or queues, whose messages are data themselves: rows of sqs_messages',
})

/** Of every function and command that sends there, or looks at queues. */
export const bulkQueueUrl = setting<string | undefined>({
  name: 'BULK_QUEUE_URL',
  parse: parseUrl,
  default: undefined,
  description:
    'queue of what jobs send, which transform reads by a mapping of its own with less concurrency; by default the objects queue, where live objects wait behind them',
})

/** Of every function and command that must tell copies from objects. */
export const replayPrefixSetting = setting({
  name: 'REPLAY_PREFIX',
  parse: parseFolder,
  default: '_replay/',
  description:
    'where `silversmith replay` puts copies: what is below it is loaded as the object it is a copy of, and is none itself',
})

/** The part of the settings that AWS clients are made of, named as their adapter names it. */
export const awsSettingsOf = (values: SettingValues<typeof functionSettings>) => ({
  connectTimeoutMs: values.s3ConnectTimeoutMs,
  requestTimeoutMs: values.s3ReadTimeoutMs,
  attemptsMax: values.s3AttemptsMax,
  endpoints: { s3: values.s3Endpoint ?? values.awsEndpoint },
  s3PathStyle: values.s3PathStyle,
})

/** `[{"prefix": "section/", "suffixes": [".jsonl"], "dataset": "xapi_events"}, …]`, first match wins. */
export const parseRoutes = parseJson<readonly Route[]>((parsed): Parsed<readonly Route[]> => {
  if (Array.isArray(parsed) && parsed.length > 0 && parsed.every(isRoute)) return { value: parsed }
  return {
    problem:
      'must be a JSON list of {"prefix": text, "suffixes": [texts], "dataset": text}, at least one',
  }
})

/** Routes to datasets nobody knows: their objects would be sealed as unrouted. */
export const routeProblems = (
  routes: readonly Route[],
  datasets: readonly { readonly name: string }[],
): readonly string[] => {
  const known = datasets.map(({ name }) => name)
  return routes
    .filter(({ dataset }) => !known.includes(dataset))
    .map(({ dataset }) => `ROUTES names the dataset ${dataset}; known are ${known.join(', ')}`)
}

/** Routes that no object of their own can reach. */
export const replayPrefixProblems = (
  routes: readonly Route[],
  replayPrefix: string,
): readonly string[] =>
  routes
    .filter(({ prefix }) => prefix.startsWith(replayPrefix))
    .map(({ prefix }) => `ROUTES has ${prefix}, which is below REPLAY_PREFIX (${replayPrefix})`)

const isText = (value: unknown): value is string => typeof value === 'string'

const isRoute = (value: unknown): value is Route => {
  if (typeof value !== 'object' || value === null) return false
  const { prefix, suffixes, dataset, ...rest } = value as Record<string, unknown>
  return (
    isText(prefix) &&
    Array.isArray(suffixes) &&
    suffixes.every(isText) &&
    isText(dataset) &&
    dataset !== '' &&
    Object.keys(rest).length === 0
  )
}

/**
 * Names that older functions of this kind took and this house does not, for every function. A name that is only another
 * function's is not here: functions may share one environment.
 */
export const refusedSettings: readonly RefusedSetting[] = [
  {
    name: 'FAILURE_DLQ_URL',
    reason:
      "a copy beside the queue's own retries arrives once per try and is no proof of anything",
    instead: 'the redrive policy of the queue (maxReceiveCount and deadLetterTargetArn)',
  },
  {
    name: 'ITER_LOG_INTERVAL_SECONDS',
    reason: 'there is no progress log within an object',
    instead: 'the events batch-sealed and chunk-applied, and the metrics of the same facts',
  },
  {
    name: 'TARGET_ROWS_PER_INSERT',
    reason: 'a chunk is closed when it is full or its batch ends, not at a wish',
    instead:
      'MAX_ROWS_PER_INSERT for the cap; the batch size and window of the event source mapping for the usual size',
  },
  {
    name: 'MAX_PARQUET_BYTES_PER_INSERT',
    reason: 'chunks are capped by decoded bytes, which decide the memory of both sides',
    instead: 'MAX_CHUNK_BYTES',
  },
  {
    name: 'MIN_REMAINING_TIME_TO_START_INSERT_MS',
    reason: 'an insert cut off by the deadline is verified and repeated, it cannot double rows',
    instead: 'LAMBDA_TIMEOUT_SAFETY_MARGIN_MS',
  },
  {
    name: 'MAX_MESSAGES_PER_INVOCATION_TO_PROCESS',
    reason: 'messages left over would only be received again',
    instead: 'the batch size of the event source mapping',
  },
]
