import type { Table } from '@silversmith/core'
import { functionSizes, mappedFunctions, mappingSettings, pipeline } from '../functions.ts'
import type { MappingName } from '../functions.ts'
import { countMessages } from '../resources.ts'
import type { QueuePair } from '../resources.ts'
import type { Stack } from '../stack.ts'
import type { BatchFollower } from './batch-follower.ts'
import type { Drops } from './drops.ts'
import { findRest } from './rest.ts'
import { countTables } from './table-count.ts'
import type { TableCounts } from './table-count.ts'
import type { Tally } from './tally.ts'
import type { Applied, BatchLine, Depth, Moved, Tick, Work } from './tick.ts'
import type { Landed, Watch } from './watch.ts'

export interface SamplerParts {
  readonly stack: Stack
  readonly tables: readonly Table[]
  readonly watch: Watch
  readonly tally: Tally
  readonly follower: BatchFollower
  readonly drops: Drops
  readonly now: () => number
  readonly signal: AbortSignal
}

/** Looks at the stack, and says what changed since it looked last. */
export type Sample = () => Promise<Tick>

const openBatchesMax = 1_000

/** What the next sample is compared with. */
interface Counted {
  readonly at: number
  readonly landed: Landed
  readonly done: Readonly<Record<MappingName, number>>
  readonly rejected: number
  readonly applied: Readonly<Record<string, number>>
}

const depthOf = async ({ clients }: Stack, { main, dead }: QueuePair): Promise<Depth> => {
  const [waiting, dropped] = await Promise.all([
    countMessages(clients.sqs, main),
    countMessages(clients.sqs, dead),
  ])
  return {
    waiting: waiting.ready,
    inFlight: waiting.inFlight,
    dead: dropped.ready + dropped.inFlight,
  }
}

const sumOf = (a: Depth, b: Depth): Depth => ({
  waiting: a.waiting + b.waiting,
  inFlight: a.inFlight + b.inFlight,
  dead: a.dead + b.dead,
})

const appliedOf = async (parts: SamplerParts): Promise<Tick['applied']> => {
  const { stack, tables, tally, signal } = parts
  const names = tables.map(({ name }) => name)
  const all = Object.entries(tally.applied()).map(
    async ([target, gain]): Promise<[string, Applied]> => {
      const rest = await findRest(stack.ledger, target, names, signal)
      return [target, { ...gain, ...(rest && { rest }) }]
    },
  )
  return Object.fromEntries(await Promise.all(all))
}

const workOf = (stack: Stack, names: readonly MappingName[]): Work => {
  const states = names.map((name) => stack.mappings()[name])
  const name = mappedFunctions[names[0] ?? 'objects']
  const slots = names.reduce((sum, one) => sum + mappingSettings[one].concurrencyMax, 0)
  return {
    running: states.reduce((sum, state) => sum + (state?.running ?? 0), 0),
    runningMax: Math.min(slots, functionSizes[name].concurrencyMax),
    done: states.reduce((sum, state) => sum + (state?.succeeded ?? 0), 0),
    isPaused: states.some((state) => state !== undefined && state.state !== 'Enabled'),
  }
}

const countDone = (stack: Stack): Counted['done'] => {
  const { arrivals, bulk, objects, messages } = stack.mappings()
  return {
    arrivals: arrivals?.succeeded ?? 0,
    objects: objects?.succeeded ?? 0,
    bulk: bulk?.succeeded ?? 0,
    messages: messages?.succeeded ?? 0,
  }
}

const movedBetween = (before: Counted, after: Counted): Moved => ({
  landed: after.landed.objects - before.landed.objects,
  ingested: after.done.arrivals - before.done.arrivals,
  transformed: after.done.objects + after.done.bulk - before.done.objects - before.done.bulk,
  messages: after.done.messages - before.done.messages,
  rejected: after.rejected - before.rejected,
  applied: Object.fromEntries(
    Object.entries(after.applied).map(([target, rows]) => [
      target,
      rows - (before.applied[target] ?? 0),
    ]),
  ),
})

/** The slowest object that became queryable. */
const worstLagOf = (batches: readonly BatchLine[]): number | undefined => {
  const all = batches.flatMap(({ lagMs }) => lagMs ?? [])
  return all.length === 0 ? undefined : Math.max(...all)
}

export const createSampler = (parts: SamplerParts): Sample => {
  const { stack, watch, tally, now, signal } = parts
  const { warehouse, resources } = stack
  const countNow = (): Counted => {
    const { rejected } = tally.totals()
    const applied = Object.entries(tally.applied())
    return {
      at: now(),
      ...{ landed: watch.landed(), done: countDone(stack), rejected },
      applied: Object.fromEntries(applied.map(([target, { rows }]) => [target, rows])),
    }
  }
  let before = countNow()
  let tables: TableCounts | undefined
  let countedRows = -1

  /** Asked only when there is something new: an idle page costs the engine nothing. */
  const countAgain = async (rows: number): Promise<void> => {
    if (!warehouse || rows === countedRows) return
    const counted = await countTables(warehouse, parts.tables, signal).catch(() => undefined)
    tables = counted
    countedRows = counted ? rows : -1
  }

  return async () => {
    const batches = await parts.follower.follow(watch.takeTold())
    const [arrivals, live, bulk, messages, open, drops] = await Promise.all([
      depthOf(stack, resources.arrivals),
      depthOf(stack, resources.objects),
      depthOf(stack, resources.bulk),
      depthOf(stack, resources.messages),
      stack.ledger.listOpen(pipeline, Number.MAX_SAFE_INTEGER, openBatchesMax, signal),
      parts.drops.settle(),
    ])
    // One place on the page: who watches a job sees it wait where live objects do.
    const objects = sumOf(live, bulk)
    const applied = await appliedOf(parts)
    await countAgain(applied['clickhouse']?.rows ?? 0)
    const after = countNow()
    const moved = movedBetween(before, after)
    const seconds = Math.max(0.1, (after.at - before.at) / 1000)
    before = after
    const lagMs = worstLagOf(batches)
    return {
      point: {
        at: after.at,
        waiting: [arrivals, objects, messages].reduce((sum, one) => sum + one.waiting, 0),
        rows: Math.max(0, ...Object.values(moved.applied)) / seconds,
        rejected: moved.rejected / seconds,
        ...(lagMs !== undefined && { lagMs }),
      },
      queues: { arrivals, objects, messages },
      functions: {
        ingest: workOf(stack, ['arrivals']),
        transform: workOf(stack, ['objects', 'bulk', 'messages']),
      },
      landed: after.landed,
      openBatches: open.length,
      totals: tally.totals(),
      applied,
      ...(tables && { tables }),
      ...{ moved, batches, drops, problems: watch.takeProblems() },
    }
  }
}
