import { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { SQSRecord } from 'aws-lambda'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDeferred } from '../lambda/deferred.ts'
import type { FunctionPool } from '../lambda/function-pool.ts'
import type { Failure } from '../lambda/invocation.ts'
import { mapLimited } from '../account/history.ts'
import { readFailedIds } from './batch-response.ts'
import { createCollector } from './collector.ts'
import type { CollectorSettings } from './collector.ts'

export interface MappingSettings extends CollectorSettings {
  /** Invocations at one time (MaximumConcurrency). */
  readonly concurrencyMax: number
  /** ReportBatchItemFailures. Without it any answer that is not an error means success. */
  readonly reportBatchItemFailures: boolean
  /**
   * Gives failed messages back after 1 s, 2 s, 4 s … up to this time, by their receive count. Without it they come back when
   * their visibility time-out ends, as on AWS, which is minutes.
   */
  readonly retryMaxMs?: number
  /** Deliveries of each batch, two at a time, as SQS may deliver any message twice. One when absent. */
  readonly copies?: number
}

export interface MappingState {
  /** Messages deleted after success. */
  readonly succeeded: number
  /** Messages that failed, each time they did. */
  readonly failed: number
  readonly running: number
  readonly lastFailure: Failure | undefined
  /** In AWS' words. Disabled: it takes no message, and no invocation of it is under way. */
  readonly state: 'Enabled' | 'Enabling' | 'Disabling' | 'Disabled'
  /** Epoch ms: when that last changed. */
  readonly changedAt: number
}

export interface Mapping {
  state(): MappingState
  /** Off: what is being received is still handed over, then nothing more is. */
  turn(isOn: boolean): void
  /** Takes no more messages and waits for the invocations under way. */
  stop(): Promise<void>
}

const batchSizeMax = 10_000
/** AWS' rule: more than this many records in a batch need a window of a second. */
const batchSizeWithoutWindow = 10
const windowMsForLargeBatches = 1_000
const windowMsMax = 300_000
const entriesMax = 10
const backOffMsMin = 100
const backOffMsMax = 5_000
/** Requests that delete or give back messages, at one time. */
const cleanupsMax = 8
/** Copies of one batch that are delivered at one time. */
const deliveriesMax = 2

const checkSettings = ({ batchSize, windowMs, concurrencyMax }: MappingSettings): void => {
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > batchSizeMax)
    throw new RangeError(`batchSize is ${batchSize}; AWS allows 1 to ${batchSizeMax}`)
  if (windowMs < 0 || windowMs > windowMsMax)
    throw new RangeError(`windowMs is ${windowMs}; AWS allows 0 to ${windowMsMax}`)
  if (batchSize > batchSizeWithoutWindow && windowMs < windowMsForLargeBatches)
    throw new RangeError(`a batchSize of ${batchSize} needs a windowMs of at least 1000, as on AWS`)
  if (!Number.isInteger(concurrencyMax) || concurrencyMax < 1)
    throw new RangeError(`concurrencyMax is ${concurrencyMax}; it must be 1 or more`)
}

const inTens = (records: readonly SQSRecord[]): SQSRecord[][] => {
  const tens: SQSRecord[][] = []
  for (let start = 0; start < records.length; start += entriesMax)
    tens.push(records.slice(start, start + entriesMax))
  return tens
}

const forEachTen = async (
  records: readonly SQSRecord[],
  act: (ten: SQSRecord[]) => Promise<unknown>,
): Promise<void> => {
  const left = inTens(records)
  const worker = async (): Promise<void> => {
    for (let ten = left.pop(); ten; ten = left.pop()) await act(ten)
  }
  await Promise.allSettled(Array.from({ length: cleanupsMax }, worker))
}

/** Feeds a function from a queue by the rules of Lambda's event source mapping for SQS. */
export const startMapping = (
  sqs: SQSClient,
  pool: Pick<FunctionPool, 'invoke'>,
  settings: MappingSettings,
): Mapping => {
  checkSettings(settings)
  const collector = createCollector(sqs, settings)
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  let succeeded = 0
  let failed = 0
  let failuresInRow = 0
  let lastFailure: Failure | undefined
  let isOn = true
  let isParked = false
  let turned = createDeferred<void>()
  let changedAt = Date.now()

  const backOff = async (): Promise<void> => {
    const ms = Math.min(backOffMsMin * 2 ** failuresInRow, backOffMsMax)
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  }

  /** A failed deletion is no fault: the message comes again, as on AWS. */
  const remove = (records: readonly SQSRecord[]): Promise<void> =>
    forEachTen(records, (ten) =>
      sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: settings.queueUrl,
          Entries: ten.map(({ receiptHandle }, index) => ({
            Id: String(index),
            ReceiptHandle: receiptHandle,
          })),
        }),
      ),
    )

  const giveBack = async (records: readonly SQSRecord[]): Promise<void> => {
    const { retryMaxMs } = settings
    if (retryMaxMs === undefined) return
    const secondsOf = (record: SQSRecord): number => {
      const receives = Number(record.attributes.ApproximateReceiveCount) || 1
      return Math.ceil(Math.min(1000 * 2 ** (receives - 1), retryMaxMs) / 1000)
    }
    await forEachTen(records, (ten) =>
      sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: settings.queueUrl,
          Entries: ten.map((record, index) => ({
            Id: String(index),
            ReceiptHandle: record.receiptHandle,
            VisibilityTimeout: secondsOf(record),
          })),
        }),
      ),
    )
  }

  /** A message is done when one of its deliveries says so. */
  const failedIdsOf = async (records: readonly SQSRecord[]): Promise<ReadonlySet<string>> => {
    const failed = new Set(records.map(({ messageId }) => messageId))
    const deliveries = Array.from({ length: settings.copies ?? 1 }, () => records)
    await mapLimited(deliveries, deliveriesMax, async (copy) => {
      const own = await deliver(copy)
      for (const id of failed) if (!own.has(id)) failed.delete(id)
    })
    return failed
  }

  const deliver = async (records: readonly SQSRecord[]): Promise<ReadonlySet<string>> => {
    const sent = new Set(records.map(({ messageId }) => messageId))
    const outcome = await pool.invoke(JSON.stringify({ Records: records }))
    if (outcome.kind === 'failure') lastFailure = outcome
    if (outcome.kind !== 'success') return sent
    return settings.reportBatchItemFailures ? readFailedIds(outcome.payload, sent) : new Set()
  }

  const process = async (records: readonly SQSRecord[]): Promise<void> => {
    const failedIds = await failedIdsOf(records)
    const done = records.filter(({ messageId }) => !failedIds.has(messageId))
    const left = records.filter(({ messageId }) => failedIds.has(messageId))
    succeeded += done.length
    failed += left.length
    failuresInRow = left.length === records.length ? failuresInRow + 1 : 0
    await Promise.all([remove(done), giveBack(left)])
  }

  /** Until it is turned on again, or ends. */
  const park = async (): Promise<void> => {
    await giveBack(collector.takeCarried())
    await Promise.allSettled(running)
    isParked = true
    changedAt = Date.now()
    while (!isOn && !stopping.signal.aborted) await turned.promise
    isParked = false
    changedAt = Date.now()
  }

  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (!isOn) await park()
      if (stopping.signal.aborted) return
      if (running.size >= settings.concurrencyMax) await Promise.race(running)
      if (failuresInRow > 0) await backOff()
      const records = await collector.collect(stopping.signal).catch(async () => {
        if (!stopping.signal.aborted) await sleep(backOffMsMin)
        return []
      })
      if (records.length === 0) continue
      if (stopping.signal.aborted) return giveBack(records)
      const work: Promise<void> = process(records).finally(() => running.delete(work))
      running.add(work)
    }
  }

  const stateNow = (): MappingState['state'] => {
    if (isOn) return isParked ? 'Enabling' : 'Enabled'
    return isParked ? 'Disabled' : 'Disabling'
  }

  const polling = poll()
  return {
    state: () => ({
      ...{ succeeded, failed, running: running.size, lastFailure },
      ...{ state: stateNow(), changedAt },
    }),
    turn: (next) => {
      if (next === isOn) return
      isOn = next
      changedAt = Date.now()
      turned.resolve()
      turned = createDeferred()
    },
    stop: async () => {
      stopping.abort()
      turned.resolve()
      await polling
      await Promise.allSettled(running)
    },
  }
}
