import type { QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { QueueMeter } from '@silversmith/core'
import { faultOf } from './vendor-fault.ts'

export interface SqsMeterSettings {
  readonly client: SQSClient
  /** How the queue is called in the house. */
  readonly name: string
  readonly queueUrl: string
}

/** The QueueMeter port on SQS. Faults: QUEUE_UNAVAILABLE, QUEUE_DENIED, DEADLINE_REACHED. */
export const createSqsMeter = ({ client, name, queueUrl }: SqsMeterSettings): QueueMeter => ({
  name,
  measure: async (signal) => {
    const ask = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] })
    const { Attributes } = await client
      .send(ask, { abortSignal: signal })
      .catch((error: unknown) => {
        throw faultOf('queue', error, `counting the messages of ${queueUrl}`, signal)
      })
    const count = (attribute: QueueAttributeName): number => Number(Attributes?.[attribute] ?? 0)
    return {
      queueArn: Attributes?.QueueArn ?? '',
      ready: count('ApproximateNumberOfMessages'),
      delayed: count('ApproximateNumberOfMessagesDelayed'),
      inFlight: count('ApproximateNumberOfMessagesNotVisible'),
    }
  },
})
