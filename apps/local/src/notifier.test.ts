import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createNotifier } from './notifier.ts'
import { startSqs } from './sqs.ts'
import type { LocalServer } from './sqs.ts'

let server: LocalServer
let sqs: SQSClient

beforeAll(async () => {
  server = await startSqs()
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  sqs = new SQSClient({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 })
})
afterAll(async () => {
  sqs.destroy()
  await server.close()
})

const createQueue = async (name: string): Promise<string> => {
  await sqs.send(new CreateQueueCommand({ QueueName: name }))
  return `${server.url}/000000000000/${name}`
}

const receiveAll = async (queueUrl: string): Promise<number[]> => {
  const found: number[] = []
  for (;;) {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    )
    if (!Messages?.length) return found
    for (const { Body } of Messages)
      found.push((JSON.parse(Body ?? '') as { Records: [{ n: number }] }).Records[0].n)
  }
}

const numbers = Array.from({ length: 60 }, (_, n) => n)

it('has the event in the queue when it says so', async () => {
  const queueUrl = await createQueue('once')
  const notifier = createNotifier(sqs, { queueUrl, copies: 1 })
  await Promise.all(numbers.map((n) => notifier.notify({ n })))
  expect((await receiveAll(queueUrl)).sort((a, b) => a - b)).toEqual(numbers)
})

it('sends every event as often as asked, not in the order they came', async () => {
  const queueUrl = await createQueue('thrice')
  const notifier = createNotifier(sqs, { queueUrl, copies: 3 })
  for (const n of numbers) await notifier.notify({ n })
  await notifier.flush()
  const found = await receiveAll(queueUrl)
  const inOrder = numbers.flatMap((n) => [n, n, n])
  expect(found).not.toEqual(inOrder)
  expect(found.sort((a, b) => a - b)).toEqual(inOrder)
})

it('fails where the queue does not take the event', async () => {
  const queueUrl = `${server.url}/000000000000/none`
  await expect(createNotifier(sqs, { queueUrl, copies: 1 }).notify({})).rejects.toThrow()
  const shuffled = createNotifier(sqs, { queueUrl, copies: 2 })
  await shuffled.notify({})
  await expect(shuffled.flush()).rejects.toThrow()
})
