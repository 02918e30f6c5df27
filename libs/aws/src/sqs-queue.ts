import type { SendMessageBatchCommandOutput, SQSClient } from '@aws-sdk/client-sqs'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { Clock, Queue } from '@silversmith/core'
import { Fault } from '@silversmith/core'
import type { BackOff } from './back-off.ts'
import { systemClock, waitAfter } from './back-off.ts'
import { errorNameOf, faultOf, isPassing } from './vendor-fault.ts'

export interface SqsQueueSettings {
  readonly client: SQSClient
  readonly queueUrl: string
  readonly clock?: Clock
  /** Tries of an entry that SQS did not take though it took the call. */
  readonly attemptsMax?: number
  readonly backOffMs?: number
  /** Calls under way at once; what is sent meanwhile is coalesced into the next. */
  readonly concurrencyMax?: number
  /** Messages waiting for a call; one more is QUEUE_UNAVAILABLE. */
  readonly waitingMax?: number
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const entriesMax = 10
/** Of one message and of all messages of one call: 1 MiB since August 2025. */
const callBytesMax = 1024 * 1024
/** All SQS takes. What else a message holds it refuses or, by some of its documents, silently replaces. */
const untaken = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

interface Entry {
  readonly body: string
  readonly sizeBytes: number
  readonly confirm: () => void
  readonly refuse: (reason: unknown) => void
}

/**
 * The Queue port on SQS. Concurrent sends share calls; every promise settles by the confirmation of its own entry.
 *
 * Faults: QUEUE_UNAVAILABLE (it may have been sent; sending again is allowed), QUEUE_DENIED.
 */
export const createSqsQueue = ({
  client,
  queueUrl,
  clock = systemClock,
  attemptsMax = 5,
  backOffMs = 100,
  concurrencyMax = 8,
  waitingMax = 20_000,
}: SqsQueueSettings): Queue => {
  const limits: BackOff = { clock, attemptsMax, backOffMs }
  const waiting: Entry[] = []
  let underWay = 0
  let woken = false

  const start = (): void => {
    woken = false
    while (
      underWay < concurrencyMax &&
      (underWay === 0 ? waiting.length > 0 : fillsCall(waiting))
    ) {
      underWay += 1
      void deliver(client, queueUrl, waiting.splice(0, fillOf(waiting)), limits).finally(() => {
        underWay -= 1
        start()
      })
    }
  }

  return {
    send: async (body) => {
      const sizeBytes = Buffer.byteLength(body)
      if (sizeBytes > callBytesMax)
        throw new Fault(
          'QUEUE_DENIED',
          `a message of ${sizeBytes} bytes for ${queueUrl} is over the ${callBytesMax} SQS takes`,
        )
      const character = untaken.exec(body)?.[0].codePointAt(0)
      if (character !== undefined)
        throw new Fault(
          'QUEUE_DENIED',
          `a message for ${queueUrl} holds U+${character.toString(16).padStart(4, '0')}, which SQS does not take; escape it`,
        )
      if (waiting.length >= waitingMax)
        throw new Fault(
          'QUEUE_UNAVAILABLE',
          `${waitingMax} messages wait to be sent to ${queueUrl} already; send fewer at once`,
        )
      await new Promise<void>((confirm, refuse) => {
        waiting.push({ body, sizeBytes, confirm, refuse })
        // Not at once: sends made in the same turn belong together.
        if (!woken) setImmediate(start)
        woken = true
      })
    },
  }
}

/** No more would fit: a call that is not full waits for those under way, for its fee is that of a full one. */
const fillsCall = (entries: readonly Entry[]): boolean =>
  entries.length >= entriesMax || fillOf(entries) < entries.length

/** How many of the first entries fit one call. */
const fillOf = (entries: readonly Entry[]): number => {
  let bytes = 0
  let count = 0
  for (const { sizeBytes } of entries.slice(0, entriesMax)) {
    bytes += sizeBytes
    if (bytes > callBytesMax) break
    count += 1
  }
  return count
}

/** Settles every entry; never rejects. */
const deliver = async (
  client: SQSClient,
  queueUrl: string,
  entries: readonly Entry[],
  limits: BackOff,
): Promise<void> => {
  let left = entries
  try {
    for (let attempt = 1; attempt <= limits.attemptsMax; attempt += 1) {
      if (attempt > 1) await waitAfter(attempt - 1, limits)
      const answer = await sendBatch(client, queueUrl, left)
      left = settle(queueUrl, left, answer)
      if (left.length === 0) return
    }
    throw new Fault(
      'QUEUE_UNAVAILABLE',
      `${queueUrl} did not take a message in ${limits.attemptsMax} tries; it will be sent again`,
    )
  } catch (error) {
    if (errorNameOf(error) === 'BatchRequestTooLong' && left.length > 1) {
      // The queue's own limit may be lower than SQS's.
      const middle = Math.ceil(left.length / 2)
      await deliver(client, queueUrl, left.slice(0, middle), limits)
      await deliver(client, queueUrl, left.slice(middle), limits)
      return
    }
    const fault = faultOf('queue', error, `sending to ${queueUrl}`)
    for (const { refuse } of left) refuse(fault)
  }
}

const sendBatch = (
  client: SQSClient,
  queueUrl: string,
  entries: readonly Entry[],
): Promise<SendMessageBatchCommandOutput> =>
  client.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: entries.map(({ body }, at) => ({ Id: String(at), MessageBody: body })),
    }),
  )

/** Settles the entries the answer decides on; returns those to be sent again. */
const settle = (
  queueUrl: string,
  entries: readonly Entry[],
  { Successful, Failed }: Pick<SendMessageBatchCommandOutput, 'Successful' | 'Failed'>,
): readonly Entry[] => {
  const confirmed = new Set(Successful?.map(({ Id }) => Id))
  const failed = new Map(Failed?.map((failure) => [failure.Id, failure]))
  return entries.filter((entry, at) => {
    if (confirmed.has(String(at))) {
      entry.confirm()
      return false
    }
    const { SenderFault, Code = 'error', Message } = failed.get(String(at)) ?? {}
    if (!SenderFault || isPassing(Code)) return true
    const error = { name: Code, message: Message, $metadata: { httpStatusCode: 400 } }
    entry.refuse(faultOf('queue', error, `sending to ${queueUrl}`))
    return false
  })
}
