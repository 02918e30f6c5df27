import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SQSClient,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createDeferred } from '../lambda/deferred.ts'
import { failureOf } from '../lambda/invocation.ts'
import type { Outcome } from '../lambda/invocation.ts'
import { startSqs } from '../sqs.ts'
import type { LocalServer } from '../sqs.ts'
import { startMapping } from './event-source-mapping.ts'
import type { Mapping, MappingSettings } from './event-source-mapping.ts'

let server: LocalServer
let sqs: SQSClient
const mappings: Mapping[] = []

beforeAll(async () => {
  server = await startSqs()
  sqs = new SQSClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
})
afterEach(async () => {
  await Promise.all(mappings.splice(0).map((mapping) => mapping.stop()))
})
afterAll(async () => {
  sqs.destroy()
  await server.close()
})

let count = 0
const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`

const createQueue = async (attributes: Record<string, string> = {}) => {
  const name = `queue-${++count}`
  await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))
  return { queueUrl: `${server.url}/000000000000/${name}`, queueArn: arnOf(name) }
}
type Queue = Awaited<ReturnType<typeof createQueue>>

const send = async (queue: Queue, bodies: readonly string[]) => {
  for (let start = 0; start < bodies.length; start += 10)
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: queue.queueUrl,
        Entries: bodies
          .slice(start, start + 10)
          .map((body, index) => ({ Id: String(index), MessageBody: body })),
      }),
    )
}

const countsOf = async (queue: Queue) => {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queue.queueUrl, AttributeNames: ['All'] }),
  )
  return {
    ready: Number(Attributes?.['ApproximateNumberOfMessages']),
    inFlight: Number(Attributes?.['ApproximateNumberOfMessagesNotVisible']),
  }
}

const success = (answer: unknown = null): Outcome => ({
  kind: 'success',
  payload: JSON.stringify(answer),
})

const start = (
  queue: Queue,
  handler: (records: readonly SQSRecord[], payload: string) => Outcome | Promise<Outcome>,
  settings: Partial<MappingSettings> = {},
) => {
  const batches: (readonly SQSRecord[])[] = []
  const invoke = async (payload: string) => {
    const { Records } = JSON.parse(payload) as SQSEvent
    batches.push(Records)
    return handler(Records, payload)
  }
  const mapping = startMapping(
    sqs,
    { invoke },
    {
      ...queue,
      batchSize: 10,
      windowMs: 0,
      concurrencyMax: 2,
      reportBatchItemFailures: true,
      ...settings,
    },
  )
  mappings.push(mapping)
  return { batches, mapping }
}

const bodiesOf = (batches: readonly (readonly SQSRecord[])[]) =>
  batches.flat().map(({ body }) => body)

const eventually = (read: () => unknown) => expect.poll(read, { timeout: 300_000, interval: 20 })
const empty = { ready: 0, inFlight: 0 }

it('gives messages in the shape Lambda gives them and deletes them after success', async () => {
  const queue = await createQueue()
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queue.queueUrl,
      MessageBody: 'hello',
      MessageAttributes: {
        text: { DataType: 'String', StringValue: 'x' },
        bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 255]) },
      },
    }),
  )
  const { batches } = start(queue, () => success())
  await eventually(() => countsOf(queue)).toEqual(empty)
  await eventually(() => batches.length).toBe(1)
  expect(batches).toEqual([
    [
      {
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        receiptHandle: expect.any(String),
        body: 'hello',
        attributes: expect.objectContaining({
          ApproximateReceiveCount: '1',
          SentTimestamp: expect.stringMatching(/^\d{13}$/),
          SenderId: expect.any(String),
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
        }),
        messageAttributes: {
          text: {
            stringValue: 'x',
            stringListValues: [],
            binaryListValues: [],
            dataType: 'String',
          },
          bytes: {
            binaryValue: 'AQL/',
            stringListValues: [],
            binaryListValues: [],
            dataType: 'Binary',
          },
        },
        md5OfBody: '5d41402abc4b2a76b9719d911017c592',
        md5OfMessageAttributes: expect.any(String),
        eventSource: 'aws:sqs',
        eventSourceARN: queue.queueArn,
        awsRegion: 'us-east-1',
      },
    ],
  ])
})

it('fills a batch from many receives within its window', async () => {
  const queue = await createQueue()
  const bodies = Array.from({ length: 230 }, (_, index) => String(index))
  await send(queue, bodies)
  const { batches } = start(queue, () => success(), { batchSize: 200, windowMs: 1000 })
  await eventually(() => bodiesOf(batches).length).toBe(230)
  expect(batches.map((batch) => batch.length)).toEqual([200, 30])
  expect(new Set(bodiesOf(batches))).toEqual(new Set(bodies))
})

it('closes a batch before its event is over 6 MB and carries the rest into the next', async () => {
  const queue = await createQueue()
  const bodies = Array.from({ length: 9 }, (_, index) => String(index).repeat(1024 * 1000))
  for (const body of bodies) await send(queue, [body])
  const sizes: number[] = []
  const { batches } = start(
    queue,
    (_records, payload) => {
      sizes.push(Buffer.byteLength(payload))
      return success()
    },
    { batchSize: 1000, windowMs: 1000 },
  )
  await eventually(() => bodiesOf(batches).length).toBe(9)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024)
  expect(batches.length).toBe(2)
  expect(new Set(bodiesOf(batches))).toEqual(new Set(bodies))
  await eventually(() => countsOf(queue)).toEqual(empty)
})

it('deletes only what succeeded; what failed comes again', async () => {
  const queue = await createQueue({ VisibilityTimeout: '1' })
  await send(queue, ['good', 'bad once', 'fine'])
  const { batches } = start(queue, (records) =>
    success({
      batchItemFailures: records
        .filter((r) => r.body === 'bad once' && r.attributes.ApproximateReceiveCount === '1')
        .map((r) => ({ itemIdentifier: r.messageId })),
    }),
  )
  await eventually(() => bodiesOf(batches).length).toBe(4)
  expect(bodiesOf(batches).sort()).toEqual(['bad once', 'bad once', 'fine', 'good'])
  await eventually(() => countsOf(queue)).toEqual(empty)
})

it.each<[string, Outcome]>([
  ['an error', failureOf('Error', 'no')],
  ['an id that was not sent', success({ batchItemFailures: [{ itemIdentifier: 'x' }] })],
  ['a throttle', { kind: 'throttled' }],
])('keeps the whole batch after %s', async (_name, outcome) => {
  const queue = await createQueue({ VisibilityTimeout: '1' })
  await send(queue, ['a', 'b'])
  let calls = 0
  const { batches } = start(queue, () => (++calls === 1 ? outcome : success()))
  await eventually(() => bodiesOf(batches).sort()).toEqual(['a', 'a', 'b', 'b'])
  await eventually(() => countsOf(queue)).toEqual(empty)
})

it('takes a partial answer for success when the mapping does not report item failures', async () => {
  const queue = await createQueue({ VisibilityTimeout: '1' })
  await send(queue, ['a'])
  const { batches } = start(
    queue,
    ([record]) => success({ batchItemFailures: [{ itemIdentifier: record?.messageId }] }),
    { reportBatchItemFailures: false },
  )
  await eventually(() => batches.length).toBe(1)
  await eventually(() => countsOf(queue)).toEqual(empty)
})

it('lets the queue move a message to the dead-letter queue after maxReceiveCount receives', async () => {
  const dead = await createQueue()
  const queue = await createQueue({
    VisibilityTimeout: '300',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: 2 }),
  })
  await send(queue, ['cursed'])
  const { batches, mapping } = start(queue, () => failureOf('Error', 'always'), {
    retryMaxMs: 1000,
  })
  await eventually(() => countsOf(dead)).toEqual({ ready: 1, inFlight: 0 })
  expect(bodiesOf(batches)).toEqual(['cursed', 'cursed'])
  expect(mapping.state()).toMatchObject({ failed: 2, lastFailure: { errorMessage: 'always' } })
})

it('never runs more invocations at once than it may', async () => {
  const queue = await createQueue()
  await send(
    queue,
    Array.from({ length: 60 }, (_, index) => String(index)),
  )
  let running = 0
  let most = 0
  const { batches } = start(
    queue,
    async () => {
      most = Math.max(most, ++running)
      // Nobody leaves before it was as full as it may be, or fuller.
      await eventually(() => most).toBeGreaterThanOrEqual(3)
      await new Promise((resolve) => setTimeout(resolve, 20))
      running--
      return success()
    },
    { concurrencyMax: 3 },
  )
  await eventually(() => new Set(bodiesOf(batches)).size).toBe(60)
  expect(most).toBe(3)
})

it('waits for the invocation under way when it stops, and takes no more', async () => {
  const queue = await createQueue()
  await send(queue, ['first'])
  let release = (): void => undefined
  const { batches, mapping } = start(
    queue,
    () => new Promise((resolve) => (release = () => resolve(success()))),
  )
  await eventually(() => batches.length).toBe(1)
  const stopped = mapping.stop()
  await send(queue, ['second'])
  release()
  await stopped
  expect(bodiesOf(batches)).toEqual(['first'])
  // In flight when a poll that was under way took it: it comes back when its visibility ends.
  const { ready, inFlight } = await countsOf(queue)
  expect(ready + inFlight).toBe(1)
})

it.each<[Partial<MappingSettings>, RegExp]>([
  [{ batchSize: 0 }, /1 to 10000/],
  [{ batchSize: 10_001 }, /1 to 10000/],
  [{ batchSize: 11, windowMs: 0 }, /needs a windowMs/],
  [{ windowMs: 300_001 }, /0 to 300000/],
])('refuses settings that AWS refuses: %j', async (settings, message) => {
  const queue = await createQueue()
  expect(() => start(queue, () => success(), settings)).toThrow(message)
})

it('delivers a batch as often as it is told, and deletes what one of the deliveries was done with', async () => {
  const queue = await createQueue()
  await send(queue, ['a', 'b', 'c'])
  let deliveries = 0
  const { batches } = start(
    queue,
    (records) => {
      deliveries += 1
      const left = deliveries % 2 === 0 ? records : records.filter(({ body }) => body !== 'b')
      return success({
        batchItemFailures: left.map(({ messageId }) => ({ itemIdentifier: messageId })),
      })
    },
    { copies: 2, concurrencyMax: 1 },
  )
  await eventually(
    async () => (await countsOf(queue)).ready + (await countsOf(queue)).inFlight,
  ).toBe(2)
  const bodies = bodiesOf(batches)
  for (const body of ['a', 'b', 'c'])
    expect(bodies.filter((one) => one === body).length % 2).toBe(0)
})

it('turned off hands nothing over any more, keeps what comes in the queue, and goes on when turned on', async () => {
  const queue = await createQueue()
  const begun = createDeferred<void>()
  const release = createDeferred<void>()
  const { batches, mapping } = start(queue, async () => {
    begun.resolve()
    await release.promise
    return success()
  })
  await send(queue, ['first'])
  await begun.promise
  mapping.turn(false)
  // An invocation is under way: it is not off before that has ended.
  expect(mapping.state().state).toBe('Disabling')
  release.resolve()
  await eventually(() => mapping.state().state).toBe('Disabled')
  expect(mapping.state().running).toBe(0)
  await eventually(() => countsOf(queue)).toEqual(empty)
  await send(queue, ['second', 'third'])
  mapping.turn(false)
  expect(await countsOf(queue)).toEqual({ ready: 2, inFlight: 0 })
  expect(bodiesOf(batches)).toEqual(['first'])
  mapping.turn(true)
  await eventually(() => bodiesOf(batches).toSorted()).toEqual(['first', 'second', 'third'])
  expect(mapping.state().state).toBe('Enabled')
  await eventually(() => countsOf(queue)).toEqual(empty)
})

it('turned off gives back what it carried for the next batch', async () => {
  const queue = await createQueue()
  const bodies = Array.from({ length: 9 }, (_, index) => String(index).repeat(1024 * 1000))
  for (const body of bodies) await send(queue, [body])
  const begun = createDeferred<void>()
  const release = createDeferred<void>()
  const { batches, mapping } = start(
    queue,
    async () => {
      begun.resolve()
      await release.promise
      return success()
    },
    { batchSize: 1000, windowMs: 1000, concurrencyMax: 1, retryMaxMs: 1000 },
  )
  await begun.promise
  mapping.turn(false)
  release.resolve()
  await eventually(() => mapping.state().state).toBe('Disabled')
  const seen = batches.flat().length
  await eventually(() => countsOf(queue)).toEqual({ ready: bodies.length - seen, inFlight: 0 })
  mapping.turn(true)
  await eventually(() => new Set(bodiesOf(batches))).toEqual(new Set(bodies))
})

it('ends while it is turned off', async () => {
  const { mapping } = start(await createQueue(), () => success())
  mapping.turn(false)
  await eventually(() => mapping.state().state).toBe('Disabled')
  await mapping.stop()
})
