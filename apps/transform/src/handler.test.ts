import {
  type Event,
  Fault,
  type LeftMessage,
  type ObjectsMessage,
  type Redelivery,
  sourceIdOf,
  writeObjectsMessage,
} from '@silversmith/core'
import type { AskedObject, Call, Delivery } from '@silversmith/flow'
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { beforeEach, describe, expect, test } from 'vitest'
import { createHandler, type HandlerDeps } from './handler.ts'

const pipeline = 'blue'
const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:orders'

const sourceOf = (key: string): ObjectsMessage => {
  const object = { bucket: 'bronze', key, version: 'v', versioned: true }
  const id = sourceIdOf(pipeline, object)
  return { kind: 'source', source: { id, object, dataset: 'xapi_events', generation: 0 } }
}

const eventOf = (...records: (readonly [messageId: unknown, body: unknown])[]): SQSEvent =>
  ({ Records: records.map(([messageId, body]) => ({ messageId, body })) }) as unknown as SQSEvent

const bodyOf = (key: string): string => writeObjectsMessage(pipeline, sourceOf(key))

const contextOf = (remainingMs: number): Context =>
  ({ getRemainingTimeInMillis: () => remainingMs }) as Context

const three = eventOf(['m1', bodyOf('a')], ['m2', bodyOf('b')], ['m3', bodyOf('c')])

const message = {
  ...{ id: 'm', object: { bucket: queueArn, key: 'm', version: '', versioned: false } },
  ...{ dataset: 'sqs_messages', generation: 0 },
  content: { bytes: Buffer.from('{}'), sentAt: 0 },
}

let events: Event[]
let late: readonly LeftMessage[]
let putOff: Redelivery['putOff']

beforeEach(() => {
  events = []
  late = []
  putOff = (messages) => {
    late = messages
    return Promise.resolve()
  }
})

const handlerOf = (
  transform: HandlerDeps['transform'],
  marginMs = 0,
  more: Partial<HandlerDeps> = {},
) => {
  const handler = createHandler({
    ...{ transform, pipeline, marginMs, now: () => 1_000_000, dryRun: false },
    ...{ chance: () => 1, redelivery: { putOff } },
    messageSourceOf: ({ body }) => (body === 'data' ? message : undefined),
    dryRunOf: () => Promise.reject(new Error('a dry run that nobody asked for')),
    guardQueues: () => Promise.resolve(),
    log: { emit: (event) => events.push(event) },
    ...more,
  })
  return async (event: unknown, context: Context): Promise<SQSBatchResponse> =>
    (await handler(event, context)) as SQSBatchResponse
}

const answerTo = async (transform: HandlerDeps['transform'], event = three) =>
  (await handlerOf(transform)(event, contextOf(10_000))).batchItemFailures

describe('the door of transform', () => {
  test('hands the flow what the messages say', async () => {
    let seen: readonly Delivery[] = []
    const event = eventOf(
      ['m1', bodyOf('a')],
      ['m2', writeObjectsMessage(pipeline, { kind: 'batch', batch: '01B' })],
      ['m3', writeObjectsMessage('green', sourceOf('b'))],
      ['m4', 'not JSON'],
      ['m5', 'data'],
    )
    await answerTo((deliveries) => {
      seen = deliveries
      return Promise.resolve([])
    }, event)
    expect(seen).toEqual([
      { messageId: 'm1', message: sourceOf('a') },
      { messageId: 'm2', message: { kind: 'batch', batch: '01B' } },
      { messageId: 'm3', message: undefined },
      { messageId: 'm4', message: undefined },
      { messageId: 'm5', message: { kind: 'source', source: message } },
    ])
  })

  test('leaves exactly the messages on the queue that the flow says', async () => {
    expect(await answerTo(() => Promise.resolve(['m3', 'm1']))).toEqual([
      { itemIdentifier: 'm1' },
      { itemIdentifier: 'm3' },
    ])
    expect(await answerTo(() => Promise.resolve([]))).toEqual([])
  })

  test('puts off the messages that stay, by how often they were received', async () => {
    const records = ['m1', 'm2', 'm3'].map((messageId, n) => ({
      ...{ messageId, body: bodyOf('a'), receiptHandle: `r${n}`, eventSourceARN: queueArn },
      attributes: { ApproximateReceiveCount: String(n + 1) },
    }))
    await answerTo(() => Promise.resolve(['m2', 'm3']), { Records: records } as unknown as SQSEvent)
    expect(late).toEqual([
      { queueArn, receiptHandle: 'r1', inMs: 60_000 },
      { queueArn, receiptHandle: 'r2', inMs: 120_000 },
    ])
  })

  test('answers the same when they cannot be put off: the time-out of the queue holds', async () => {
    putOff = () => Promise.reject(new Fault('QUEUE_DENIED', 'no grant'))
    expect(await answerTo(() => Promise.resolve(['m2']))).toEqual([{ itemIdentifier: 'm2' }])
    expect(events).toEqual([{ kind: 'work-failed', code: 'QUEUE_DENIED', message: 'no grant' }])
  })

  test('leaves all messages when the flow breaks, and says where, without the data it broke on', async () => {
    const all = [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm2' }, { itemIdentifier: 'm3' }]
    const fault = new Fault('LEDGER_UNAVAILABLE', 'no ledger')
    expect(await answerTo(() => Promise.reject(fault))).toEqual(all)
    const bug = new TypeError('learner-4711 is no number')
    expect(await answerTo(() => Promise.reject(bug))).toEqual(all)
    expect(events).toEqual([
      { kind: 'work-failed', code: 'LEDGER_UNAVAILABLE', message: 'no ledger' },
      {
        kind: 'work-failed',
        code: 'BUG',
        message: expect.stringMatching(/^TypeError at .*handler\.test\.ts/),
      },
    ])
  })

  test('000-17, 002-7: never answers with an id that is not of the event, nor with one twice', async () => {
    const event = eventOf(['m1', bodyOf('a')], ['m1', bodyOf('a')])
    expect(await answerTo(() => Promise.resolve(['', 'm1', 'm9', 'm1']), event)).toEqual([
      { itemIdentifier: 'm1' },
    ])
  })

  test.each([
    ['no records', {}],
    ['nothing', undefined],
    ['a record without id', eventOf([undefined, 'x'])],
    ['a record with an empty id', eventOf(['', 'x'])],
    ['a record without body', eventOf(['m1', undefined])],
  ])('refuses an event with %s', async (_, event) => {
    const handler = handlerOf(() => Promise.resolve([]))
    await expect(handler(event as SQSEvent, contextOf(1_000))).rejects.toMatchObject({
      code: 'EVENT_UNKNOWN',
    })
  })

  test('gives the flow the time there is, less the margin', async () => {
    let call: Call | undefined
    const handler = handlerOf((_, given) => {
      call = given
      return Promise.resolve([])
    }, 4_000)
    await handler(three, contextOf(10_000))
    expect(call?.deadline).toBe(1_006_000)
  })

  test('stops the work when the time is over, and leaves its messages', async () => {
    const handler = handlerOf(
      (deliveries, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(deliveries.map((one) => one.messageId)))
        }),
      9_990,
    )
    const { batchItemFailures } = await handler(three, contextOf(10_000))
    expect(batchItemFailures).toHaveLength(3)
  })

  test('stops what the flow left behind, so that it does not wake in the next invocation', async () => {
    let signal: AbortSignal | undefined
    await answerTo((_, call) => {
      signal = call.signal
      return Promise.resolve([])
    })
    expect(signal?.aborted).toBe(true)
  })
})

const untouched: HandlerDeps['transform'] = () => Promise.reject(new Error('it was touched'))

describe('the queue of transform', () => {
  test('is looked at before its messages are; one that is refused keeps them all', async () => {
    const asked: (readonly string[])[] = []
    const fault = new Fault('QUEUE_MISCONFIGURED', 'after 5 receives')
    const handler = handlerOf(untouched, 0, {
      guardQueues: (arns) => {
        asked.push(arns)
        return Promise.reject(fault)
      },
    })
    const event = {
      Records: three.Records.map((one) => ({
        ...{ ...one, eventSourceARN: queueArn, receiptHandle: 'r' },
        attributes: { ApproximateReceiveCount: '1' },
      })),
    }
    await expect(handler(event, contextOf(10_000))).rejects.toBe(fault)
    expect(asked).toEqual([[queueArn, queueArn, queueArn]])
    // Five receives at the queue's own time-out of seconds would make dead letters of them before anybody looks.
    expect(late.map(({ inMs }) => inMs)).toEqual([10_800_000, 10_800_000, 10_800_000])
  })
})

describe('a dry run', () => {
  const event = { dry_run: true, bucket: 'bronze', key: 'section/1/a b.jsonl' }
  const asked: AskedObject[] = []
  const dryRunOf: HandlerDeps['dryRunOf'] = (one) => {
    asked.push(one)
    return Promise.resolve({ dryRun: true })
  }
  beforeEach(() => void asked.splice(0))
  const named = { bucket: 'bronze', key: 'section/1/a b.jsonl' }

  test('is made of the object that the event names', async () => {
    const handler = handlerOf(untouched, 0, { dryRunOf })
    expect(await handler(event, contextOf(10_000))).toEqual({ dryRun: true })
    await handler({ ...event, versionId: 'v9', dataset: 'shipments' }, contextOf(10_000))
    expect(asked).toEqual([
      { ...named, versionId: undefined, dataset: undefined, isDry: true },
      { ...named, versionId: 'v9', dataset: 'shipments', isDry: true },
    ])
  })

  test('is all a direct invocation gets while DRY_RUN is set', async () => {
    const handler = handlerOf(untouched, 0, { dryRunOf, dryRun: true })
    expect(await handler(named, contextOf(10_000))).toEqual({ dryRun: true })
    expect(asked).toHaveLength(1)
  })

  test('is refused on a live mapping: it raises, and acknowledges no message', async () => {
    const handler = handlerOf(untouched, 0, { dryRunOf, dryRun: true })
    await expect(handler(three, contextOf(10_000))).rejects.toMatchObject({
      ...{ code: 'SETTINGS_INVALID', message: expect.stringMatching(/^DRY_RUN is set, and/) },
    })
    expect(asked).toEqual([])
    expect(events).toEqual([])
  })

  test.each([
    [named, /send \{"bucket", "key"\} to function ingest; or add "dry_run": true/],
    [
      { section_id: 145 },
      /asks for a bulk load \(section_id\).*function bulk: \{"section_id":145,"mode":"bulk"\}/,
    ],
    [
      { mode: 'bulk', s3_prefix: 'x/', start_date: '2026-02-01' },
      /function bulk: \{"mode":"bulk","s3_prefix":"x\/","start_date":"2026-02-01"\}/,
    ],
  ])('is not what %j asks for, and the answer says who can do that', async (other, message) => {
    const handler = handlerOf(untouched, 0, { dryRunOf })
    await expect(handler(other, contextOf(10_000))).rejects.toMatchObject({
      ...{ code: 'EVENT_UNKNOWN', message: expect.stringMatching(message) },
    })
    await expect(handler(other, contextOf(10_000))).rejects.not.toThrow(/invalid/i)
  })
})
