import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { idempotencyTableDefinition } from '@silversmith/aws'
import { type Event, Fault, readObjectsMessage } from '@silversmith/core'
import { createIngest, type SendKey } from '@silversmith/flow'
import type { Context } from 'aws-lambda'
import dynalite from 'dynalite'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHandler, type IngestHandler } from './handler.ts'
import { createIdempotentSends } from './send-once.ts'

const tableName = 'idempotency'
const video =
  'section/4021/video/2026-02-11T14-03-31.002211Z_9C1F6B0D4E7A45B2A3D8E6F701234567.jsonl'
const page =
  'section/4021/page_viewed/2026-02-11T14-03-02.113004Z_0B7A9D9E6A564C0C9A0D7D1F0C3F1B22.jsonl'

let server: Server
let dynamodb: DynamoDBClient
let events: Event[]
let sent: string[]
let refused: Set<string>
let gate: Promise<void>
let handler: IngestHandler

beforeAll(async () => {
  server = dynalite({ createTableMs: 0 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  dynamodb = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  })
  await dynamodb.send(new CreateTableCommand(idempotencyTableDefinition(tableName)))
})

afterAll(async () => {
  dynamodb.destroy()
  await new Promise((resolve) => server.close(resolve))
})

let runs = 0

beforeEach(() => {
  events = []
  sent = []
  refused = new Set()
  gate = Promise.resolve()
  runs += 1
  handler = createFunction(`pipeline-${runs}`)
})

/** What one process of the function would be. */
const createFunction = (pipeline: string, table = tableName): IngestHandler => {
  const { begin, sendOnce } = createIdempotentSends(dynamodb, table)
  const ingest = createIngest({
    pipeline,
    buckets: undefined,
    routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
    bronze: {
      head: (bucket, key) =>
        key === video
          ? Promise.resolve({ bucket, key, version: 'e', versioned: false, sizeBytes: 1 })
          : Promise.reject(new Fault('OBJECT_GONE', `${key} is not there`)),
    },
    replay: {
      prefix: '_replay/',
      replicator: { look: () => Promise.reject(new Error('no copy')) },
    },
    queue: {
      send: async (body) => {
        const message = readObjectsMessage(pipeline, body)
        if (message?.kind !== 'source') throw new Error('not a source')
        const { key } = message.source.object
        await gate
        if (refused.has(key)) throw new Fault('QUEUE_UNAVAILABLE', 'the queue is down')
        sent.push(key)
      },
    },
    sendOnce,
  })
  return createHandler({
    ingest,
    begin,
    dryRun: false,
    log: { emit: (event) => events.push(event) },
  })
}

const context = (remainingMs = 30_000): Context =>
  ({
    getRemainingTimeInMillis: () => remainingMs,
    functionName: 'ingest',
    awsRequestId: 'r',
    invokedFunctionArn: 'arn',
    functionVersion: '1',
    memoryLimitInMB: '512',
    logGroupName: 'g',
    logStreamName: 's',
    callbackWaitsForEmptyEventLoop: true,
  }) as Context

const example = (name: string): unknown =>
  JSON.parse(
    readFileSync(new URL(`../../../examples/events/${name}.json`, import.meta.url), 'utf8'),
  )

const s3Body = (...objects: (readonly [key: string, sequencer?: string])[]): string =>
  JSON.stringify({
    Records: objects.map(([key, sequencer = '0A']) => ({
      eventVersion: '2.1',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'bronze' }, object: { key, eTag: 'e1', size: 1, sequencer } },
    })),
  })

const sqsEvent = (...bodies: string[]): unknown => ({
  Records: bodies.map((body, n) => ({ messageId: `m${n}`, body, eventSource: 'aws:sqs' })),
})

const failuresOf = async (event: unknown): Promise<readonly string[] | undefined> =>
  (await handler(event, context()))?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)

const counts = () => events.filter(({ kind }) => kind === 'arrivals-read')

describe('messages of a queue', () => {
  test.each([
    's3-in-sqs',
    's3-in-sns-in-sqs',
    's3-in-raw-sns-in-sqs',
    's3-given-up-in-sqs',
    'eventbridge-in-sqs',
  ])('are taken in whatever their shape: %s', async (name) => {
    expect(await failuresOf(example(name))).toEqual([])
    expect(sent).toContain(video)
  })

  test('by name are taken in, every time they are sent', async () => {
    expect(await failuresOf(example('request-in-sqs'))).toEqual([])
    expect(await failuresOf(example('request-in-sqs'))).toEqual([])
    expect(sent).toEqual([video, video])
  })

  test('without anything to load are acknowledged and counted', async () => {
    expect(await failuresOf(example('s3-test-in-sns-in-sqs'))).toEqual([])
    expect(counts()).toEqual([
      {
        kind: 'arrivals-read',
        accepted: 0,
        ignored: 1,
        unknown: 0,
        reasons: { 'test-event': 1 },
      },
    ])
  })

  test('000-8: that cannot be understood stay, alone, and go nowhere else', async () => {
    expect(await failuresOf(example('unknown-in-sqs'))).toEqual([
      '00000000-0000-4000-8000-000000000001',
      '00000000-0000-4000-8000-000000000002',
    ])
    expect(sent).toEqual([video])
    expect(events.filter(({ kind }) => kind === 'message-unreadable')).toMatchObject([
      { messageId: '00000000-0000-4000-8000-000000000001' },
      { messageId: '00000000-0000-4000-8000-000000000002', reason: 'the text is not JSON' },
    ])
  })

  test('of which a part fails stay; the rest of them is sent, and not sent again', async () => {
    refused.add('section/b.jsonl')
    const event = sqsEvent(
      s3Body(['section/a.jsonl'], ['section/b.jsonl'], ['section/c.jsonl']),
      s3Body(['section/d.jsonl']),
    )
    expect(await failuresOf(event)).toEqual(['m0'])
    expect(sent.toSorted()).toEqual(['section/a.jsonl', 'section/c.jsonl', 'section/d.jsonl'])
    expect(events).toContainEqual({
      kind: 'work-failed',
      code: 'QUEUE_UNAVAILABLE',
      message: 'the queue is down',
    })
    refused.clear()
    expect(await failuresOf(event)).toEqual([])
    expect(sent.slice(3)).toEqual(['section/b.jsonl'])
    expect(counts()).toMatchObject([
      { accepted: 3, ignored: 0 },
      { accepted: 1, ignored: 3, reasons: { repeated: 3 } },
    ])
  })

  test('that all fail fail the invocation, so that none is deleted', async () => {
    refused.add('section/a.jsonl').add('section/b.jsonl')
    const event = sqsEvent(s3Body(['section/a.jsonl']), s3Body(['section/b.jsonl']))
    await expect(handler(event, context())).rejects.toThrow('All records failed')
  })

  test('that are none are no failure', async () => {
    expect(await handler({ Records: [] }, context())).toEqual({ batchItemFailures: [] })
  })

  test('with nothing missing but their object stay, for the dead-letter queue to keep', async () => {
    const event = sqsEvent(
      JSON.stringify({ bucket: 'bronze', key: 'section/typo.jsonl' }),
      s3Body(['section/a.jsonl']),
    )
    expect(await failuresOf(event)).toEqual(['m0'])
    expect(events).toContainEqual({
      kind: 'work-failed',
      code: 'OBJECT_GONE',
      message: 'section/typo.jsonl is not there',
    })
  })
})

describe('deduplication', () => {
  test('drops a notification that S3 delivers twice, in another process too', async () => {
    await failuresOf(example('s3-in-sqs'))
    handler = createFunction(`pipeline-${runs}`)
    expect(await failuresOf(example('s3-in-sqs'))).toEqual([])
    expect(sent.toSorted()).toEqual([page, video])
  })

  test('001-13: drops what S3 and EventBridge both tell', async () => {
    await failuresOf(sqsEvent(JSON.stringify(example('eventbridge'))))
    expect(await failuresOf(example('s3-in-sqs'))).toEqual([])
    expect(sent.toSorted()).toEqual([page, video])
  })

  test('sends an object again that was written again, though its bytes are equal', async () => {
    await failuresOf(sqsEvent(s3Body(['section/a.jsonl', '0A'])))
    await failuresOf(sqsEvent(s3Body(['section/a.jsonl', '0B'])))
    expect(sent).toEqual(['section/a.jsonl', 'section/a.jsonl'])
  })

  test('leaves a notification on the queue while another delivery of it is under way', async () => {
    let open = (): void => undefined
    gate = new Promise((resolve) => (open = resolve))
    const first = handler(sqsEvent(s3Body(['section/a.jsonl'])), context())
    await until(async () => ((await dynamodb.send(scan)).Items ?? []).some(isInProgress))
    const second = createFunction(`pipeline-${runs}`)
    const again = sqsEvent(s3Body(['section/a.jsonl']), JSON.stringify(example('s3-test')))
    expect(await second(again, context())).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }],
    })
    open()
    expect(await first).toEqual({ batchItemFailures: [] })
    expect(sent).toEqual(['section/a.jsonl'])
  })

  test('frees the object of a dead invocation when its time is over, not an hour later', async () => {
    let open = (): void => undefined
    gate = new Promise((resolve) => (open = resolve))
    const remainingMs = 1_500
    const dead = handler(sqsEvent(s3Body(['section/a.jsonl'])), context(remainingMs))
    await until(async () => ((await dynamodb.send(scan)).Items ?? []).some(isInProgress))
    gate = Promise.resolve()
    const next = createFunction(`pipeline-${runs}`)
    const event = sqsEvent(s3Body(['section/a.jsonl']), JSON.stringify(example('s3-test')))
    await until(async () => (await next(event, context()))?.batchItemFailures.length === 0)
    expect(sent).toEqual(['section/a.jsonl'])
    open()
    await dead
  })

  test('sends nothing that has no key, for it would be sent again and again', async () => {
    const { begin, sendOnce } = createIdempotentSends(dynamodb, tableName)
    begin(context())
    const send = () => Promise.resolve(void sent.push('unkeyed'))
    await expect(sendOnce({} as SendKey, send)).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
    })
    expect(sent).toEqual([])
  })

  test('that is not there fails the message, naming what to look at', async () => {
    handler = createFunction('x', 'no_such_table')
    await expect(handler(example('s3-in-sqs'), context())).rejects.toThrow('All records failed')
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'work-failed',
        code: 'LEDGER_DENIED',
        message: expect.stringContaining('ResourceNotFoundException'),
      }),
    )
  })
})

describe('a bug', () => {
  test('is told by its name and place, without the data it broke on', async () => {
    const ingest = () => Promise.reject(new TypeError('learner-4711 is no number'))
    const log = { emit: (event: Event) => void events.push(event) }
    handler = createHandler({ ingest, log, begin: () => undefined, dryRun: false })
    const event = sqsEvent(s3Body(['section/a.jsonl']))
    await expect(handler(event, context())).rejects.toThrow()
    expect(events).toContainEqual({
      kind: 'work-failed',
      code: 'BUG',
      message: expect.stringMatching(/^TypeError at .*handler\.test\.ts/),
    })
    expect(JSON.stringify(events)).not.toContain('learner-4711')
  })
})

describe('direct invocations', () => {
  test.each(['s3', 's3-in-sns', 'eventbridge', 'request'])('are taken in: %s', async (name) => {
    expect(await handler(example(name), context())).toBeUndefined()
    expect(sent).toContain(video)
  })

  test('001-1: raise what fails, after the rest was sent', async () => {
    refused.add(page)
    await expect(handler(example('s3'), context())).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
    })
    expect(sent).toEqual([video])
  })

  test('raise what is not understood', async () => {
    await expect(handler(example('sweep'), context())).rejects.toMatchObject({
      code: 'EVENT_UNKNOWN',
    })
  })

  test('that ask for a dry run or a bulk load are told who does what, and nothing is sent', async () => {
    await expect(handler(example('dry-run'), context())).rejects.toThrow(
      'dry_run is for function transform',
    )
    await expect(handler({ section_id: 145 }, context())).rejects.toThrow(
      'which is for function bulk: {"section_id":145,"mode":"bulk"}',
    )
    expect(sent).toEqual([])
  })
})

describe('DRY_RUN', () => {
  test.each(['s3-in-sqs', 's3', 'request'])('takes nothing in and raises: %s', async (name) => {
    const log = { emit: (event: Event) => void events.push(event) }
    const ingest = () => Promise.reject(new Error('it was taken in'))
    handler = createHandler({ ingest, log, begin: () => undefined, dryRun: true })
    await expect(handler(example(name), context())).rejects.toMatchObject({
      ...{ code: 'SETTINGS_INVALID', message: expect.stringContaining('DRY_RUN is set') },
    })
    expect(events).toEqual([])
  })
})

const scan = new ScanCommand({ TableName: tableName, ConsistentRead: true })
const isInProgress = (item: Record<string, { S?: string }>): boolean =>
  item['status']?.S === 'INPROGRESS'

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come true in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
