import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'

const enough = { OBJECTS_QUEUE_URL: 'https://sqs.example/objects', IDEMPOTENCY_TABLE_NAME: 'sent' }

test('takes the names older functions took', () => {
  const environment = {
    QUEUE_URL: 'https://sqs.example/objects',
    IDEMPOTENCY_TABLE: 'sent',
    S3_XAPI_BUCKET_NAME: 'torus-xapi-prod',
  }
  expect(parseConfig(environment)).toMatchObject({
    objectsQueueUrl: 'https://sqs.example/objects',
    idempotencyTable: 'sent',
    pipeline: 'default',
    buckets: ['torus-xapi-prod'],
  })
})

test('routes to datasets that exist', () => {
  const ROUTES = JSON.stringify([{ prefix: 'x/', suffixes: [], dataset: 'xapi_statements' }])
  expect(parseConfig({ ...enough, ROUTES }).routes).toEqual([
    { prefix: 'x/', suffixes: [], dataset: 'xapi_statements' },
  ])
})

test('tells a route to nowhere together with everything else', () => {
  const ROUTES = JSON.stringify([{ prefix: '', suffixes: [], dataset: 'nothing' }])
  const parse = () => parseConfig({ ROUTES, S3_MAX_ATTEMPTS: '0', FAILURE_DLQ_URL: 'x' })
  for (const part of [
    '5 settings need attention',
    'OBJECTS_QUEUE_URL or QUEUE_URL is missing',
    'IDEMPOTENCY_TABLE_NAME or IDEMPOTENCY_TABLE is missing',
    'S3_MAX_ATTEMPTS must be a whole number from 1 to 20, not "0"',
    'FAILURE_DLQ_URL is not taken',
    'ROUTES names the dataset nothing',
  ])
    expect(parse).toThrow(part)
})
