import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CreateTableCommand, ScanCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { Check } from '@silversmith/core'
import dynalite from 'dynalite'
import { startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  type AwsClients,
  createAwsClients,
  createLambdaClient,
  createSqsClient,
} from '../clients.ts'
import {
  type Answer,
  answerJson,
  answerS3Error,
  answerXml,
  withServer,
} from '../scripted-server.ts'
import { idempotencyTableDefinition, ledgerTableDefinition } from '../table-definition.ts'
import { createBucketChecker, lookAtPlace } from './bucket-check.ts'
import { createFunctionChecker } from './function-check.ts'
import { createQueueChecker, createQueueLook } from './queue-check.ts'
import { createTableChecker } from './table-check.ts'

const { signal } = new AbortController()
const local = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
}
const told = ({ state, found, fix = '' }: Check): string => `${state}: ${found} → ${fix}`
const emptyList = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'

describe('a bucket', () => {
  const stateOf = async (list: Answer, put: Answer): Promise<readonly string[]> => {
    let found: readonly Check[] = []
    await withServer(
      (request, response) => (request.method === 'GET' ? list : put)(request, response),
      async ({ clients, requests }) => {
        found = await createBucketChecker(clients.s3, 'silver', { isWritten: true })(signal)
        const writes = requests.filter(({ method }) => method === 'PUT')
        expect(writes.every(({ headers }) => headers['if-match'] !== undefined)).toBe(true)
      },
    )
    return found.map(told)
  }
  const lists: Answer = (_, response) => answerXml(response, emptyList)

  test('that takes writes is written nothing to', async () => {
    const warn = vi.spyOn(console, 'warn')
    const refuse: Answer = (_, response) => answerS3Error(response, 404, 'NoSuchKey')
    expect(await stateOf(lists, refuse)).toEqual(['ok: can be listed and written to → '])
    const other: Answer = (_, response) => answerS3Error(response, 412, 'PreconditionFailed')
    expect(await stateOf(lists, other)).toEqual(['ok: can be listed and written to → '])
    // The client has one for a body of unknown length: it would be in the log of every function.
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })

  test.each<[string, Answer, Answer, RegExp]>([
    [
      'that may not be listed',
      (_, response) => answerS3Error(response, 403, 'AccessDenied'),
      () => undefined,
      /^wrong: listing s3:\/\/silver\/: AccessDenied.* → allow s3:ListBucket/,
    ],
    [
      'that is not there',
      (_, response) => answerS3Error(response, 404, 'NoSuchBucket'),
      () => undefined,
      /^wrong: .*NoSuchBucket.* → create the bucket or correct its name/,
    ],
    [
      'that may only be read',
      lists,
      (_, response) => answerS3Error(response, 403, 'AccessDenied'),
      /^wrong: writing to s3:\/\/silver\/: .* → allow s3:PutObject/,
    ],
    [
      'of an S3 without conditional writes',
      lists,
      (_, response) => void response.writeHead(200, { etag: '"e"' }).end(),
      /^wrong: .*knows no conditional writes → use one that does/,
    ],
  ])('%s is wrong, with what to do', async (_, list, put, message) => {
    const [found, ...more] = await stateOf(list, put)
    expect(found).toMatch(message)
    expect(more).toEqual([])
  })

  test('is left as it was where a write lands all the same', async () => {
    await withServer(
      (request, response) =>
        request.method === 'GET'
          ? answerXml(response, emptyList)
          : void response.writeHead(200, { etag: '"e"', 'x-amz-version-id': 'v1' }).end(),
      async ({ clients, requests }) => {
        await createBucketChecker(clients.s3, 'silver', { isWritten: true })(signal)
        const [put, remove] = requests.slice(1)
        expect(remove).toMatchObject({ method: 'DELETE', path: put?.path })
        expect(remove?.query.get('versionId')).toBe('v1')
      },
    )
  })

  test('is looked into for a script, whatever comes of it', async () => {
    const place = { bucket: 'bronze', prefix: 'section/' }
    const one = `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>section/1</Key>
      <Size>7</Size><LastModified>2026-02-11T14:03:31.000Z</LastModified></Contents></ListBucketResult>`
    const look = async (answer: Answer): Promise<unknown> => {
      let found: unknown
      await withServer(answer, async ({ clients }) => {
        found = await lookAtPlace(clients.s3, place, signal)
      })
      return found
    }
    expect(await look((_, response) => answerXml(response, one))).toEqual({
      ...{ request: place, status: 'ok', key_found: true },
      first_object: { key: 'section/1', size: 7, last_modified: '2026-02-11T14:03:31.000Z' },
    })
    expect(await look(lists)).toEqual({ request: place, status: 'ok', key_found: false })
    expect(await look((_, response) => answerS3Error(response, 403, 'AccessDenied'))).toMatchObject(
      {
        ...{ request: place, status: 'error', key_found: false },
        error: expect.stringMatching(/AccessDenied.*role's policy/),
      },
    )
  })
})

describe('a table', () => {
  let server: Server
  let clients: AwsClients
  beforeAll(async () => {
    server = dynalite({ createTableMs: 0 })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    clients = createAwsClients({ ...local, endpoints: { dynamodb: `http://127.0.0.1:${port}` } })
    for (const definition of [
      ledgerTableDefinition('ledger'),
      idempotencyTableDefinition('sent'),
    ]) {
      await clients.dynamodb.send(new CreateTableCommand(definition))
      const waiter = { client: clients.dynamodb, minDelay: 0.05, maxDelay: 0.2, maxWaitTime: 10 }
      await waitUntilTableExists(waiter, { TableName: definition.TableName })
    }
  })
  afterAll(async () => {
    clients.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const check = async (definition: ReturnType<typeof ledgerTableDefinition>) =>
    (await createTableChecker(clients.dynamodb, definition)(signal)).map(told)

  test('as it is defined is ok, and is written nothing to', async () => {
    expect(await check(ledgerTableDefinition('ledger'))).toEqual(['ok: is there, with its keys → '])
    expect(await check(idempotencyTableDefinition('sent'))).toEqual([
      'ok: is there, with its keys → ',
    ])
    const { Count } = await clients.dynamodb.send(new ScanCommand({ TableName: 'ledger' }))
    expect(Count).toBe(0)
  })

  test('that is another or not there is wrong', async () => {
    const [swapped] = await check(ledgerTableDefinition('sent'))
    expect(swapped).toMatch(
      /^wrong: table sent is not as it must be: its key is id HASH, not pk HASH; index open .*is missing → correct its name/,
    )
    expect(await check(ledgerTableDefinition('none'))).toEqual([
      expect.stringMatching(
        /^wrong: looking at table none: .* → create the table, function or secret, or correct/,
      ),
    ])
  })

  test('that may not be described is unseen; one that may not be written to is wrong', async () => {
    const deny: Answer = (_, response) =>
      answerJson(response, 400, { __type: 'x#AccessDeniedException', message: 'no' })
    await withServer(deny, async (denying) => {
      const found = await createTableChecker(
        denying.clients.dynamodb,
        ledgerTableDefinition('ledger'),
      )(signal)
      expect(found.map(told)).toEqual([
        expect.stringMatching(
          /^unseen: looking at table ledger: .* → allow dynamodb:DescribeTable/,
        ),
        expect.stringMatching(/^wrong: writing to table ledger: .* → allow dynamodb:PutItem/),
      ])
    })
  })
})

test('what a person may not look at is unseen: the functions have roles of their own', async () => {
  const person = { isOwn: false }
  const states = async (answer: Answer) => {
    const found: string[] = []
    await withServer(answer, async ({ clients }) => {
      const bucket = createBucketChecker(clients.s3, 'silver', { isWritten: true, ...person })
      const table = createTableChecker(clients.dynamodb, ledgerTableDefinition('ledger'), person)
      for (const check of [bucket, table])
        found.push(...(await check(signal)).map(({ state }) => state))
    })
    return found
  }
  const denyTable: Answer = (_, response) =>
    answerJson(response, 400, { __type: 'x#AccessDeniedException', message: 'no' })
  const isS3 = (path: string): boolean => path.includes('silver')
  expect(
    await states((request, response) =>
      isS3(request.path)
        ? answerS3Error(response, 403, 'AccessDenied')
        : denyTable(request, response),
    ),
  ).toEqual(['unseen', 'unseen', 'unseen'])
  expect(
    await states((request, response) =>
      request.method === 'GET'
        ? answerXml(response, emptyList)
        : isS3(request.path)
          ? answerS3Error(response, 403, 'AccessDenied')
          : denyTable(request, response),
    ),
  ).toEqual(['unseen', 'unseen', 'unseen'])
})

test('a table that is asked too much is no fault of the deployment', async () => {
  const throttle: Answer = (_, response) =>
    answerJson(response, 400, { __type: 'x#ProvisionedThroughputExceededException', message: 'no' })
  await withServer(throttle, async ({ clients }) => {
    const check = createTableChecker(clients.dynamodb, ledgerTableDefinition('ledger'))
    expect((await check(signal)).map(({ state }) => state)).toEqual(['unseen', 'warning'])
  })
})

describe('a queue', () => {
  test('is found by its URL, and by its ARN where that is all there is', async () => {
    const server = await startFauxqs({ port: 0, logger: false })
    const settings = { ...local, endpoints: { sqs: `http://127.0.0.1:${server.port}` } }
    const clients = createAwsClients(settings)
    const client = createSqsClient(settings, { byName: true })
    try {
      const { queueArn: deadLetterArn } = server.createQueue('objects-dlq')
      const { queueUrl, queueArn } = server.createQueue('objects')
      const look = () => createQueueLook(client)(queueArn, signal)
      expect(await look()).toMatchObject({ visibilitySeconds: 30, redrive: undefined })
      const policy = { deadLetterTargetArn: deadLetterArn, maxReceiveCount: 5 }
      const Attributes = { RedrivePolicy: JSON.stringify(policy), VisibilityTimeout: '900' }
      await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes }))
      expect(await look()).toMatchObject({
        ...{ visibilitySeconds: 900, redrive: { deadLetterArn, receivesMax: 5 } },
      })
      const [found] = await createQueueChecker(clients.sqs, queueUrl, 30)(signal)
      expect(found).toMatchObject({ name: 'objects', state: 'wrong' })
      expect(found?.fix).toContain(`--queue-url ${queueUrl}`)
    } finally {
      clients.destroy()
      client.destroy()
      await server.stop()
    }
  })

  test('that may not be looked at is unseen, one that is not there wrong', async () => {
    const refuse =
      (name: string): Answer =>
      (_, response) => {
        response.setHeader('x-amzn-query-error', `${name};Sender`)
        answerJson(response, 400, { __type: `com.amazonaws.sqs#${name}`, message: 'no' })
      }
    const check = async (name: string): Promise<string> => {
      let found = ''
      await withServer(refuse(name), async ({ clients, url }) => {
        const [first] = await createQueueChecker(clients.sqs, `${url}/1/q`, undefined)(signal)
        found = first ? told(first) : ''
      })
      return found
    }
    expect(await check('AccessDeniedException')).toMatch(/^unseen: .* → allow sqs:GetQueueAttr/)
    expect(await check('QueueDoesNotExist')).toMatch(/^wrong: .* → create the queue/)
    expect(await check('RequestThrottled')).toMatch(/^unseen: .* asked too often/)
  })
})

describe('a function', () => {
  const ask = async (payload: unknown, isFailed = false): Promise<readonly string[]> => {
    let found: readonly Check[] = []
    await withServer(
      (_, response) => {
        if (isFailed) response.setHeader('x-amz-function-error', 'Unhandled')
        answerJson(response, 200, payload as object)
      },
      async ({ url, requests }) => {
        const client = createLambdaClient({ ...local, endpoints: { lambda: url } })
        found = await createFunctionChecker(client, { name: 'f-1', role: 'transform' })(signal)
        client.destroy()
        expect(requests.map(({ body }) => JSON.parse(body.toString()) as unknown)).toEqual([
          { diagnostics: true },
        ])
      },
    )
    return found.map((check) => `${check.name}: ${told(check)}`)
  }
  const answer = (...checks: readonly Partial<Check>[]) => ({
    ...{ statusCode: 200, body: JSON.stringify({ checks }) },
  })
  const good = { part: 's3', name: 'silver', state: 'ok', found: 'can be listed' } as const

  test('in which all is well is told as one line', async () => {
    expect(await ask(answer(good, good))).toEqual([
      'transform: ok: answers, and of 2 things it looked at none is wrong → ',
    ])
  })

  test('tells what it finds wrong, and not that none is', async () => {
    const bad = { ...good, state: 'wrong', found: 'no grant', fix: 'give it' } as const
    expect(await ask(answer(good, bad))).toEqual([
      'transform, s3 silver: wrong: no grant → give it',
    ])
  })

  test('that fails, or is another, is wrong', async () => {
    const error = { errorType: 'Fault', errorMessage: '2 settings need attention:\n- A\n- B' }
    expect(await ask(error, true)).toEqual([
      'transform: wrong: f-1 fails: Fault: 2 settings need attention: - A - B → mend what it says; its log says more',
    ])
    expect(await ask({ batchItemFailures: [] })).toEqual([
      expect.stringMatching(/^transform: wrong: transform does not know/),
    ])
  })
})
