import { parseClickHouseSettings, withoutSecrets } from '@silversmith/clickhouse'
import {
  contractProblems,
  contractsSetting,
  overwritesSetting,
  batchSettings,
  defaultBreakerLimits,
  type Environment,
  effectiveSettings,
  functionSettings,
  inspectSettings,
  type Limits,
  limitsOf,
  messagesQueueUrls,
  parseBoolean,
  parseList,
  parseOneOf,
  type Parser,
  parsePrefix,
  parseSecondsAsMs,
  parseUrl,
  parseRoutes,
  parseWhole,
  readingSettings,
  refusedSettings,
  routeProblems,
  setting,
  settingsInvalid,
} from '@silversmith/core'
import { datasets, defaultRoutes } from '@silversmith/datasets'
import { defaultLeaseMarginMs } from '@silversmith/flow'
import type { Compression } from '@silversmith/parquet'

export type TargetName = 'silver' | 'clickhouse'

/**
 * The end of a stopped batch is recorded after its work was stopped, which may take 4 s. Unrecorded it looks like a crash, and
 * three of those condemn an object.
 */
const marginMsMin = 5_000

const parseMargin: Parser<number> = (text) => {
  const parsed = parseWhole(marginMsMin, 300_000)(text)
  return 'problem' in parsed
    ? { problem: `${parsed.problem}: recording the end of a stopped batch takes up to 4 s` }
    : parsed
}

/** Every setting of transform, those of ClickHouse apart. */
export const transformSettings = {
  ...functionSettings,
  ...batchSettings,
  silverPrefix: setting({
    name: 'SILVER_PREFIX',
    parse: parsePrefix,
    default: 'silver',
    description: 'folder of the Parquet files',
  }),
  quarantinePrefix: setting({
    name: 'QUARANTINE_PREFIX',
    parse: parsePrefix,
    default: 'quarantine',
    description: 'folder of rejected records',
  }),
  routes: setting({
    name: 'ROUTES',
    parse: parseRoutes,
    default: defaultRoutes,
    description: 'the same as of ingest: whose table CLICKHOUSE_TABLE renames',
  }),
  contracts: contractsSetting,
  overwrites: overwritesSetting,
  objectsQueueUrl: setting<string | undefined>({
    name: 'OBJECTS_QUEUE_URL',
    aliases: ['QUEUE_URL'],
    parse: parseUrl,
    default: undefined,
    description: 'URL of the queue transform reads; for health_check and diagnostics only',
  }),
  messagesQueueUrls,
  storeReceiptHandle: setting({
    name: 'STORE_RECEIPT_HANDLE',
    parse: parseBoolean,
    default: false,
    description:
      'receipt handles of messages that are data into receipt_handle; who reads one may delete the message',
  }),
  targets: setting<readonly TargetName[]>({
    name: 'TARGETS',
    parse: parseList(parseOneOf('silver', 'clickhouse')),
    default: ['silver', 'clickhouse'],
    description: 'where rows go; fixed once the pipeline has run',
  }),
  ...readingSettings,
  memoryMib: setting({
    name: 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
    parse: parseWhole(128),
    default: 2_048,
    description: 'set by Lambda: how much may be held open at a time goes by it',
  }),
  compression: setting<Compression>({
    name: 'PARQUET_COMPRESSION',
    parse: parseOneOf('snappy', 'zstd', 'gzip', 'none'),
    default: 'snappy',
    description: 'codec of the Parquet files',
  }),
  marginMs: setting({
    name: 'LAMBDA_TIMEOUT_SAFETY_MARGIN_MS',
    parse: parseMargin,
    default: marginMsMin,
    description:
      'time before the end of an invocation at which its work is stopped, so that the end of its batch can still be recorded',
  }),
  breakerFailuresMax: setting({
    name: 'CIRCUIT_BREAKER_FAILURE_THRESHOLD',
    parse: parseWhole(1, 1_000),
    default: defaultBreakerLimits.failuresMax,
    description: 'failures of a target in a row after which it is not called for a while',
  }),
  breakerOpenMs: setting({
    name: 'CIRCUIT_BREAKER_OPEN_SECONDS',
    parse: parseSecondsAsMs,
    default: defaultBreakerLimits.openMs,
    description: 'that while; then one batch tries it',
  }),
  leaseMarginMs: setting({
    name: 'LEASE_MARGIN_MS',
    parse: parseWhole(0, 900_000),
    default: defaultLeaseMarginMs,
    description:
      'time after the end of its work at which the batch of a silent invocation is given up; decides waits, never rows',
  }),
}

/** @throws Fault SETTINGS_INVALID that lists every problem, also those of ClickHouse where it is a target. */
export const parseConfig = (environment: Environment) => {
  const { values, problems } = inspectSettings(transformSettings, environment, refusedSettings)
  const clickHouse = values.targets?.includes('clickhouse')
    ? parseClickHouseSettings(environment)
    : undefined
  const all = [
    ...problems,
    ...routeProblems(values.routes ?? [], datasets),
    ...contractProblems(values, datasets),
    ...folderProblems(values.silverPrefix, values.quarantinePrefix),
    ...(clickHouse && 'problems' in clickHouse ? clickHouse.problems : []),
  ]
  if (all.length > 0) throw settingsInvalid(all)
  const { objectBytesMax, recordBytesMax, decompressedBytesMax, chunkRowsMax, chunkBytesMax } =
    values
  const limits: Limits = {
    ...limitsOf(values.memoryMib),
    ...{ objectBytesMax, recordBytesMax, decompressedBytesMax, chunkRowsMax, chunkBytesMax },
  }
  const settings = clickHouse && 'settings' in clickHouse ? clickHouse.settings : undefined
  return {
    ...values,
    limits,
    clickHouse: settings,
    effective: {
      ...effectiveSettings(transformSettings, values),
      ...(settings && { clickHouse: withoutSecrets(settings) }),
    },
  }
}

/** Folders the house uses itself, beside those of the settings. */
const ownFolders: readonly string[] = ['_staging', '_batches']

const folderProblems = (
  silver: string | undefined,
  quarantine: string | undefined,
): readonly string[] => {
  if (silver === undefined || quarantine === undefined) return []
  const holds = (outer: string, inner: string): boolean => `${inner}/`.startsWith(`${outer}/`)
  const overlap = (one: string, other: string): boolean => holds(one, other) || holds(other, one)
  return [
    ...(overlap(silver, quarantine)
      ? ['SILVER_PREFIX and QUARANTINE_PREFIX must not be within one another']
      : []),
    ...ownFolders.flatMap((own) => [
      ...(overlap(silver, own) ? [`SILVER_PREFIX must not be ${own}, the house uses it`] : []),
      ...(overlap(quarantine, own)
        ? [`QUARANTINE_PREFIX must not be ${own}, the house uses it`]
        : []),
    ]),
  ]
}
