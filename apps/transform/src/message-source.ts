import {
  objectOfMessage,
  queueNameOf,
  readReceived,
  type Source,
  sourceIdOf,
} from '@silversmith/core'
import { sqsMessages } from '@silversmith/datasets'
import type { SQSRecord } from 'aws-lambda'

export interface MessageSourceOptions {
  readonly pipeline: string
  /** Queues whose messages are data themselves. */
  readonly messagesQueueUrls: readonly string[]
  readonly storeReceiptHandle: boolean
  readonly now: () => number
}

/**
 * Says of a record whether its message is a source itself, and which. The queue decides, never the body: one that looks like
 * an event of S3, or like a message of ours, is data as well.
 */
export const createMessageSources = (options: MessageSourceOptions) => {
  const { pipeline, storeReceiptHandle, now } = options
  const queues = new Set(options.messagesQueueUrls.map(queueNameOf))
  return (record: SQSRecord): Source | undefined => {
    const received = readReceived(record)
    if (!received || !queues.has(queueNameOf(received.queueArn))) return undefined
    const object = objectOfMessage(received.identity)
    const { receiptHandle, ...rest } = record
    const kept = { ...rest, ...(storeReceiptHandle && { receiptHandle }), ingestedAt: now() }
    return {
      ...{ id: sourceIdOf(pipeline, object), object, dataset: sqsMessages.name, generation: 0 },
      content: { bytes: Buffer.from(JSON.stringify(kept)), sentAt: received.sentAt ?? 0 },
    }
  }
}
