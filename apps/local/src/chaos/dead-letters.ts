import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { QueuePair } from '../resources.ts'

const receiveMax = 10
const messagesMax = 100_000

/** Moves what a dead-letter queue holds back to its queue, as new messages of the same bodies. Returns how many. */
export const redrive = async (sqs: SQSClient, { main, dead }: QueuePair): Promise<number> => {
  let moved = 0
  while (moved < messagesMax) {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: dead.queueUrl, MaxNumberOfMessages: receiveMax }),
    )
    if (!Messages?.length) return moved
    for (const { Body, ReceiptHandle } of Messages) {
      await sqs.send(new SendMessageCommand({ QueueUrl: main.queueUrl, MessageBody: Body }))
      await sqs.send(new DeleteMessageCommand({ QueueUrl: dead.queueUrl, ReceiptHandle }))
      moved += 1
    }
  }
  return moved
}
