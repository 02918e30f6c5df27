import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'

const environment = {
  LEDGER_TABLE_NAME: 'ledger',
  SILVER_BUCKET: 'silver',
  QUEUE_URL: 'https://sqs.example/objects',
  CLICKHOUSE_URL: 'https://clickhouse.example:8443',
  CLICKHOUSE_DATABASE: 'analytics',
  CLICKHOUSE_PASSWORD: 'correct-horse',
  CLICKHOUSE_SETTINGS: 'max_memory_usage=123456789',
}

test('takes the names of the other functions, and tells no secret', () => {
  const config = parseConfig({ ...environment, S3_XAPI_BUCKET_NAME: 'one,two' })
  expect(config).toMatchObject({
    objectsQueueUrl: 'https://sqs.example/objects',
    buckets: ['one', 'two'],
    targets: ['silver', 'clickhouse'],
    clickHouse: { database: 'analytics' },
  })
  expect(JSON.stringify(config.effective)).not.toMatch(/correct-horse|123456789/)
})

test('asks for ClickHouse only where it is a target', () => {
  const without = { ...environment, CLICKHOUSE_URL: '' }
  expect(() => parseConfig(without)).toThrow('CLICKHOUSE_URL or CLICKHOUSE_HOST is missing')
  expect(parseConfig({ ...without, TARGETS: 'silver' }).clickHouse).toBeUndefined()
})

test('tells all problems at once', () => {
  const routes = '[{"prefix": "", "suffixes": [], "dataset": "nobody"}]'
  const wrong = { ...environment, ROUTES: routes, TARGETS: 'gold', SILVER_BUCKET: '' }
  expect(() => parseConfig(wrong)).toThrow(
    /SILVER_BUCKET[\s\S]*TARGETS[\s\S]*names the dataset nobody/,
  )
})
