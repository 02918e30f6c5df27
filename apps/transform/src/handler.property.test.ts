import type { Context, SQSBatchResponse } from 'aws-lambda'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHandler } from './handler.ts'

const context = { getRemainingTimeInMillis: () => 60_000 } as Context

/** Few ids, so that some come twice. */
const messageId = fc.oneof(
  fc.constantFrom('m1', 'm2', 'm3'),
  fc.uuid(),
  fc.string({ minLength: 1 }),
)
const messageIds = fc.array(messageId, { maxLength: 12 })

const answer = async (ids: readonly string[], left: readonly string[] | Error) => {
  const handler = createHandler({
    ...{ pipeline: 'p', marginMs: 0, now: () => 0, log: { emit: () => undefined } },
    ...{ chance: () => 0, redelivery: { putOff: () => Promise.resolve() } },
    messageSourceOf: () => undefined,
    ...{ dryRun: false, dryRunOf: async () => ({}), guardQueues: async () => undefined },
    transform: async () => {
      if (left instanceof Error) throw left
      return left
    },
  })
  const event = { Records: ids.map((id) => ({ messageId: id, body: '{}' })) }
  const { batchItemFailures } = (await handler(event, context)) as SQSBatchResponse
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
}

test('the answer names exactly the messages that are not done, each once and none that is empty', async () => {
  await fc.assert(
    fc.asyncProperty(
      messageIds,
      fc.func(fc.boolean()),
      fc.array(fc.constantFrom('', 'm9', 'unknown')),
      async (ids, isLeft, strange) => {
        const left = ids.filter((id) => isLeft(id))
        const failed = await answer(ids, [...strange, ...left, ...left])
        expect(new Set(failed)).toEqual(new Set(left.filter((id) => ids.includes(id))))
        expect(new Set(failed).size).toBe(failed.length)
        for (const id of failed) expect(ids).toContain(id)
        expect(failed).not.toContain('')
      },
    ),
    { numRuns: 500 },
  )
})

test('a flow that breaks leaves every message, each named once', async () => {
  await fc.assert(
    fc.asyncProperty(messageIds, fc.string(), async (ids, text) => {
      expect(await answer(ids, new Error(text))).toEqual([...new Set(ids)])
    }),
  )
})
