import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { describeQueue } from '@silversmith/simulation'
import type { FauxqsServer } from 'fauxqs'
import { startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AwsClients } from './clients.ts'
import { createAwsClients } from './clients.ts'
import { createSqsQueue } from './sqs-queue.ts'

let server: FauxqsServer
let clients: AwsClients
let queueUrl: string

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false })
  queueUrl = server.createQueue('objects').queueUrl
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

const receive = async (): Promise<readonly string[]> => {
  const { Messages = [] } = await clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
  )
  if (Messages.length > 0)
    await clients.sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: Messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle })),
      }),
    )
  return Messages.map(({ Body }) => Body ?? '')
}

/** fauxqs 2.4.1 refuses characters beyond U+FFFF, which SQS takes; they travel to it in disguise. */
const disguise = (body: string): string =>
  body.replace(/[\u{10000}-\u{10FFFF}]/gu, (found) => `<U+${found.codePointAt(0)}>`)
const reveal = (body: string): string =>
  body.replace(/<U\+(\d+)>/g, (_, code) => String.fromCodePoint(Number(code)))

describeQueue('SQS adapter on fauxqs', async () => {
  const queue = createSqsQueue({ client: clients.sqs, queueUrl })
  return {
    queue: { send: (body) => queue.send(disguise(body)) },
    receive: async () => (await receive()).map(reveal),
  }
})

describe('a queue on SQS', () => {
  test('takes messages of exactly 1 MiB side by side, and refuses one byte more', async () => {
    const queue = createSqsQueue({ client: clients.sqs, queueUrl })
    const mib = 1024 * 1024
    const bodies = ['a', 'b', 'c'].map((letter) => letter.repeat(mib))
    const sends = bodies.map((body) => queue.send(body))
    await expect(queue.send('ä'.repeat(mib / 2) + 'x')).rejects.toMatchObject({
      code: 'QUEUE_DENIED',
      message: expect.stringContaining(String(mib + 1)),
    })
    await Promise.all(sends)
    const seen = new Set<string>()
    await expect
      .poll(async () => {
        for (const body of await receive()) seen.add(body)
        return seen.size
      })
      .toBe(3)
    expect([...seen].sort()).toEqual(bodies)
  })

  test('sends few calls, also when messages come one by one while others are under way', async () => {
    const sizes: number[] = []
    const answers: (() => void)[] = []
    const client = {
      send: async ({ input }: SendMessageBatchCommand) => {
        sizes.push(input.Entries?.length ?? 0)
        await new Promise<void>((resolve) => answers.push(resolve))
        return { Successful: input.Entries }
      },
    } as unknown as SQSClient
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const queue = createSqsQueue({ client, queueUrl })
    const sends: Promise<void>[] = []
    for (let n = 0; n < 25; n += 1) {
      sends.push(queue.send(`message ${n}`))
      await turn()
    }
    expect(sizes).toEqual([1, 10, 10])
    while (answers.length > 0) {
      answers.shift()?.()
      await turn()
      await turn()
    }
    await Promise.all(sends)
    expect(sizes).toEqual([1, 10, 10, 4])
  })

  test('refuses a character SQS would refuse or replace', async () => {
    const queue = createSqsQueue({ client: clients.sqs, queueUrl })
    for (const [body, name] of [
      ['key \uFFFE', 'U+fffe'],
      ['bell \u0007', 'U+0007'],
      ['half \uD83D of a pair', 'U+d83d'],
    ] as const)
      await expect(queue.send(body)).rejects.toMatchObject({
        code: 'QUEUE_DENIED',
        message: expect.stringContaining(name),
      })
  })

  test('names the queue to create when there is none', async () => {
    const queue = createSqsQueue({ client: clients.sqs, queueUrl: `${queueUrl}-missing` })
    await expect(queue.send('x')).rejects.toMatchObject({
      code: 'QUEUE_DENIED',
      message: expect.stringMatching(/objects-missing.*create the queue/s),
    })
  })
})
