import { describe, expect, test } from 'vitest'
import type { Request } from './scripted-server.ts'
import { answerJson, withServer } from './scripted-server.ts'
import { createSqsRedelivery } from './sqs-redelivery.ts'

const signal = (): AbortSignal => new AbortController().signal
const arnOf = (name: string): string => `arn:aws:sqs:eu-west-1:123456789012:${name}`
const left = (queue: string, n: number, inMs = 30_000) => ({
  ...{ queueArn: arnOf(queue), receiptHandle: `${queue}-${n}`, inMs },
})

interface Change {
  readonly QueueUrl: string
  readonly Entries: readonly {
    readonly ReceiptHandle: string
    readonly VisibilityTimeout: number
  }[]
}

const isAsk = ({ headers }: Request): boolean =>
  String(headers['x-amz-target']).endsWith('GetQueueUrl')
const read = ({ body }: Request): unknown => JSON.parse(body.toString())

/** Answers as SQS does, and keeps the changes that were asked for. */
const withQueues = async (
  work: (redelivery: ReturnType<typeof createSqsRedelivery>, seen: Seen) => Promise<void>,
  status = 200,
): Promise<void> => {
  const seen: Seen = { asked: [], changes: [] }
  await withServer(
    (request, response) => {
      if (isAsk(request)) {
        const { QueueName } = read(request) as { readonly QueueName: string }
        seen.asked.push(QueueName)
        answerJson(response, 200, { QueueUrl: `http://queues/${QueueName}` })
      } else if (status === 200) {
        seen.changes.push(read(request) as Change)
        answerJson(response, 200, { Successful: [], Failed: [] })
      } else
        answerJson(response, status, { __type: 'com.amazonaws.sqs#AccessDenied', message: 'm' })
    },
    ({ clients }) => work(createSqsRedelivery({ client: clients.sqs }), seen),
  )
}

interface Seen {
  readonly asked: string[]
  readonly changes: Change[]
}

describe('messages that are put off', () => {
  test('are told to their queues ten at a time, in whole seconds', async () => {
    await withQueues(async (redelivery, { asked, changes }) => {
      const messages = Array.from({ length: 12 }, (_, n) => left('objects', n, 1_500))
      await redelivery.putOff([...messages, left('orders', 0)], signal())
      expect(asked.toSorted()).toContain('orders')
      const told = changes.flatMap(({ QueueUrl, Entries }) =>
        Entries.map((entry) => `${QueueUrl} ${entry.ReceiptHandle} ${entry.VisibilityTimeout}`),
      )
      expect(told.toSorted()).toEqual(
        [
          ...messages.map(({ receiptHandle }) => `http://queues/objects ${receiptHandle} 2`),
          'http://queues/orders orders-0 30',
        ].toSorted(),
      )
      expect(changes.map(({ Entries }) => Entries.length).toSorted()).toEqual([1, 10, 2].toSorted())
    })
  })

  test('are held back for twelve hours at most, which is all SQS takes', async () => {
    await withQueues(async (redelivery, { changes }) => {
      await redelivery.putOff([left('objects', 0, 90_000_000)], signal())
      expect(changes[0]?.Entries[0]?.VisibilityTimeout).toBe(43_200)
    })
  })

  test('ask for the URL of a queue once', async () => {
    await withQueues(async (redelivery, { asked }) => {
      await redelivery.putOff([left('objects', 0)], signal())
      await redelivery.putOff([left('objects', 1)], signal())
      expect(asked).toEqual(['objects'])
    })
  })

  test('that SQS refuses are a fault', async () => {
    await withQueues(async (redelivery) => {
      await expect(redelivery.putOff([left('objects', 0)], signal())).rejects.toMatchObject({
        code: 'QUEUE_DENIED',
      })
    }, 403)
  })

  test('of none at all nobody is told', async () => {
    await withQueues(async (redelivery, { asked }) => {
      await redelivery.putOff([], signal())
      expect(asked).toEqual([])
    })
  })
})
