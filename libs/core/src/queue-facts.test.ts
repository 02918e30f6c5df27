import { expect, test } from 'vitest'
import { checkQueueFacts, type QueueFacts } from './queue-facts.ts'

const url = 'https://sqs.eu-west-1.amazonaws.com/123456789012/objects'
const deadLetterArn = 'arn:aws:sqs:eu-west-1:123456789012:objects-dlq'
const queueWith = (receivesMax: number | undefined, visibilitySeconds = 1_800): QueueFacts => ({
  ...{ url, visibilitySeconds },
  redrive: receivesMax === undefined ? undefined : { deadLetterArn, receivesMax },
})

test.each([
  [20, 'ok'],
  [19, 'wrong'],
  [5, 'wrong'],
  [undefined, 'warning'],
])('of %s receives at most: %s', (receivesMax, state) => {
  expect(checkQueueFacts(queueWith(receivesMax), 300)).toMatchObject([{ name: 'objects', state }])
})

test('the fix is a command that SQS takes as it is', () => {
  const [check] = checkQueueFacts(queueWith(5), 300)
  const [, attributes = ''] = /--attributes '(.+)'$/.exec(check?.fix ?? '') ?? []
  const { RedrivePolicy } = JSON.parse(attributes) as { RedrivePolicy: string }
  expect(JSON.parse(RedrivePolicy)).toEqual({
    deadLetterTargetArn: deadLetterArn,
    maxReceiveCount: 50,
  })
})

test.each([
  [1_800, 300, 'ok'],
  [1_799, 300, 'warning'],
  [299, 300, 'wrong'],
  [30, undefined, 'ok'],
])('%s s hidden, for a function of %s s: %s', (visibilitySeconds, timeoutSeconds, state) => {
  const [check] = checkQueueFacts(queueWith(50, visibilitySeconds), timeoutSeconds)
  expect(check?.state).toBe(state)
  if (state !== 'ok') expect(check?.fix).toContain('VisibilityTimeout=1800')
})
