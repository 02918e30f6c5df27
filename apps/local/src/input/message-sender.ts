import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { MessageRef } from '@silversmith/core'
import type { InputMessage } from './message-input.ts'
import type { Queue } from '../resources.ts'

export interface SenderOptions {
  readonly sqs: SQSClient
  readonly queue: Queue
  readonly signal: AbortSignal
  /** SQS has it, under this identity. */
  readonly onSent: (message: MessageRef) => void
}

/** What one SendMessageBatch takes; the bytes were the limit for most of SQS' life, and many servers still have it. */
const entriesMax = 10
const bytesMax = 256 * 1024
const sendsMax = 4

const sizeOf = ({ body, attributes }: InputMessage): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { DataType = '', StringValue = '', BinaryValue = [] }]) =>
      sum + name.length + DataType.length + Buffer.byteLength(StringValue) + BinaryValue.length,
    Buffer.byteLength(body),
  )

async function* inTens(messages: AsyncIterable<InputMessage>): AsyncGenerator<InputMessage[]> {
  let ten: InputMessage[] = []
  let bytes = 0
  for await (const message of messages) {
    const own = sizeOf(message)
    if (ten.length === entriesMax || (ten.length > 0 && bytes + own > bytesMax)) {
      yield ten
      ten = []
      bytes = 0
    }
    ten.push(message)
    bytes += own
  }
  if (ten.length > 0) yield ten
}

const send = async (
  ten: readonly InputMessage[],
  { sqs, queue, signal, onSent }: SenderOptions,
): Promise<void> => {
  const { Successful, Failed } = await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queue.queueUrl,
      Entries: ten.map(({ body, attributes }, at) => ({
        ...{ Id: String(at), MessageBody: body, MessageAttributes: attributes },
      })),
    }),
    { abortSignal: signal },
  )
  for (const { MessageId } of Successful ?? [])
    onSent({ queueArn: queue.queueArn, messageId: MessageId ?? '' })
  const [failed] = Failed ?? []
  if (failed)
    throw new Error(`${ten[Number(failed.Id)]?.origin} could not be sent: ${failed.Message}`)
}

/** Sends messages as they are listed, a few requests at a time. The first failure ends it, after the requests under way. */
export const sendAll = async (
  messages: AsyncIterable<InputMessage>,
  options: SenderOptions,
): Promise<void> => {
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  for await (const ten of inTens(messages)) {
    if (failures.length > 0 || options.signal.aborted) break
    const work: Promise<void> = send(ten, options)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(work))
    running.add(work)
    if (running.size >= sendsMax) await Promise.race(running)
  }
  await Promise.all(running)
  if (failures.length > 0) throw failures[0]
}
