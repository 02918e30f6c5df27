import { setTimeout as sleep } from 'node:timers/promises'
import { functionSizes, logFileOf, mappedFunctions, mappingNames, pipeline } from './functions.ts'
import { countMessages } from './resources.ts'
import type { QueueCounts } from './resources.ts'
import type { Stack } from './stack.ts'

/** What is left to do. */
export interface Status {
  readonly arrivals: QueueCounts
  readonly objects: QueueCounts
  /** Of jobs. */
  readonly bulk: QueueCounts
  readonly messages: QueueCounts
  /** Messages in all dead-letter queues. */
  readonly dead: number
  /** Batches that are not committed; at most `openBatchesMax` are named. */
  readonly openBatches: readonly string[]
  /** Messages that the functions were done with. */
  readonly done: number
  /** Invocations under way. */
  readonly running: number
}

/** The part of a stack that says what is left. */
export type Watched = Pick<Stack, 'dir' | 'clients' | 'resources' | 'ledger' | 'mappings'>

const pollMs = 250
/** Polls in a row that find nothing: an index or a count may lag. */
const emptyPolls = 2
const openBatchesMax = 1_000
/** No function works, nothing moves: longer than the waits between tries, but for those of a target that stays down. */
const idleStallMs = 180_000
/** A function works: beyond the longest time in which it may do so without a sign. */
const busyStallMs = functionSizes.transform.timeoutMs + 120_000

/** The order matters: work moves from the first to the last, so what is seen empty stays so. */
export const readStatus = async (stack: Watched, signal: AbortSignal): Promise<Status> => {
  const { sqs } = stack.clients
  const { arrivals, bulk, objects, messages } = stack.resources
  const messageCounts = await countMessages(sqs, messages.main)
  const arrivalCounts = await countMessages(sqs, arrivals.main)
  const objectCounts = await countMessages(sqs, objects.main)
  const bulkCounts = await countMessages(sqs, bulk.main)
  const openBatches = await stack.ledger.listOpen(
    pipeline,
    Number.MAX_SAFE_INTEGER,
    openBatchesMax,
    signal,
  )
  const dead = [
    await countMessages(sqs, arrivals.dead),
    await countMessages(sqs, objects.dead),
    await countMessages(sqs, bulk.dead),
    await countMessages(sqs, messages.dead),
  ].reduce((sum, counts) => sum + counts.ready + counts.inFlight, 0)
  const mappings = Object.values(stack.mappings())
  return {
    arrivals: arrivalCounts,
    objects: objectCounts,
    bulk: bulkCounts,
    messages: messageCounts,
    dead,
    openBatches,
    done: mappings.reduce((sum, { succeeded }) => sum + succeeded, 0),
    running: mappings.reduce((sum, { running }) => sum + running, 0),
  }
}

const leftIn = ({ ready, inFlight }: QueueCounts): number => ready + inFlight

export const isEmpty = (status: Status): boolean =>
  leftIn(status.arrivals) +
    leftIn(status.objects) +
    leftIn(status.bulk) +
    leftIn(status.messages) +
    status.openBatches.length ===
  0

/** One line for the person who waits. */
export const describeStatus = (status: Status): string =>
  [
    `arrivals ${leftIn(status.arrivals)}`,
    `objects ${leftIn(status.objects)}`,
    ...(leftIn(status.bulk) > 0 ? [`bulk ${leftIn(status.bulk)}`] : []),
    ...(leftIn(status.messages) > 0 ? [`messages ${leftIn(status.messages)}`] : []),
    `open batches ${status.openBatches.length}`,
    ...(status.dead > 0 ? [`dead letters ${status.dead}`] : []),
  ].join(' · ')

export interface DrainOptions {
  readonly onStatus: (status: Status) => void
  readonly signal: AbortSignal
  readonly stallMs?: number
}

/** Nothing moved for so long that nothing will. The message says what is stuck and where to look. */
export class Stalled extends Error {
  override readonly name = 'Stalled'
}

const describeStall = (stack: Watched, status: Status, stallMs: number): string => {
  const lines = [
    `nothing has moved for ${Math.round(stallMs / 1000)} s; left: ${describeStatus(status)}`,
  ]
  const [first] = status.openBatches
  if (first !== undefined)
    lines.push(`open batches, oldest first: ${status.openBatches.slice(0, 5).join(', ')}`)
  const mappings = stack.mappings()
  for (const name of mappingNames) {
    const { lastFailure: failure, state } = mappings[name] ?? {}
    if (state === 'Disabled')
      lines.push(`nothing takes from ${name}: it is paused; silversmith resume --yes ends that`)
    if (failure)
      lines.push(
        `${mappedFunctions[name]} failed last with ${failure.errorType}: ${failure.errorMessage}`,
      )
  }
  for (const name of ['ingest', 'transform'] as const)
    lines.push(`log of ${name}: ${logFileOf(stack.dir, name)}`)
  return lines.join('\n')
}

/**
 * Waits until nothing is left to do. @throws Stalled when nothing moves any more; the signal's reason.
 */
export const drain = async (stack: Watched, options: DrainOptions): Promise<Status> => {
  let seen = ''
  let changedAt = Date.now()
  let empty = 0
  for (;;) {
    options.signal.throwIfAborted()
    const status = await readStatus(stack, options.signal)
    options.onStatus(status)
    empty = isEmpty(status) ? empty + 1 : 0
    if (empty >= emptyPolls) return status
    // Receives and failures are no progress.
    const progress = JSON.stringify([
      leftIn(status.arrivals),
      leftIn(status.objects),
      leftIn(status.bulk),
      leftIn(status.messages),
      status.openBatches,
      status.done,
    ])
    if (progress !== seen) {
      seen = progress
      changedAt = Date.now()
    }
    const stallMs = options.stallMs ?? (status.running > 0 ? busyStallMs : idleStallMs)
    if (Date.now() - changedAt > stallMs) throw new Stalled(describeStall(stack, status, stallMs))
    await sleep(pollMs, undefined, { signal: options.signal }).catch(() => undefined)
  }
}
