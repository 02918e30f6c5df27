import type { SQSClient } from '@aws-sdk/client-sqs'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { Checker, QueueFacts } from '@silversmith/core'
import { checkQueueFacts, checksOf, queueNameOf } from '@silversmith/core'
import { withinTime } from '../back-off.ts'
import { faultOf } from '../vendor-fault.ts'
import { checkMsMax, checkOfFailure } from './call-check.ts'

const ask = async (client: SQSClient, url: string, signal: AbortSignal): Promise<QueueFacts> => {
  const command = new GetQueueAttributesCommand({
    ...{ QueueUrl: url, AttributeNames: ['RedrivePolicy', 'VisibilityTimeout'] },
  })
  const { Attributes = {} } = await client.send(command, {
    abortSignal: withinTime(signal, checkMsMax),
  })
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(
    Attributes['RedrivePolicy'] ?? '{}',
  ) as { readonly deadLetterTargetArn?: string; readonly maxReceiveCount?: number | string }
  return {
    url,
    visibilitySeconds: Number(Attributes['VisibilityTimeout'] ?? 30),
    redrive:
      deadLetterTargetArn === undefined
        ? undefined
        : { deadLetterArn: deadLetterTargetArn, receivesMax: Number(maxReceiveCount) },
  }
}

/** A queue, and whether it gives messages up too early. `timeoutSeconds`: of the function that reads it. */
export const createQueueChecker =
  (client: SQSClient, url: string, timeoutSeconds: number | undefined): Checker =>
  async (signal) => {
    try {
      return checkQueueFacts(await ask(client, url, signal), timeoutSeconds)
    } catch (error) {
      const name = queueNameOf(url).split('/').at(-1) ?? url
      const call = { what: `looking at ${url}`, permission: 'sqs:GetQueueAttributes' }
      return [checkOfFailure(checksOf('sqs', name), error, { ...call, isNeeded: false })]
    }
  }

/**
 * Facts of the queue of that ARN, by a client that goes to its own endpoint whatever the URL of a queue says.
 *
 * Faults: QUEUE_UNAVAILABLE, QUEUE_DENIED, DEADLINE_REACHED.
 */
export const createQueueLook =
  (client: SQSClient) =>
  async (queueArn: string, signal: AbortSignal): Promise<QueueFacts> => {
    const url = urlOf(queueArn)
    return ask(client, url, signal).catch((error: unknown) => {
      throw faultOf('queue', error, `looking at ${url}`, signal)
    })
  }

const urlOf = (queueArn: string): string => {
  const [, partition, , region, account, name] = queueArn.split(':')
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://sqs.${region}.${domain}/${account}/${name}`
}
