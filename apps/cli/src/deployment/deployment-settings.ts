import {
  contractsSetting,
  batchSettings,
  bulkQueueUrl,
  functionSettings,
  messagesQueueUrls,
  parseList,
  parseOneOf,
  parsePrefix,
  parseRoutes,
  parseText,
  parseUrl,
  replayPrefixSetting,
  setting,
} from '@silversmith/core'
import { defaultRoutes } from '@silversmith/datasets'

export type TargetName = 'silver' | 'clickhouse'

const queueUrl = (name: string, aliases: readonly string[], description: string) =>
  setting({ name, aliases, parse: parseUrl, required: true, description })
const deadQueueUrl = (name: string, of: string) =>
  setting<string | undefined>({
    ...{ name, parse: parseUrl, default: undefined },
    description: `dead-letter queue of ${of}; by default the one its redrive policy names`,
  })

/** What a part of a deployment is found by: the functions' own names. */
export const deploymentSettings = {
  ledger: { ...functionSettings, ...batchSettings },
  bronze: {
    buckets: setting({
      name: 'BRONZE_BUCKET',
      aliases: ['S3_XAPI_BUCKET_NAME'],
      parse: parseList(parseText),
      required: true,
      description: 'bucket, or buckets, objects are taken from',
    }),
    routes: setting({
      name: 'ROUTES',
      parse: parseRoutes,
      default: defaultRoutes,
      description: 'which keys belong to which dataset',
    }),
    replayPrefix: replayPrefixSetting,
  },
  objects: {
    objectsQueueUrl: queueUrl(
      'OBJECTS_QUEUE_URL',
      ['QUEUE_URL'],
      'URL of the queue transform reads',
    ),
  },
  bulk: { bulkQueueUrl },
  deadLetters: {
    arrivalsQueueUrl: queueUrl('ARRIVALS_QUEUE_URL', [], 'URL of the queue ingest reads'),
    arrivalsDeadUrl: deadQueueUrl('ARRIVALS_DLQ_URL', 'the arrivals queue'),
    objectsDeadUrl: deadQueueUrl('OBJECTS_DLQ_URL', 'the objects queue'),
    bulkQueueUrl,
    bulkDeadUrl: deadQueueUrl('BULK_DLQ_URL', 'the bulk queue'),
    messagesQueueUrls,
  },
  targets: {
    contracts: contractsSetting,
    targets: setting<readonly TargetName[]>({
      name: 'TARGETS',
      parse: parseList(parseOneOf('silver', 'clickhouse')),
      default: ['silver', 'clickhouse'],
      description: 'where rows go',
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
  },
} as const

/** A part a command works on. `ledger` is always there. */
export type Part = Exclude<keyof typeof deploymentSettings, 'ledger'>
