import { type Queue, writeObjectsMessage } from '@silversmith/core'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import {
  listQuarantine,
  type QuarantineDeps,
  type QuarantineEntry,
  type QuarantineFilter,
} from './quarantine-listing.ts'

export interface ReplayDeps extends QuarantineDeps {
  readonly queue: Queue
}

export interface ReplayResult {
  /** Files sent to transform, or that would be. */
  readonly sent: number
  /** Records in these, where it is known. */
  readonly records: number
  readonly sizeBytes: number
  /** Replayed before: nothing is sent. */
  readonly resolved: number
  /** A replay of them is under way: nothing is sent. */
  readonly waiting: number
}

/** Messages sent at a time; the queue's adapter puts them together. */
const sendsMax = 100

/**
 * Sends quarantine files to transform as sources. Their claims decide, as for any source: however often and with whatever
 * filters a file is sent, its records are judged once more, and once only.
 */
export const replayQuarantine = async (
  deps: ReplayDeps,
  filter: QuarantineFilter,
  { dryRun }: { readonly dryRun: boolean },
  call: Call,
): Promise<ReplayResult> => {
  const sum = { sent: 0, records: 0, sizeBytes: 0, resolved: 0, waiting: 0 }
  for await (const entries of listQuarantine(deps, filter, call)) {
    const due = entries.filter(({ state }) => state === 'open' || state === 'failed')
    if (!dryRun) await mapConcurrently(due, sendsMax, (entry) => send(deps, entry, call))
    for (const { state, records = 0, sizeBytes } of entries) {
      if (state === 'resolved') sum.resolved += 1
      else if (state === 'waiting') sum.waiting += 1
      else {
        sum.sent += 1
        sum.records += records
        sum.sizeBytes += sizeBytes
      }
    }
  }
  return sum
}

const send = (
  { pipeline, queue, clock }: ReplayDeps,
  { source }: QuarantineEntry,
  call: Call,
): Promise<void> =>
  persist(clock, call, () => queue.send(writeObjectsMessage(pipeline, { kind: 'source', source })))
