import { expect, it } from 'vitest'
import { readFailedIds } from './batch-response.ts'

const sent = new Set(['a', 'b'])

it.each(['', 'null', '{}', '{"batchItemFailures":null}', '{"batchItemFailures":[]}'])(
  'takes %j for success of all',
  (payload) => {
    expect([...readFailedIds(payload, sent)]).toEqual([])
  },
)

it.each([
  '{',
  '"done"',
  '[]',
  '{"batchItemFailures":"a"}',
  '{"batchItemFailures":[{"itemIdentifier":""}]}',
  '{"batchItemFailures":[{"itemIdentifier":null}]}',
  '{"batchItemFailures":[{"messageId":"a"}]}',
  '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]}',
  '{"batchItemFailures":["a"]}',
  '{"batchItemFailures":[null]}',
])('takes %j for failure of all', (payload) => {
  expect([...readFailedIds(payload, sent)]).toEqual(['a', 'b'])
})

it('names the messages that failed', () => {
  const payload = '{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}'
  expect([...readFailedIds(payload, sent)]).toEqual(['b'])
})
