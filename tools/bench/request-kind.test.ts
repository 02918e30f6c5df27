import { expect, test } from 'vitest'
import { kindOf } from './stack/request-kind.ts'

const ulid = '01JZZZZZZZZZZZZZZZZZZZZZZZ'

test.each([
  ['POST', '/', { 'x-amz-target': 'DynamoDB_20120810.BatchGetItem' }, 'DynamoDB read'],
  ['POST', '/', { 'x-amz-target': 'DynamoDB_20120810.PutItem' }, 'DynamoDB write'],
  ['POST', '/', { 'x-amz-target': 'AmazonSQS.SendMessageBatch' }, 'SQS SendMessageBatch'],
  ['GET', '/bronze/section/1/a.jsonl?x-id=GetObject', {}, 'S3 GET object'],
  ['GET', `/silver/_staging/${ulid}/1-0.parquet?x-id=GetObject`, {}, 'S3 GET staging'],
  ['GET', '/silver/?list-type=2&prefix=_staging', {}, 'S3 LIST'],
  ['PUT', `/silver/_batches/dt=2026-01-05/${ulid}.json`, {}, 'S3 PUT manifest'],
  ['PUT', '/silver/silver/raw_events/a', { 'x-amz-copy-source': 'silver/_staging/a' }, 'S3 copy'],
  ['HEAD', `/silver/_staging/${ulid}/1-0.parquet`, {}, 'S3 HEAD'],
  ['POST', '/silver/?delete=', {}, 'S3 DELETE'],
  ['POST', '/?insert_deduplication_token=a&query=INSERT+INTO+t', {}, 'ClickHouse INSERT'],
  // The rehearsal of the preflight has its statement in the body, and no rows.
  ['POST', '/?insert_deduplication_token=a', {}, 'ClickHouse question'],
  ['GET', '/2018-06-01/runtime/invocation/next', {}, undefined],
] as const)('%s %s is known', (method, path, headers, kind) => {
  const known: Readonly<Record<string, string>> = headers
  expect(kindOf({ method, path, header: (name) => known[name] })).toBe(kind)
})
