import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { MessageRef } from '@silversmith/core'
import { defaultRoutes } from '@silversmith/datasets'
import { readParquet } from '@silversmith/parquet'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InputMessage } from '../input/message-input.ts'
import { sendAll } from '../input/message-sender.ts'
import { mirror } from '../account/mirror.ts'
import { countMessages, maxReceiveCount } from '../resources.ts'
import { startTestRuns } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** `MESSAGES=10000 npx vitest run --root apps/local src/messages.e2e.test.ts` is the run the documents tell of. */
const messagesCount = Number(process.env['MESSAGES'] ?? 1_000)
/** One in a hundred dies before it is read, and is handed on by `silversmith dlq redrive`. */
const deadCount = Math.ceil(messagesCount / 100)
const { signal } = new AbortController()

let tested: TestStack
let runs: TestRuns
beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({ routes: defaultRoutes, environment: {}, duplicateEvents: 2 })
})
afterAll(async () => {
  await tested?.close()
  await runs?.close()
})

/** Bytes of every value, no two messages with the same; now and then none at all. */
const bytesOf = (n: number): Buffer =>
  Buffer.concat(
    Array.from({ length: n % 9 }, (_, at) => createHash('sha256').update(`${n} ${at}`).digest()),
  )

const bodies = [
  (n: number) => JSON.stringify({ order: n }),
  () => '{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}',
  () => '{"v":1,"pipeline":"local","batch":"01JZ0000000000000000000000"}',
  () => 'no JSON: ø ✓\n',
]

const messageOf = (n: number): InputMessage => ({
  origin: `message ${n}`,
  body: bodies[n % bodies.length]?.(n) ?? '',
  attributes: {
    number: { DataType: 'Number', StringValue: String(n) },
    bytes: { DataType: 'Binary.hashes', BinaryValue: bytesOf(n) },
  },
})

/** By their own numbers, whatever the order they were sent in. */
const send = async (from: number, until: number): Promise<MessageRef[]> => {
  const sent: MessageRef[] = []
  async function* messages(): AsyncGenerator<InputMessage> {
    for (let n = from; n < until; n += 1) yield messageOf(n)
  }
  const { clients, resources } = tested.stack
  const queue = resources.messages.main
  const onSent = (message: MessageRef): void => void sent.push(message)
  await sendAll(messages(), { sqs: clients.sqs, queue, signal, onSent })
  return sent
}

/** Receives what is there so often, without an answer, that SQS moves it to the dead letters. */
const bury = async (count: number): Promise<void> => {
  const { clients, resources } = tested.stack
  const command = new ReceiveMessageCommand({
    ...{ QueueUrl: resources.messages.main.queueUrl, MaxNumberOfMessages: 10 },
    VisibilityTimeout: 0,
  })
  for (let n = 0; n <= (maxReceiveCount + 1) * count; n += 1) {
    await clients.sqs.send(command)
    if (
      n % count === 0 &&
      (await countMessages(clients.sqs, resources.messages.dead)).ready === count
    )
      return
  }
  throw new Error('the messages do not die')
}

interface Read {
  readonly id: string
  readonly body: string
  readonly bytes: string
}

const readEngine = async (): Promise<Read[]> => {
  const rows = await tested.query<Record<string, string>>(
    `SELECT message_id AS id, queue_arn AS arn, body, hex(message_attributes['bytes'].binary_value) AS bytes,
       message_attributes['number'].string_value AS number, toString(length(message_attributes)) AS count,
       _source AS source FROM sqs_messages`,
  )
  return rows.map((row) => {
    expect(row['source']).toBe(`${row['arn']}/${row['id']}`)
    expect(row['count']).toBe('2')
    return {
      id: row['id'] ?? '',
      body: row['body'] ?? '',
      bytes: `${row['number']} ${row['bytes']}`,
    }
  })
}

const readSilver = async (): Promise<Read[]> => {
  const found: Read[] = []
  for (const { path } of await mirror(tested.stack, 'silver'))
    for (const row of await readParquet(await readFile(path))) {
      const attributes = row['message_attributes'] as Readonly<
        Record<string, { readonly string_value: string; readonly binary_value: Uint8Array }>
      >
      const { number, bytes } = attributes
      const hex = Buffer.from(bytes?.binary_value ?? [])
        .toString('hex')
        .toUpperCase()
      found.push({
        ...{ id: String(row['message_id']), body: String(row['body']) },
        bytes: `${number?.string_value} ${hex}`,
      })
    }
  return found
}

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

it(`002-1, 002-2, 002-6: ${messagesCount} messages, delivered twice, some by way of the dead letters, are as many rows, bytes equal`, async () => {
  const died = await send(0, deadCount)
  await bury(deadCount)
  const sent = [...died, ...(await send(deadCount, messagesCount))]
  expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(messagesCount)
  tested.stack.start()

  const first = await tested.account([], sent.slice(deadCount))
  expect(first.problems).toEqual([`${deadCount} messages are in the dead-letter queues`])
  const redrive = ['dlq', 'redrive', '--all', '--yes', '--dir', tested.stack.dir]
  const { code, stderr } = await runs.ask(redrive)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { report, problems } = await tested.account([], sent)
  expect(problems).toEqual([])
  expect(report).toMatchObject({
    ...{ objects: messagesCount, messages: messagesCount, rows: messagesCount, rejected: 0 },
    tables: { sqs_messages: { rows: messagesCount, distinct: messagesCount } },
    silver: { rows: messagesCount },
  })

  const rows = await readEngine()
  expect(rows.map(({ id }) => id).sort()).toEqual(sent.map(({ messageId }) => messageId).sort())
  const contents = Array.from({ length: messagesCount }, (_, n) => ({
    body: messageOf(n).body,
    bytes: `${n} ${bytesOf(n).toString('hex').toUpperCase()}`,
  }))
  expect(sorted(rows.map(({ body, bytes }) => ({ body, bytes })))).toEqual(sorted(contents))
  expect(sorted(await readSilver())).toEqual(sorted(rows))
})
