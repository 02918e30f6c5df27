import {
  Fault,
  type LeftMessage,
  type Log,
  readObjectsMessage,
  type Redelivery,
  type Source,
} from '@silversmith/core'
import { type Call, type Delivery, describeFailure, redeliveryMs } from '@silversmith/flow'
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'

export interface HandlerDeps {
  /** Returns the ids of the messages that must stay on the queue. */
  readonly transform: (deliveries: readonly Delivery[], call: Call) => Promise<readonly string[]>
  readonly pipeline: string
  /** The source that a message itself is; undefined: it asks for one, or for a batch. */
  readonly messageSourceOf: (record: SQSRecord) => Source | undefined
  /** How long before the end of the invocation its work stops. */
  readonly marginMs: number
  readonly now: () => number
  /** From 0 to below 1. */
  readonly chance: () => number
  readonly redelivery: Redelivery
  readonly log: Log
}

export type TransformHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>

/**
 * The door of transform: every message stays on its queue unless the flow says it may go.
 *
 * @throws Fault EVENT_UNKNOWN for an event that is not of SQS: it has no ids to answer with.
 */
export const createHandler =
  (deps: HandlerDeps): TransformHandler =>
  async (event, context) => {
    const deliveries = readDeliveries(deps, event)
    const ids = deliveries.map(({ messageId }) => messageId)
    const remainingMs = context.getRemainingTimeInMillis() - deps.marginMs
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), Math.max(0, remainingMs))
    let left: readonly string[] = ids
    try {
      const call = { deadline: deps.now() + remainingMs, signal: stop.signal }
      left = await deps.transform(deliveries, call)
    } catch (error) {
      deps.log.emit({ kind: 'work-failed', ...describeFailure(error) })
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
    await putOff(deps, event, new Set(left), context)
    return toBatchResponse(ids, left)
  }

/** Left for the answer itself. */
const answerMs = 500

/** Messages that stay come again sooner, and then later, than the queue's time-out says. What cannot be told is left to that. */
const putOff = async (
  { redelivery, chance, log }: HandlerDeps,
  event: SQSEvent,
  left: ReadonlySet<string>,
  context: Context,
): Promise<void> => {
  const messages = event.Records.filter(({ messageId }) => left.has(messageId)).map(
    ({ eventSourceARN, receiptHandle, attributes }): LeftMessage => ({
      ...{ queueArn: eventSourceARN, receiptHandle },
      inMs: redeliveryMs(Number(attributes?.ApproximateReceiveCount) || 1, chance()),
    }),
  )
  const remainingMs = context.getRemainingTimeInMillis() - answerMs
  if (messages.length === 0 || remainingMs <= 0) return
  try {
    await redelivery.putOff(messages, AbortSignal.timeout(remainingMs))
  } catch (error) {
    log.emit({ kind: 'work-failed', ...describeFailure(error) })
  }
}

const readDeliveries = (
  { pipeline, messageSourceOf }: HandlerDeps,
  event: SQSEvent,
): readonly Delivery[] => {
  const records: unknown = event?.Records
  if (!Array.isArray(records))
    throw new Fault(
      'EVENT_UNKNOWN',
      'transform takes events of SQS: {"Records": [{"messageId", "body"}]}',
    )
  return event.Records.map((record) => {
    const { messageId, body } = record
    if (typeof messageId !== 'string' || messageId === '')
      throw new Fault('EVENT_UNKNOWN', 'a record of the event has no messageId: not of SQS')
    const source = messageSourceOf(record)
    if (source) return { messageId, message: { kind: 'source', source } }
    if (typeof body !== 'string')
      throw new Fault('EVENT_UNKNOWN', 'a record of the event has no body: not of SQS')
    return { messageId, message: readObjectsMessage(pipeline, body) }
  })
}

/** Only ids of the event, each once: Lambda takes any other for a failure of all. */
const toBatchResponse = (ids: readonly string[], left: readonly string[]): SQSBatchResponse => {
  const open = new Set(left)
  return {
    batchItemFailures: [...new Set(ids)]
      .filter((id) => open.has(id))
      .map((itemIdentifier) => ({ itemIdentifier })),
  }
}
