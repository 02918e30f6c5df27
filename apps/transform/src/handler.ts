import {
  Fault,
  type LeftMessage,
  type Log,
  readObjectsMessage,
  type Redelivery,
  type Source,
} from '@silversmith/core'
import {
  type AskedObject,
  type Call,
  type Delivery,
  describeBulk,
  describeFailure,
  readAskedObject,
  readBulkFields,
  redeliveryMs,
} from '@silversmith/flow'
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import type { QueueGuard } from './queue-guard.ts'

export interface HandlerDeps {
  /** Returns the ids of the messages that must stay on the queue. */
  readonly transform: (deliveries: readonly Delivery[], call: Call) => Promise<readonly string[]>
  /** What a load of the object would make. Changes nothing. */
  readonly dryRunOf: (asked: AskedObject, call: Call) => Promise<object>
  readonly pipeline: string
  /** DRY_RUN: nothing is ever loaded. */
  readonly dryRun: boolean
  readonly guardQueues: QueueGuard
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

/** An event of SQS is answered with the messages that stay, `{"dry_run": true, "bucket", "key"}` with a report. */
export type TransformHandler = (
  event: unknown,
  context: Context,
) => Promise<SQSBatchResponse | object>

/**
 * The door of transform: every message stays on its queue unless the flow says it may go.
 *
 * @throws Fault EVENT_UNKNOWN for an event that is neither of SQS nor asks for a dry run; SETTINGS_INVALID for messages while
 * DRY_RUN is set, QUEUE_MISCONFIGURED for those of a queue that gives up early, which are put off for hours: all of them stay.
 * Faults of the dry run.
 */
export const createHandler =
  (deps: HandlerDeps): TransformHandler =>
  async (event, context) => {
    const remainingMs = context.getRemainingTimeInMillis() - deps.marginMs
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), Math.max(0, remainingMs))
    const call = { deadline: deps.now() + remainingMs, signal: stop.signal }
    let taken: Taken
    try {
      const asked = readAskedObject(event)
      if (asked && (asked.isDry || deps.dryRun)) return await deps.dryRunOf(asked, call)
      taken = await takeMessages(deps, event, call)
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
    await putOff(deps, taken, context)
    if (taken.refusal !== undefined) throw taken.refusal
    return toBatchResponse(taken)
  }

interface Taken {
  readonly records: SQSEvent['Records']
  /** Ids of the messages that must stay. */
  readonly left: readonly string[]
  /** Why nothing was begun with any of them. */
  readonly refusal?: unknown
}

const takeMessages = async (deps: HandlerDeps, event: unknown, call: Call): Promise<Taken> => {
  const records = readRecords(event)
  if (deps.dryRun)
    throw new Fault(
      'SETTINGS_INVALID',
      'DRY_RUN is set, and messages came from a queue: none of them was touched, and all come again, until they die. Unset DRY_RUN, or disable the event source mapping; direct invocations with {"bucket", "key"} are what it is for',
    )
  const deliveries = readDeliveries(deps, records)
  const arns = records.flatMap(({ eventSourceARN: arn }) => (typeof arn === 'string' ? [arn] : []))
  const all = deliveries.map(({ messageId }) => messageId)
  try {
    await deps.guardQueues(arns, call.signal)
  } catch (refusal) {
    return { records, left: all, refusal }
  }
  try {
    return { records, left: await deps.transform(deliveries, call) }
  } catch (error) {
    deps.log.emit({ kind: 'work-failed', ...describeFailure(error) })
    return { records, left: all }
  }
}

/** Left for the answer itself. */
const answerMs = 500
/** Messages that were refused wait as long as those received this often: few receives must last until the queue is mended. */
const refusedReceives = 20

/** Messages that stay come again sooner, and then later, than the queue's time-out says. What cannot be told is left to that. */
const putOff = async (
  { redelivery, chance, log }: HandlerDeps,
  { records, left, refusal }: Taken,
  context: Context,
): Promise<void> => {
  const open = new Set(left)
  const messages = records
    .filter(({ messageId }) => open.has(messageId))
    .map(({ eventSourceARN, receiptHandle, attributes }): LeftMessage => {
      const receives =
        refusal === undefined ? Number(attributes?.ApproximateReceiveCount) || 1 : refusedReceives
      return { queueArn: eventSourceARN, receiptHandle, inMs: redeliveryMs(receives, chance()) }
    })
  const remainingMs = context.getRemainingTimeInMillis() - answerMs
  if (messages.length === 0 || remainingMs <= 0) return
  try {
    await redelivery.putOff(messages, AbortSignal.timeout(remainingMs))
  } catch (error) {
    log.emit({ kind: 'work-failed', ...describeFailure(error) })
  }
}

const readRecords = (event: unknown): SQSEvent['Records'] => {
  const { Records: records } = (event ?? {}) as { readonly Records?: unknown }
  if (Array.isArray(records)) return records as SQSEvent['Records']
  if (readBulkFields(event).length > 0) throw new Fault('EVENT_UNKNOWN', describeBulk(event))
  throw new Fault(
    'EVENT_UNKNOWN',
    readAskedObject(event)
      ? 'transform loads what its queue brings: send {"bucket", "key"} to function ingest; or add "dry_run": true, and transform says what would come of it'
      : 'transform takes events of SQS, {"Records": [{"messageId", "body"}]}, and by hand {"dry_run": true, "bucket", "key"}, {"health_check": true} or {"diagnostics": true}',
  )
}

const readDeliveries = (
  { pipeline, messageSourceOf }: HandlerDeps,
  records: SQSEvent['Records'],
): readonly Delivery[] =>
  records.map((record) => {
    const { messageId, body } = record
    if (typeof messageId !== 'string' || messageId === '')
      throw new Fault('EVENT_UNKNOWN', 'a record of the event has no messageId: not of SQS')
    const source = messageSourceOf(record)
    if (source) return { messageId, message: { kind: 'source', source } }
    if (typeof body !== 'string')
      throw new Fault('EVENT_UNKNOWN', 'a record of the event has no body: not of SQS')
    return { messageId, message: readObjectsMessage(pipeline, body) }
  })

/** Only ids of the event, each once: Lambda takes any other for a failure of all. */
const toBatchResponse = ({ records, left }: Taken): SQSBatchResponse => {
  const open = new Set(left)
  return {
    batchItemFailures: [...new Set(records.map(({ messageId }) => messageId))]
      .filter((id) => open.has(id))
      .map((itemIdentifier) => ({ itemIdentifier })),
  }
}
