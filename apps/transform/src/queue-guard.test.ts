import type { QueueFacts } from '@silversmith/core'
import { expect, test } from 'vitest'
import { createQueueGuard } from './queue-guard.ts'

const arn = 'arn:aws:sqs:eu-west-1:123456789012:objects'
const { signal } = new AbortController()
const queueOf = (receivesMax: number): QueueFacts => ({
  ...{ url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/objects', visibilitySeconds: 1_800 },
  redrive: { deadLetterArn: `${arn}-dlq`, receivesMax },
})

const setOut = (limit: (ms: number) => AbortSignal = () => signal) => {
  const state = { receivesMax: 5, now: 0, looks: 0, isHidden: false }
  const guard = createQueueGuard({
    look: (_, given) => {
      state.looks += 1
      if (given.aborted) return Promise.reject(new Error('no way to SQS'))
      if (state.isHidden) return Promise.reject(new Error('not allowed'))
      return Promise.resolve(queueOf(state.receivesMax))
    },
    ...{ now: () => state.now, limit },
  })
  return { state, guard: () => guard([arn, arn], signal) }
}

test('refuses a queue that gives up early, with the command, until it is mended', async () => {
  const { guard, state } = setOut()
  await expect(guard()).rejects.toMatchObject({
    code: 'QUEUE_MISCONFIGURED',
    message: expect.stringMatching(
      /after 5 receives, at least 20 are needed.*Run aws sqs set-queue-attributes/,
    ),
  })
  await expect(guard()).rejects.toThrow('after 5 receives')
  state.receivesMax = 20
  await guard()
  expect(state.looks).toBe(3)
})

test('looks once, and after ten minutes again', async () => {
  const { guard, state } = setOut()
  state.receivesMax = 50
  await guard()
  await guard()
  expect(state.looks).toBe(1)
  state.now = 600_001
  state.receivesMax = 5
  await expect(guard()).rejects.toThrow('after 5 receives')
})

test('takes what it may not look at', async () => {
  const { guard, state } = setOut()
  state.isHidden = true
  await guard()
})

test('waits for a look no longer than a moment, and not again at every invocation', async () => {
  const limits: number[] = []
  const { guard, state } = setOut((ms: number) => {
    limits.push(ms)
    return AbortSignal.abort()
  })
  await guard()
  await guard()
  expect(state.looks).toBe(1)
  expect(limits).toEqual([3_000])
})
