import { expect, test } from 'vitest'
import { queueNameOf, readReceived } from './message-record.ts'
import { firstIdentityAttribute, writeFirstIdentity } from './source.ts'

const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:orders'
const sentAt = 1_767_607_871_000
const record = {
  ...{ messageId: 'm1', eventSourceARN: queueArn },
  attributes: { SentTimestamp: String(sentAt) },
}

test('a record tells who its message is, and when it was sent', () => {
  const identity = { queueArn, messageId: 'm1' }
  expect(readReceived(record)).toEqual({ identity, queueArn, isRedriven: false, sentAt })
  const dead = {
    ...{ ...record, eventSourceARN: `${queueArn}-dlq` },
    attributes: { ...record.attributes, DeadLetterQueueSourceArn: queueArn },
  }
  expect(readReceived(dead)).toEqual({ identity, queueArn, isRedriven: false, sentAt })
  const stringValue = writeFirstIdentity({ ...identity, sentAt: sentAt - 5 })
  const redriven = {
    ...{ ...record, messageId: 'm2' },
    messageAttributes: { [firstIdentityAttribute]: { stringValue, dataType: 'String' } },
  }
  expect(readReceived(redriven)).toEqual({
    ...{ identity, queueArn, isRedriven: true, sentAt: sentAt - 5 },
  })
})

test.each([
  null,
  7,
  'text',
  [],
  {},
  { messageId: 'm1' },
  { messageId: '', eventSourceARN: queueArn },
  { messageId: 7, eventSourceARN: queueArn },
  { messageId: 'half \ud800', eventSourceARN: queueArn },
  { eventSourceARN: queueArn, __proto__: { messageId: 'm1' } },
])('%j is no message', (strange) => {
  expect(readReceived(strange)).toBeUndefined()
})

test.each([undefined, null, [], {}, { SentTimestamp: 7 }, { SentTimestamp: '1767607871' }])(
  'attributes %j tell no time',
  (attributes) => {
    expect(readReceived({ ...record, attributes })).toMatchObject({ sentAt: undefined })
  },
)

test.each([
  queueArn,
  'https://sqs.eu-west-1.amazonaws.com/123456789012/orders',
  'http://127.0.0.1:4566/123456789012/orders',
])('%s ends with account and name of its queue', (named) => {
  expect(queueNameOf(named)).toBe('123456789012/orders')
})
