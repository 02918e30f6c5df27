import { createHash } from 'node:crypto'
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import type { Message } from '@aws-sdk/client-sqs'
import { firstIdentityAttribute, identifyMessage, readFirstIdentity } from '@silversmith/core'
import type { DeadLetter, DeadLetterQueue } from '@silversmith/core'
import type { FauxqsServer } from 'fauxqs'
import { startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AwsClients } from './clients.ts'
import { createAwsClients } from './clients.ts'
import type { Answer, Request } from './scripted-server.ts'
import { answerJson, dropConnection, withServer } from './scripted-server.ts'
import { createSqsDeadLetters } from './sqs-dead-letters.ts'

const { signal } = new AbortController()

describe('dead letters on fauxqs', () => {
  let server: FauxqsServer
  let clients: AwsClients
  let queueUrl: string
  let deadQueueUrl: string
  let letters: DeadLetterQueue
  let count = 0

  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false })
    clients = createAwsClients({
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      endpoints: { sqs: `http://127.0.0.1:${server.port}` },
    })
  })
  afterAll(async () => {
    clients.destroy()
    await server.stop()
  })
  beforeEach(() => {
    count += 1
    deadQueueUrl = server.createQueue(`objects-${count}-dlq`).queueUrl
    queueUrl = server.createQueue(`objects-${count}`).queueUrl
    letters = createSqsDeadLetters({ client: clients.sqs, name: 'objects', queueUrl, deadQueueUrl })
  })

  const send = (body: string): Promise<unknown> =>
    clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: deadQueueUrl,
        MessageBody: body,
        MessageAttributes: {
          own: { DataType: 'String', StringValue: 'kept' },
          bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 255]) },
        },
      }),
    )
  /** Until nothing comes any more. */
  const receiveAll = async (): Promise<DeadLetter[]> => {
    const all: DeadLetter[] = []
    for (let page = await letters.receive(signal); page.length > 0;) {
      all.push(...page)
      page = await letters.receive(signal)
    }
    return all
  }
  const takeFromMain = async (): Promise<Message> => {
    const { Messages } = await clients.sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl: queueUrl, WaitTimeSeconds: 1 },
        ...{ MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] },
      }),
    )
    if (!Messages?.[0]) throw new Error('nothing came')
    return Messages[0]
  }
  const bodiesOf = (found: readonly DeadLetter[]) => found.map(({ body }) => body).sort()

  test('are told with their counts and times, and are all in sight again after a look', async () => {
    const sent = Array.from({ length: 23 }, (_, n) => `b${String(n).padStart(2, '0')}`)
    for (const body of sent) await send(body)
    const before = Date.now()
    const found = await receiveAll()
    expect(bodiesOf(found)).toEqual(sent)
    for (const letter of found) {
      expect(letter).toMatchObject({ queue: 'objects', receiveCount: 1 })
      expect(letter.sentAt).toBeLessThanOrEqual(letter.firstReceivedAt ?? 0)
      expect(letter.firstReceivedAt).toBeGreaterThanOrEqual(before)
    }
    expect(await letters.count(signal)).toBe(23)
    await letters.release(found, signal)
    expect(bodiesOf(await receiveAll())).toEqual(sent)
  })

  test('are sent with body, attributes and first identity, and removed one by one', async () => {
    await send('{"one":1}')
    await send('{"two":2}')
    const [one, two] = (await receiveAll()).toSorted((a, b) => (a.body < b.body ? -1 : 1))
    if (!one || !two) throw new Error('two letters were sent')
    await letters.resend(one, signal)
    await letters.remove(one, signal)
    await letters.release([two], signal)
    expect(bodiesOf(await receiveAll())).toEqual(['{"two":2}'])

    const { Body, MessageId = '', MessageAttributes = {} } = await takeFromMain()
    expect(Body).toBe('{"one":1}')
    expect(MessageAttributes['own']?.StringValue).toBe('kept')
    expect(MessageAttributes['bytes']?.BinaryValue).toEqual(new Uint8Array([1, 2, 255]))
    expect(MessageId).not.toBe(one.messageId)
    const firstIdentity = MessageAttributes[firstIdentityAttribute]?.StringValue
    const queueArn = 'arn:aws:sqs:us-east-1:000000000000:objects'
    expect(identifyMessage({ queueArn, messageId: MessageId, firstIdentity })).toEqual(one.identity)
    expect(one.identity.queueArn).toMatch(/:objects-\d+$/)
    expect(readFirstIdentity(firstIdentity)?.sentAt).toBe(one.sentAt)
  })

  test('that a person receives and sends by hand, as a console redrive does, are other messages', async () => {
    await send('x')
    const [letter] = await receiveAll()
    await clients.sqs.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: letter?.body }),
    )
    const { MessageId = '', MessageAttributes = {} } = await takeFromMain()
    const queueArn = letter?.identity.queueArn ?? ''
    const firstIdentity = MessageAttributes[firstIdentityAttribute]?.StringValue
    const found = identifyMessage({ queueArn, messageId: MessageId, firstIdentity })
    expect(found).not.toEqual(letter?.identity)
  })
})

/** Answers of SQS, by the action asked for. */
const answerActions =
  (answers: Readonly<Record<string, object | Answer>>): Answer =>
  (request, response) => {
    const answer = answers[actionOf(request)]
    if (typeof answer === 'function') return (answer as Answer)(request, response)
    return answerJson(response, 200, answer ?? {})
  }
const actionOf = ({ headers }: Request): string =>
  String(headers['x-amz-target']).replace('AmazonSQS.', '')
const parametersOf = ({ body }: Request) => JSON.parse(body.toString()) as Record<string, unknown>

const md5Of = (text: string): string => createHash('md5').update(text).digest('hex')

const mainArn = 'arn:aws:sqs:eu-west-1:123456789012:objects'
const deadArn = 'arn:aws:sqs:eu-west-1:123456789012:objects-dlq'
const queueAnswers = { GetQueueAttributes: { Attributes: { QueueArn: deadArn } } }
const letter: DeadLetter = {
  ...{ queue: 'objects', messageId: 'm1', body: 'secret payload', attributes: {} },
  ...{ identity: { queueArn: mainArn, messageId: 'm1' }, receiveCount: 50 },
  ...{ sentAt: 1, firstReceivedAt: 2, receipt: 'r1' },
}

describe('dead letters on a server by script', () => {
  const openAt = (client: AwsClients['sqs'], url: string, deadQueueUrl?: string) =>
    createSqsDeadLetters({ client, name: 'objects', queueUrl: `${url}/1/main`, deadQueueUrl })

  test('are found by the redrive policy of their queue, which is asked once', async () => {
    const answer = answerActions({
      GetQueueAttributes: (request, response) =>
        answerJson(response, 200, {
          Attributes: String(parametersOf(request)['QueueUrl']).endsWith('main')
            ? { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadArn }) }
            : { QueueArn: deadArn, ApproximateNumberOfMessages: '3' },
        }),
    })
    await withServer(answer, async ({ clients, url, requests }) => {
      const queue = openAt(clients.sqs, url)
      expect(await queue.count(signal)).toBe(3)
      expect(await queue.count(signal)).toBe(3)
      const asked = requests.map((request) => String(parametersOf(request)['QueueUrl']))
      expect(asked.map((one) => one.replace(url, ''))).toEqual([
        ...['/1/main', '/1/objects-dlq', '/1/objects-dlq'],
      ])
    })
  })

  test('of a queue without redrive policy are told to be nowhere', async () => {
    await withServer(answerActions({ GetQueueAttributes: {} }), async ({ clients, url }) => {
      await expect(openAt(clients.sqs, url).count(signal)).rejects.toMatchObject({
        code: 'QUEUE_DENIED',
        message: expect.stringContaining('no redrive policy'),
      })
    })
  })

  test('go by the queue they died in, which SQS tells, and by what a redrive handed on', async () => {
    const message = {
      ...{ MessageId: 'm2', Body: 'b', MD5OfBody: md5Of('b'), ReceiptHandle: 'r' },
      Attributes: {
        DeadLetterQueueSourceArn: mainArn,
        ApproximateReceiveCount: '51',
        SentTimestamp: '1700000000000',
      },
    }
    const redriven = {
      ...message,
      MessageAttributes: {
        [firstIdentityAttribute]: { DataType: 'String', StringValue: `${mainArn} m1` },
      },
    }
    const answers = {
      ...queueAnswers,
      ReceiveMessage: ((request: Request, response) => {
        expect(parametersOf(request)).toMatchObject({ MaxNumberOfMessages: 10 })
        answerJson(response, 200, { Messages: [message, redriven] })
      }) as Answer,
    }
    await withServer(answerActions(answers), async ({ clients, url }) => {
      const [one, two] = await openAt(clients.sqs, url, `${url}/1/dead`).receive(signal)
      expect(one?.identity).toEqual({ queueArn: mainArn, messageId: 'm2' })
      expect(two?.identity).toEqual({ queueArn: mainArn, messageId: 'm1' })
      expect(one).toMatchObject({ receiveCount: 51, sentAt: 1_700_000_000_000 })
    })
  })

  test('that SQS does not confirm are unavailable, without a word of the payload', async () => {
    const answers = {
      ...queueAnswers,
      SendMessage: ((_, response) => dropConnection(response)) as Answer,
    }
    await withServer(answerActions(answers), async ({ clients, url }) => {
      const queue = openAt(clients.sqs, url, `${url}/1/dead`)
      await expect(queue.resend(letter, signal)).rejects.toMatchObject({
        code: 'QUEUE_UNAVAILABLE',
        message: expect.not.stringContaining('secret'),
      })
    })
  })

  test('with no room for the attribute are refused before anything is sent', async () => {
    await withServer(answerActions(queueAnswers), async ({ clients, url, requests }) => {
      const own = Object.fromEntries(
        Array.from({ length: 10 }, (_, n) => [`a${n}`, { type: 'String', value: 'v' }]),
      )
      const queue = openAt(clients.sqs, url, `${url}/1/dead`)
      await expect(queue.resend({ ...letter, attributes: own }, signal)).rejects.toThrow(
        /m1 has 10 attributes/,
      )
      expect(requests).toEqual([])
    })
  })

  test('may not be taken without permission, which is told with the queue', async () => {
    const denied: Answer = (_, response) =>
      answerJson(response, 403, {
        __type: 'com.amazonaws.sqs#AccessDeniedException',
        message: 'no',
      })
    const answers = { ...queueAnswers, ReceiveMessage: denied }
    await withServer(answerActions(answers), async ({ clients, url }) => {
      const queue = openAt(clients.sqs, url, `${url}/1/dead`)
      await expect(queue.receive(signal)).rejects.toMatchObject({
        code: 'QUEUE_DENIED',
        message: expect.stringMatching(/1\/dead .*policy/),
      })
    })
  })
})
