import type { Message, MessageAttributeValue, SQSClient } from '@aws-sdk/client-sqs'
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import type { DeadLetter, DeadLetterQueue, MessageAttribute } from '@silversmith/core'
import {
  Fault,
  firstIdentityAttribute,
  identifyMessage,
  readFirstIdentity,
  writeFirstIdentity,
} from '@silversmith/core'
import { faultOf } from './vendor-fault.ts'

export interface SqsDeadLettersSettings {
  readonly client: SQSClient
  /** How the queue is called in the house. */
  readonly name: string
  /** Of the queue the letters died in. */
  readonly queueUrl: string
  /** Undefined: the one its redrive policy names. */
  readonly deadQueueUrl?: string | undefined
  /** How long a letter that was received is hidden, unless it is put back before. */
  readonly hiddenSeconds?: number
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
const receiveMax = 10
const systemAttributes = [
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'DeadLetterQueueSourceArn',
  'SentTimestamp',
] as const
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
const attributesMax = 10
/** Longer than any round over a queue takes; a process that dies in it leaves its letters hidden for so long. */
const defaultHiddenSeconds = 300

interface Place {
  readonly queueUrl: string
  /** Of the queue its letters died in, as far as SQS does not name another; some emulators name none. */
  readonly sourceArn: string
}

/**
 * The DeadLetterQueue port on two queues of SQS.
 *
 * Faults: QUEUE_UNAVAILABLE (a send may have landed), QUEUE_DENIED, DEADLINE_REACHED.
 */
export const createSqsDeadLetters = ({
  client,
  name,
  queueUrl,
  deadQueueUrl,
  hiddenSeconds = defaultHiddenSeconds,
}: SqsDeadLettersSettings): DeadLetterQueue => {
  const call = async <Output>(
    what: string,
    work: () => Promise<Output>,
    signal: AbortSignal,
  ): Promise<Output> => {
    try {
      return await work()
    } catch (error) {
      throw faultOf('queue', error, what, signal)
    }
  }
  /** Of the queue the letters died in. */
  const readMain = async (signal: AbortSignal) => {
    const ask = new GetQueueAttributesCommand({
      ...{ QueueUrl: queueUrl, AttributeNames: ['QueueArn', 'RedrivePolicy'] },
    })
    const work = () => client.send(ask, { abortSignal: signal })
    return (await call(`asking for the redrive policy of ${queueUrl}`, work, signal)).Attributes
  }
  let found: Promise<Place> | undefined
  const find = async (signal: AbortSignal): Promise<Place> => {
    const { QueueArn: sourceArn = '', RedrivePolicy } = (await readMain(signal)) ?? {}
    return { queueUrl: deadQueueUrl ?? deadUrlOf(queueUrl, RedrivePolicy), sourceArn }
  }
  const place = (signal: AbortSignal): Promise<Place> => {
    found ??= find(signal).catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }

  return {
    name,
    count: async (signal) => {
      const { queueUrl: url } = await place(signal)
      const ask = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] })
      const work = () => client.send(ask, { abortSignal: signal })
      const { Attributes } = await call(`counting the letters of ${url}`, work, signal)
      return (
        Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0) +
        Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'] ?? 0)
      )
    },
    receive: async (signal) => {
      const dead = await place(signal)
      const command = new ReceiveMessageCommand({
        QueueUrl: dead.queueUrl,
        MaxNumberOfMessages: receiveMax,
        VisibilityTimeout: hiddenSeconds,
        // Asks all of SQS' machines: without a wait some are left out, and no answer would be no proof.
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: [...systemAttributes],
        MessageAttributeNames: ['All'],
      })
      const work = () => client.send(command, { abortSignal: signal })
      const { Messages = [] } = await call(`receiving from ${dead.queueUrl}`, work, signal)
      return Messages.map((message) => letterOf(name, dead.sourceArn, message))
    },
    release: async (letters, signal) => {
      const { queueUrl: url } = await place(signal)
      for (let at = 0; at < letters.length; at += receiveMax) {
        const command = new ChangeMessageVisibilityBatchCommand({
          QueueUrl: url,
          Entries: letters.slice(at, at + receiveMax).map(({ receipt }, n) => ({
            ...{ Id: String(n), ReceiptHandle: receipt, VisibilityTimeout: 0 },
          })),
        })
        // An entry that fails is one that somebody else has taken or deleted: nothing to put back.
        const work = () => client.send(command, { abortSignal: signal })
        await call(`putting letters back into ${url}`, work, signal)
      }
    },
    resend: async (letter, signal) => {
      const { messageId, body, attributes } = letter
      const all = { ...attributes, [firstIdentityAttribute]: firstOf(letter) }
      if (Object.keys(all).length > attributesMax)
        throw new Fault(
          'QUEUE_DENIED',
          `message ${messageId} has ${attributesMax} attributes, as many as SQS takes: no room for its first identity; send it by hand, it is then another message`,
        )
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageAttributes: Object.fromEntries(
          Object.entries(all).map(([key, value]) => [key, writeAttribute(value)]),
        ),
      })
      const work = () => client.send(command, { abortSignal: signal })
      await call(`sending message ${messageId} to ${queueUrl}`, work, signal)
    },
    remove: async ({ messageId, receipt }, signal) => {
      const { queueUrl: url } = await place(signal)
      const command = new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt })
      const work = () => client.send(command, { abortSignal: signal })
      await call(`deleting message ${messageId} from ${url}`, work, signal)
    },
  }
}

/** A letter that was sent again before hands on what it was handed. */
const firstOf = ({ attributes, identity, sentAt }: DeadLetter): MessageAttribute => {
  const first = textOf(attributes[firstIdentityAttribute])
  const value =
    first !== undefined && readFirstIdentity(first)
      ? first
      : writeFirstIdentity({ ...identity, sentAt })
  return { type: 'String', value }
}

const textOf = (attribute: MessageAttribute | undefined): string | undefined =>
  typeof attribute?.value === 'string' ? attribute.value : undefined

/** URL of the queue that a redrive policy names: it is always of the same region and account. */
const deadUrlOf = (queueUrl: string, policy: string | undefined): string => {
  const { deadLetterTargetArn } = JSON.parse(policy ?? '{}') as { deadLetterTargetArn?: string }
  const name = deadLetterTargetArn?.split(':').at(-1)
  if (name) return new URL(name, queueUrl).href
  throw new Fault(
    'QUEUE_DENIED',
    `${queueUrl} has no redrive policy: what fails again and again is received until it expires. Give it a dead-letter queue, or name that by its URL`,
  )
}

const letterOf = (queue: string, queueArn: string, message: Message): DeadLetter => {
  const { MessageId: messageId = '', Body: body = '', Attributes = {} } = message
  const attributes = Object.fromEntries(
    Object.entries(message.MessageAttributes ?? {}).map(([key, value]) => [
      key,
      readAttributeValue(value),
    ]),
  )
  const firstReceived = Attributes['ApproximateFirstReceiveTimestamp']
  return {
    ...{ queue, messageId, body, attributes },
    identity: identifyMessage({
      ...{ queueArn, messageId },
      deadLetterQueueSourceArn: Attributes['DeadLetterQueueSourceArn'],
      firstIdentity: textOf(attributes[firstIdentityAttribute]),
    }),
    receiveCount: Number(Attributes['ApproximateReceiveCount'] ?? 0),
    sentAt: Number(Attributes['SentTimestamp'] ?? 0),
    firstReceivedAt: firstReceived === undefined ? undefined : Number(firstReceived),
    receipt: message.ReceiptHandle ?? '',
  }
}

const readAttributeValue = ({
  DataType = 'String',
  StringValue,
  BinaryValue,
}: MessageAttributeValue): MessageAttribute => ({
  type: DataType,
  value: StringValue ?? BinaryValue ?? '',
})

const writeAttribute = ({ type, value }: MessageAttribute): MessageAttributeValue => ({
  DataType: type,
  ...(typeof value === 'string' ? { StringValue: value } : { BinaryValue: value }),
})
