import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
import { Fault, type Log } from '@silversmith/core'
import { type Arrivals, type Ingest, readArrivals, readArrivalsText } from '@silversmith/flow'
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { createTally, type Tally } from './tally.ts'
import { createTurnstile } from './turnstile.ts'

/** Objects of one invocation in work at a time, whatever their messages. */
const arrivalsConcurrencyMax = 64
/** Left for answering and for the last log lines. */
const marginMs = 1_000

export interface HandlerDeps {
  readonly ingest: Ingest
  readonly log: Log
  /** DRY_RUN: nothing is ever taken in. */
  readonly dryRun: boolean
  /** Called first at every invocation. */
  readonly begin: (context: Context) => void
}

export type IngestHandler = (
  event: unknown,
  context: Context,
) => Promise<SQSBatchResponse | undefined>

/**
 * The door of ingest. Messages of SQS are answered one by one; any other event raises its error, so that whoever invoked the
 * function tries again or keeps the event.
 *
 * @throws Fault SETTINGS_INVALID while DRY_RUN is set: no message is acknowledged. FullBatchFailureError when no message at all could be taken in: the whole batch comes again.
 */
export const createHandler =
  (deps: HandlerDeps): IngestHandler =>
  async (event, context) => {
    if (deps.dryRun) throw dryRunIsSet()
    deps.begin(context)
    const tally = createTally(deps.log)
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), context.getRemainingTimeInMillis() - marginMs)
    const take = createTake(deps.ingest, tally, stop.signal)
    try {
      if (!isSqsEvent(event)) return await take(readArrivals(event))
      if (event.Records.length === 0) return { batchItemFailures: [] }
      const takeMessage = ({ messageId, body }: SQSRecord): Promise<undefined> =>
        take(readArrivalsText(body), messageId)
      const processor = new BatchProcessor(EventType.SQS)
      return await processPartialResponse(event, takeMessage, processor, { context })
    } finally {
      clearTimeout(timer)
      stop.abort()
      tally.tell()
    }
  }

const dryRunIsSet = (): Fault =>
  new Fault(
    'SETTINGS_INVALID',
    'DRY_RUN is set: ingest takes nothing in, and no message was touched. Unset it; what would become of an object says transform: {"dry_run": true, "bucket", "key"}',
  )

type Take = (arrivals: Arrivals, messageId?: string) => Promise<undefined>

/** Takes in what can be taken, also when a part of it cannot; throws at the end for what could not. */
const createTake = (ingest: Ingest, tally: Tally, signal: AbortSignal): Take => {
  const inTurn = createTurnstile(arrivalsConcurrencyMax)
  return async ({ arrivals, ignored, unknown }, messageId) => {
    for (const reason of ignored) tally.ignore(reason)
    for (const reason of unknown) tally.refuse(reason, messageId)
    const results = await Promise.allSettled(
      arrivals.map((arrival) => inTurn(() => ingest(arrival, signal))),
    )
    for (const result of results) {
      if (result.status === 'rejected') tally.fail(result.reason)
      else if (result.value.outcome === 'sent') tally.accept()
      else tally.ignore(result.value.outcome)
    }
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    if (unknown[0] !== undefined) throw new Fault('EVENT_UNKNOWN', unknown[0])
    return undefined
  }
}

/** An event without records is SQS's too: there is nothing to do and nothing to lose. */
const isSqsEvent = (event: unknown): event is SQSEvent =>
  typeof event === 'object' &&
  event !== null &&
  'Records' in event &&
  Array.isArray(event.Records) &&
  event.Records.every(
    (record) => typeof record?.messageId === 'string' && typeof record.body === 'string',
  )
