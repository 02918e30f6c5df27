import { parseClickHouseSettings, withoutSecrets } from '@silversmith/clickhouse'
import {
  batchSettings,
  bulkQueueUrl,
  type Environment,
  effectiveSettings,
  functionSettings,
  inspectSettings,
  parseList,
  parseOneOf,
  parsePrefix,
  parseRoutes,
  parseText,
  parseUrl,
  refusedSettings,
  replayPrefixSetting,
  routeProblems,
  setting,
  settingsInvalid,
} from '@silversmith/core'
import { datasets, defaultRoutes } from '@silversmith/datasets'

export type TargetName = 'silver' | 'clickhouse'

/** Every setting of bulk, those of ClickHouse apart. Most are those of ingest and transform, for reconcile and for jobs. */
export const bulkSettings = {
  ...functionSettings,
  ...batchSettings,
  objectsQueueUrl: setting({
    name: 'OBJECTS_QUEUE_URL',
    aliases: ['QUEUE_URL'],
    parse: parseUrl,
    required: true,
    description: 'URL of the queue transform reads',
  }),
  bulkQueueUrl,
  idempotencyTable: setting<string | undefined>({
    name: 'IDEMPOTENCY_TABLE_NAME',
    aliases: ['IDEMPOTENCY_TABLE'],
    parse: parseText,
    default: undefined,
    description:
      'DynamoDB table that remembers for an hour what jobs sent; without it a repeated send costs messages, never rows',
  }),
  buckets: setting<readonly string[]>({
    name: 'BRONZE_BUCKET',
    aliases: ['S3_XAPI_BUCKET_NAME'],
    parse: parseList(parseText),
    default: [],
    description:
      'bucket, or buckets, reconcile and jobs may look at; without one there is only the sweep',
  }),
  routes: setting({
    name: 'ROUTES',
    parse: parseRoutes,
    default: defaultRoutes,
    description: 'the same as of ingest: what reconcile misses must be of a route',
  }),
  targets: setting<readonly TargetName[]>({
    name: 'TARGETS',
    parse: parseList(parseOneOf('silver', 'clickhouse')),
    default: ['silver', 'clickhouse'],
    description: 'the same as of transform: where reconcile looks for rows',
  }),
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
  replayPrefix: replayPrefixSetting,
}

/** @throws Fault SETTINGS_INVALID that lists every problem, also those of ClickHouse where it is a target. */
export const parseConfig = (environment: Environment) => {
  const { values, problems } = inspectSettings(bulkSettings, environment, refusedSettings)
  const clickHouse = values.targets?.includes('clickhouse')
    ? parseClickHouseSettings(environment)
    : undefined
  const all = [
    ...problems,
    ...routeProblems(values.routes ?? [], datasets),
    ...(clickHouse && 'problems' in clickHouse ? clickHouse.problems : []),
  ]
  if (all.length > 0) throw settingsInvalid(all)
  const settings = clickHouse && 'settings' in clickHouse ? clickHouse.settings : undefined
  return {
    ...values,
    clickHouse: settings,
    effective: {
      ...effectiveSettings(bulkSettings, values),
      ...(settings && { clickHouse: withoutSecrets(settings) }),
    },
  }
}
