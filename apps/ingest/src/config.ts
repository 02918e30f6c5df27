import {
  type Environment,
  effectiveSettings,
  functionSettings,
  inspectSettings,
  parseList,
  parseRoutes,
  parseText,
  parseUrl,
  refusedSettings,
  replayPrefixProblems,
  replayPrefixSetting,
  routeProblems,
  setting,
  settingsInvalid,
} from '@silversmith/core'
import { datasets, defaultRoutes } from '@silversmith/datasets'

/** Every setting of ingest. */
export const ingestSettings = {
  ...functionSettings,
  objectsQueueUrl: setting({
    name: 'OBJECTS_QUEUE_URL',
    aliases: ['QUEUE_URL'],
    parse: parseUrl,
    required: true,
    description: 'URL of the queue transform reads',
  }),
  arrivalsQueueUrl: setting<string | undefined>({
    name: 'ARRIVALS_QUEUE_URL',
    parse: parseUrl,
    default: undefined,
    description: 'URL of the queue ingest reads; for health_check and diagnostics only',
  }),
  idempotencyTable: setting({
    name: 'IDEMPOTENCY_TABLE_NAME',
    aliases: ['IDEMPOTENCY_TABLE'],
    parse: parseText,
    required: true,
    description: 'DynamoDB table of Powertools idempotency, key id',
  }),
  buckets: setting<readonly string[] | undefined>({
    name: 'BRONZE_BUCKET',
    aliases: ['S3_XAPI_BUCKET_NAME'],
    parse: parseList(parseText),
    default: undefined,
    description: 'the only bucket, or buckets, objects are taken from',
  }),
  routes: setting({
    name: 'ROUTES',
    parse: parseRoutes,
    default: defaultRoutes,
    description: 'which keys belong to which dataset',
  }),
  replayPrefix: replayPrefixSetting,
}

/** @throws Fault SETTINGS_INVALID that lists every problem. */
export const parseConfig = (environment: Environment) => {
  const { values, problems } = inspectSettings(ingestSettings, environment, refusedSettings)
  const { routes = [], replayPrefix = '' } = values
  const all = [
    ...problems,
    ...routeProblems(routes, datasets),
    ...(replayPrefix ? replayPrefixProblems(routes, replayPrefix) : []),
  ]
  if (all.length > 0) throw settingsInvalid(all)
  return { ...values, effective: effectiveSettings(ingestSettings, values) }
}
