import { Fault, type Log, readObjectsMessage, type Source } from '@silversmith/core'
import { type Call, type Delivery, describeFailure } from '@silversmith/flow'
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
    return toBatchResponse(ids, left)
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
