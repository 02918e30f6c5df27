import {
  batchSettings,
  type Environment,
  effectiveSettings,
  functionSettings,
  parseUrl,
  type RefusedSetting,
  readSettings,
  refusedSettings,
  setting,
} from '@silversmith/core'

/** Every setting of bulk. */
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
