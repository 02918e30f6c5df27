import { Fault } from '@silversmith/core'
import type { Context, SQSEvent } from 'aws-lambda'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHandler } from './handler.ts'

const context = { getRemainingTimeInMillis: () => 60_000 } as Context

/** How a message ends: taken in, not taken for now, or not understood. */
const ends = ['sent', 'failing', 'unknown'] as const
type End = (typeof ends)[number]

const answer = async (messages: readonly (readonly [id: string, End])[]) => {
  const handler = createHandler({
    ...{ begin: () => undefined, dryRun: false },
    log: { emit: () => undefined },
    ingest: async ({ facts }) => {
      if (facts.key === 'failing') throw new Fault('QUEUE_UNAVAILABLE', 'no queue')
      const object = { bucket: 'b', key: facts.key, version: 'v', versioned: true }
      return { outcome: 'sent', object, dataset: undefined }
    },
  })
  const Records = messages.map(([messageId, end]) => ({
    messageId,
    body: end === 'unknown' ? 'not JSON' : JSON.stringify({ bucket: 'b', key: end }),
    eventSource: 'aws:sqs',
  }))
  const answered = await handler({ Records } as unknown as SQSEvent, context)
  return answered?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
}

test('the answer names exactly the messages that were not taken in; when none was, all come again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.uuid(), fc.constantFrom(...ends)), {
        selector: ([id]) => id,
        maxLength: 10,
      }),
      async (messages) => {
        const open = messages.filter(([, end]) => end !== 'sent').map(([id]) => id)
        if (messages.length > 0 && open.length === messages.length)
          await expect(answer(messages)).rejects.toThrow()
        else expect(new Set(await answer(messages))).toEqual(new Set(open))
      },
    ),
    { numRuns: 200 },
  )
})
