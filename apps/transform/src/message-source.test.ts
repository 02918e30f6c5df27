import { firstIdentityAttribute, type Source, writeFirstIdentity } from '@silversmith/core'
import type { SQSRecord } from 'aws-lambda'
import { expect, it } from 'vitest'
import { createMessageSources } from './message-source.ts'

const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:orders'
const options = {
  pipeline: 'p',
  messagesQueueUrls: ['https://sqs.eu-west-1.amazonaws.com/123456789012/orders'],
  storeReceiptHandle: false,
  now: () => 1_767_607_872_345,
}
const sourceOf = createMessageSources(options)

const recordOf = (more: object = {}): SQSRecord =>
  ({
    ...{ messageId: 'm1', receiptHandle: 'secret', body: 'b', eventSourceARN: queueArn },
    attributes: { SentTimestamp: '1767607871000' },
    messageAttributes: {},
    ...more,
  }) as SQSRecord

const contentOf = (source: Source | undefined): Readonly<Record<string, unknown>> =>
  JSON.parse(source?.content?.bytes.toString() ?? '') as Readonly<Record<string, unknown>>

const firstOf = (text: string) => ({
  [firstIdentityAttribute]: { stringValue: text, dataType: 'String' },
})

it('takes messages of the queues it was told, by account and name, and no others', () => {
  expect(sourceOf(recordOf())?.dataset).toBe('sqs_messages')
  for (const eventSourceARN of [
    'arn:aws:sqs:eu-west-1:123456789012:orders-dlq',
    'arn:aws:sqs:eu-west-1:210987654321:orders',
    'arn:aws:sqs:eu-west-1:123456789012:Orders',
    undefined,
  ])
    expect(sourceOf(recordOf({ eventSourceARN }))).toBeUndefined()
  const none = createMessageSources({ ...options, messagesQueueUrls: [] })
  expect(none(recordOf())).toBeUndefined()
})

it('goes by the queue a message lies in, whatever its sender says of its first one', () => {
  const elsewhere = 'arn:aws:sqs:eu-west-1:123456789012:objects'
  const passedOff = firstOf(writeFirstIdentity({ queueArn, messageId: 'm1' }))
  expect(
    sourceOf(recordOf({ eventSourceARN: elsewhere, messageAttributes: passedOff })),
  ).toBeUndefined()
  const handedOn = firstOf(writeFirstIdentity({ queueArn: elsewhere, messageId: 'm1' }))
  expect(sourceOf(recordOf({ messageAttributes: handedOn }))?.object.bucket).toBe(elsewhere)
})

it('002-6: knows a message again, from its queue, its dead-letter queue and after a redrive of ours', () => {
  const first = sourceOf(recordOf())
  const again = sourceOf(recordOf({ attributes: { ApproximateReceiveCount: '7' } }))
  const dead = sourceOf(
    recordOf({
      eventSourceARN: `${queueArn}-dlq`,
      attributes: { DeadLetterQueueSourceArn: queueArn },
    }),
  )
  const text = writeFirstIdentity({ queueArn, messageId: 'm1', sentAt: 1_767_607_871_000 })
  const redriven = sourceOf(recordOf({ messageId: 'm2', messageAttributes: firstOf(text) }))
  for (const one of [again, dead, redriven]) expect(one?.id).toBe(first?.id)
  expect(redriven?.content?.sentAt).toBe(first?.content?.sentAt)
  expect(sourceOf(recordOf({ messageId: 'm2' }))?.id).not.toBe(first?.id)
})

it('002-10: keeps the receipt handle only where that is asked for', () => {
  expect(sourceOf(recordOf())?.content?.bytes.toString()).not.toContain('secret')
  const keeping = createMessageSources({ ...options, storeReceiptHandle: true })
  expect(contentOf(keeping(recordOf()))['receiptHandle']).toBe('secret')
})

it.each([
  ['an empty body', ''],
  ['an event of S3', '{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"}}}]}'],
  ['a message of ours', '{"v":1,"pipeline":"p","batch":"01JZ0000000000000000000000"}'],
])('takes %s for data', (_, body) => {
  expect(contentOf(sourceOf(recordOf({ body })))).toMatchObject({
    ...{ messageId: 'm1', body, ingestedAt: 1_767_607_872_345 },
  })
})

it('takes no time from a sender that no row could hold', () => {
  const text = `${queueArn} m1 999999999999999`
  expect(sourceOf(recordOf({ messageAttributes: firstOf(text) }))?.content?.sentAt).toBe(
    1_767_607_871_000,
  )
  expect(
    sourceOf(recordOf({ attributes: { SentTimestamp: '9'.repeat(30) } }))?.content,
  ).toMatchObject({ sentAt: 0 })
})
