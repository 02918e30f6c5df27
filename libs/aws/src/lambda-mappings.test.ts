import type { ServerResponse } from 'node:http'
import type { EventMapping } from '@silversmith/core'
import { expect, test } from 'vitest'
import { createLambdaMappings } from './lambda-mappings.ts'
import type { Answer, Request, ScriptedServer } from './scripted-server.ts'
import { dropConnection, withServer } from './scripted-server.ts'

const { signal } = new AbortController()
const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:objects'
const functionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:transform'

const answerRest = (response: ServerResponse, status: number, body: object, type = ''): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(type && { 'x-amzn-errortype': type }),
  })
  response.end(JSON.stringify(body))
}
const refuse = (response: ServerResponse, status: number, type: string): void =>
  answerRest(response, status, { Message: 'm', Type: 'User' }, type)

const documentOf = (id: string, state: string) => ({
  ...{ UUID: id, EventSourceArn: queueArn, FunctionArn: functionArn, State: state },
  LastModified: 1_770_000_000.5,
})
const mapping: EventMapping = {
  ...{ id: 'm', queueArn, functionName: functionArn, state: 'disabled', changedAt: 0 },
}

const withMappings = (
  answer: Answer,
  work: (
    mappings: ReturnType<typeof createLambdaMappings>,
    server: ScriptedServer,
  ) => Promise<void>,
) =>
  withServer(answer, async (server) => {
    const mappings = createLambdaMappings({
      ...{ region: 'eu-west-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } },
      ...{ endpoints: { lambda: server.url }, attemptsMax: 2 },
    })
    try {
      await work(mappings, server)
    } finally {
      mappings.close()
    }
  })

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error as { code?: string }).code,
  )

test('lists the mappings of a queue, page by page, with their states', async () => {
  const pages: Record<string, object> = {
    '': { EventSourceMappings: [documentOf('a', 'Enabled')], NextMarker: 'more' },
    more: {
      EventSourceMappings: ['Disabled', 'Disabling', 'Enabling', 'Updating', 'Creating'].map(
        (state) => documentOf(state, state),
      ),
    },
  }
  const answer: Answer = ({ query }, response) =>
    answerRest(response, 200, pages[query.get('Marker') ?? ''] ?? {})
  await withMappings(answer, async ({ list }, { requests }) => {
    const found = await list(queueArn, signal)
    expect(found[0]).toEqual({
      ...{ id: 'a', queueArn, functionName: functionArn, state: 'enabled' },
      changedAt: 1_770_000_000_500,
    })
    expect(found.slice(1).map(({ state }) => state)).toEqual([
      ...['disabled', 'changing', 'changing', 'changing', 'changing'],
    ])
    expect(requests.map(({ path, query }) => [path, query.get('EventSourceArn')])).toEqual([
      ['/2015-03-31/event-source-mappings', queueArn],
      ['/2015-03-31/event-source-mappings', queueArn],
    ])
  })
})

test('lists what feeds a function, whatever its queue', async () => {
  const other = { ...documentOf('a', 'Enabled'), EventSourceArn: `${queueArn}-2` }
  const answer: Answer = (_request, response) =>
    answerRest(response, 200, { EventSourceMappings: [other] })
  await withMappings(answer, async ({ listOf }, { requests }) => {
    expect(await listOf(functionArn, signal)).toMatchObject([{ queueArn: `${queueArn}-2` }])
    expect(requests[0]?.query.get('FunctionName')).toBe(functionArn)
  })
})

test('an endless listing ends', async () => {
  const answer: Answer = (_request, response) =>
    answerRest(response, 200, { EventSourceMappings: [], NextMarker: 'more' })
  await withMappings(answer, async ({ list }, { requests }) => {
    await expect(list(queueArn, signal)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
    expect(requests.length).toBeLessThan(100)
  })
})

test('turns a mapping by UpdateEventSourceMapping, and leaves one that is changing', async () => {
  const bodies: unknown[] = []
  const answer: Answer = ({ method, path, body, n }, response) => {
    bodies.push([method, path, JSON.parse(body.toString())])
    if (n === 2) return refuse(response, 400, 'ResourceInUseException')
    if (n === 3) return refuse(response, 409, 'ResourceConflictException')
    answerRest(response, 202, documentOf('m', 'Disabling'))
  }
  await withMappings(answer, async ({ turn }) => {
    for (const isOn of [false, true, true]) await turn('m', isOn, signal)
  })
  const place = ['PUT', '/2015-03-31/event-source-mappings/m']
  expect(bodies).toEqual([
    [...place, { Enabled: false }],
    [...place, { Enabled: true }],
    [...place, { Enabled: true }],
  ])
})

test.each([
  [403, 'AccessDeniedException', 'QUEUE_DENIED', /allow the action in the role's policy/],
  [404, 'ResourceNotFoundException', 'QUEUE_DENIED', /correct its name/],
  [500, 'ServiceException', 'QUEUE_UNAVAILABLE', /failed for now/],
  [429, 'TooManyRequestsException', 'QUEUE_UNAVAILABLE', /failed for now/],
])('an answer of %i %s is a fault that says what to do', async (status, type, code, message) => {
  const answer: Answer = (_request, response) => refuse(response, status, type)
  await withMappings(answer, async ({ list, turn }) => {
    const fault = expect.objectContaining({ code, message: expect.stringMatching(message) })
    await expect(list(queueArn, signal)).rejects.toEqual(fault)
    await expect(turn('m', false, signal)).rejects.toEqual(fault)
  })
})

test('a dropped connection is tried again; a caller who gives up is not kept', async () => {
  const answer: Answer = ({ n }, response) =>
    n === 1 ? dropConnection(response) : answerRest(response, 200, { EventSourceMappings: [] })
  await withMappings(answer, async ({ list }) => {
    expect(await list(queueArn, signal)).toEqual([])
    expect(await codeOf(list(queueArn, AbortSignal.abort()))).toBe('DEADLINE_REACHED')
  })
})

const recordsOf = ({ body }: Request) =>
  (JSON.parse(body.toString()) as { Records: readonly Record<string, unknown>[] }).Records

test('hands messages over in an event like that of a mapping, and tells how the function ended', async () => {
  const answer: Answer = ({ n }, response) => {
    if (n === 2) response.setHeader('x-amz-function-error', 'Unhandled')
    if (n === 3) return refuse(response, 429, 'TooManyRequestsException')
    answerRest(response, 200, { batchItemFailures: [] })
  }
  await withMappings(answer, async ({ deliver }, { requests }) => {
    expect(await deliver(mapping, ['one', 'two'], signal)).toBe('ended')
    expect(await deliver(mapping, ['one'], signal)).toBe('failed')
    expect(await deliver(mapping, ['one'], signal)).toBe('throttled')
    expect(requests[0]?.path).toBe(`/2015-03-31/functions/${functionArn}/invocations`)
    expect(recordsOf(requests[0]!)).toMatchObject([
      { body: 'one', eventSource: 'aws:sqs', eventSourceARN: queueArn, awsRegion: 'eu-west-1' },
      { body: 'two' },
    ])
    expect(new Set(recordsOf(requests[0]!).map(({ messageId }) => messageId)).size).toBe(2)
  })
})

test('a hand-over whose answer is lost is not begun a second time', async () => {
  await withMappings(
    (_request, response) => dropConnection(response),
    async ({ deliver }, { requests }) => {
      expect(await codeOf(deliver(mapping, ['one'], signal))).toBe('QUEUE_UNAVAILABLE')
      expect(requests).toHaveLength(1)
    },
  )
})
