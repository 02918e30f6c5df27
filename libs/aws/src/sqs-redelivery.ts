import type { SQSClient } from '@aws-sdk/client-sqs'
import { ChangeMessageVisibilityBatchCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { Fault, type LeftMessage, type Redelivery } from '@silversmith/core'
import { faultOf } from './vendor-fault.ts'

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html */
const entriesMax = 10
const secondsMax = 43_200
const callsMax = 8

/**
 * The Redelivery port on SQS. Queues are found by their ARN, each once. A message that was received again since, or deleted, is
 * passed over.
 *
 * Faults: QUEUE_UNAVAILABLE, QUEUE_DENIED, DEADLINE_REACHED, after the calls that were begun have ended.
 */
export const createSqsRedelivery = ({ client }: { readonly client: SQSClient }): Redelivery => {
  const urls = new Map<string, string>()

  const urlOf = async (queueArn: string, signal: AbortSignal): Promise<string> => {
    const known = urls.get(queueArn)
    if (known !== undefined) return known
    const [, , , , account, name] = queueArn.split(':')
    const ask = new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account })
    const { QueueUrl } = await client.send(ask, { abortSignal: signal })
    if (QueueUrl === undefined)
      throw new Fault('QUEUE_UNAVAILABLE', `SQS names no URL for ${queueArn}`)
    urls.set(queueArn, QueueUrl)
    return QueueUrl
  }

  const putOffTen = async (ten: readonly LeftMessage[], signal: AbortSignal): Promise<void> => {
    const [{ queueArn }] = ten as [LeftMessage]
    try {
      await client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: await urlOf(queueArn, signal),
          Entries: ten.map(({ receiptHandle, inMs }, at) => ({
            Id: String(at),
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: Math.min(Math.ceil(inMs / 1_000), secondsMax),
          })),
        }),
        { abortSignal: signal },
      )
    } catch (error) {
      throw faultOf('queue', error, `putting off messages of ${queueArn}`, signal)
    }
  }

  return {
    putOff: async (messages, signal) => {
      const tens = [...Map.groupBy(messages, ({ queueArn }) => queueArn).values()].flatMap(sliceTen)
      const work = async (): Promise<void> => {
        for (let ten = tens.shift(); ten; ten = tens.shift()) await putOffTen(ten, signal)
      }
      const workers = Array.from({ length: Math.min(callsMax, tens.length) }, work)
      const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
    },
  }
}

const sliceTen = (messages: readonly LeftMessage[]): readonly (readonly LeftMessage[])[] =>
  Array.from({ length: Math.ceil(messages.length / entriesMax) }, (_, n) =>
    messages.slice(n * entriesMax, (n + 1) * entriesMax),
  )
