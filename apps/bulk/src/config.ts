import {
  type Environment,
  effectiveSettings,
  functionSettings,
  parseText,
  parseUrl,
  type RefusedSetting,
  readSettings,
  refusedSettings,
  setting,
} from '@silversmith/core'

/** Every setting of bulk. */
export const bulkSettings = {
  ...functionSettings,
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
  objectsQueueUrl: setting({
    name: 'OBJECTS_QUEUE_URL',
    aliases: ['QUEUE_URL'],
    parse: parseUrl,
    required: true,
    description: 'URL of the queue transform reads',
  }),
}

const bulkRefused: readonly RefusedSetting[] = [
  ...refusedSettings,
  {
    name: 'S3_XAPI_BUCKET_NAME',
    reason: 'the one mode there is, sweep, reads no bronze',
    instead: 'send {"bucket", "key"} messages to the arrivals queue',
  },
]

/** @throws Fault SETTINGS_INVALID that lists every problem. */
export const parseConfig = (environment: Environment) => {
  const values = readSettings(bulkSettings, environment, bulkRefused)
  return { ...values, effective: effectiveSettings(bulkSettings, values) }
}
