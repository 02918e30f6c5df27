import { expect, test } from 'vitest'
import { stackSettingsOf } from './stack-settings.ts'

const queue = (name: string) => ({ name, queueUrl: `http://sqs/${name}`, queueArn: `arn:${name}` })
const pair = (name: string) => ({ main: queue(name), dead: queue(`${name}-dlq`) })

test('names every place under the name the functions know it by, and no secret', () => {
  const settings = stackSettingsOf({
    resources: {
      ...{ bronzeBucket: 'bronze', silverBucket: 'silver', ledgerTable: 'ledger' },
      ...{ idempotencyTable: 'once', arrivals: pair('arrivals'), objects: pair('objects') },
      ...{ bulk: pair('bulk'), messages: pair('messages') },
    },
    targets: ['silver', 'clickhouse'],
    routes: '[]',
    endpoints: { s3: 'http://s3', sqs: 'http://sqs', dynamodb: 'http://dynamodb' },
    credentials: {
      ...{ AWS_ACCESS_KEY_ID: 'secret-1', AWS_SECRET_ACCESS_KEY: 'secret-2' },
      AWS_SESSION_TOKEN: 'secret-3',
    },
    clickHouse: {
      ...{ CLICKHOUSE_URL: 'https://server', CLICKHOUSE_DATABASE: 'db', CLICKHOUSE_USER: 'me' },
      ...{ CLICKHOUSE_PASSWORD: 'secret-4', CLICKHOUSE_SETTINGS: 'secret-5' },
    },
    environment: { MAX_RECORD_BYTES: '5' },
  })
  expect(JSON.stringify(settings)).not.toContain('secret')
  expect(settings).toMatchObject({
    ...{ PIPELINE: 'local', TARGETS: 'silver,clickhouse', ROUTES: '[]', MAX_RECORD_BYTES: '5' },
    ...{ BRONZE_BUCKET: 'bronze', SILVER_BUCKET: 'silver', LEDGER_TABLE_NAME: 'ledger' },
    ...{ SILVER_PREFIX: 'silver', QUARANTINE_PREFIX: 'quarantine' },
    ...{ OBJECTS_QUEUE_URL: 'http://sqs/objects', OBJECTS_DLQ_URL: 'http://sqs/objects-dlq' },
    ...{ BULK_QUEUE_URL: 'http://sqs/bulk', BULK_DLQ_URL: 'http://sqs/bulk-dlq' },
    ...{ ARRIVALS_QUEUE_URL: 'http://sqs/arrivals', ARRIVALS_DLQ_URL: 'http://sqs/arrivals-dlq' },
    ...{ CLICKHOUSE_URL: 'https://server', CLICKHOUSE_DATABASE: 'db', CLICKHOUSE_USER: 'me' },
    ...{ MESSAGES_QUEUE_URL: 'http://sqs/messages', AWS_ENDPOINT_URL_S3: 'http://s3' },
  })
})
