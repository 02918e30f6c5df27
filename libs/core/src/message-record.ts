import {
  firstIdentityAttribute,
  identifyMessage,
  type MessageRef,
  readFirstIdentity,
} from './source.ts'

/** What the record of a received message tells of it. */
export interface ReceivedMessage {
  readonly identity: MessageRef
  /** Of the queue it lies in; of a dead letter the one it died in. */
  readonly queueArn: string
  /** A redrive of ours sent it again, with an attribute of its own. */
  readonly isRedriven: boolean
  /** Epoch ms at which it was first sent; undefined: the record tells no plausible time. */
  readonly sentAt: number | undefined
}

/**
 * Reads a record as an event source mapping of Lambda hands it over; trusts nothing but its shape. Undefined: the message has no
 * id, or its queue no name. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export const readReceived = (record: unknown): ReceivedMessage | undefined => {
  const messageId = textAt(record, 'messageId')
  const sourceArn = textAt(record, 'eventSourceARN')
  if (!messageId || !sourceArn) return undefined
  const deadLetterQueueSourceArn = textAt(record, 'attributes', 'DeadLetterQueueSourceArn')
  const firstIdentity = textAt(record, 'messageAttributes', firstIdentityAttribute, 'stringValue')
  const first = readFirstIdentity(firstIdentity)
  return {
    identity: identifyMessage({
      ...{ queueArn: sourceArn, messageId, deadLetterQueueSourceArn, firstIdentity },
    }),
    queueArn: deadLetterQueueSourceArn || sourceArn,
    isRedriven: first !== undefined,
    sentAt: first?.sentAt ?? readSentAt(textAt(record, 'attributes', 'SentTimestamp')),
  }
}

/** Thirteen digits are the years 2001 to 2096. */
const readSentAt = (text: string | undefined): number | undefined =>
  text !== undefined && /^[1-3]\d{12}$/.test(text) ? Number(text) : undefined

const textAt = (record: unknown, ...path: readonly string[]): string | undefined => {
  let found = record
  for (const key of path)
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, key)
        ? (found as Readonly<Record<string, unknown>>)[key]
        : undefined
  // One with half a surrogate pair is none: rows and keys would hold another.
  return typeof found === 'string' && found.isWellFormed() ? found : undefined
}

/** `<account>/<name>` of a queue: its URL and its ARN both end with it. */
export const queueNameOf = (urlOrArn: string): string => urlOrArn.split(/[/:]/).slice(-2).join('/')
