import {
  type Batch,
  type EventMapping,
  isFault,
  type Ledger,
  type Log,
  type Store,
  type Versioned,
  writeObjectsMessage,
} from '@silversmith/core'
import { readOpenBatches } from '../claims/open-batches.ts'
import { abortLost } from '../claims/standing.ts'
import { describeFailure } from '../failure.ts'
import { type Call, persist } from '../patience.ts'
import { type IntakeDeps, type IntakeView, isUnfed, viewIntake } from './intake-mappings.ts'

export interface PauseDeps extends IntakeDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  readonly store: Store
  readonly log: Log
}

/** What feeds the functions, and what is under way. */
export interface PauseView extends IntakeView {
  /** At most `openMax`, oldest lease first. */
  readonly open: readonly Batch[]
  /** Why the ledger could not be asked; then nobody knows what is open. */
  readonly unseen: string | undefined
}

/** What a pause waits for, or ends at. */
export type PauseWait =
  /** Nothing takes from the objects queue: there is nothing to pause. */
  | { readonly kind: 'unfed' }
  /** Somebody enabled a mapping that was disabled: two are at it. */
  | { readonly kind: 'enabled'; readonly queue: string; readonly functionName: string }
  | { readonly kind: 'mapping'; readonly queue: string; readonly functionName: string }
  /** A queue that the settings do not name fed a function: what was received from it nobody can tell. */
  | { readonly kind: 'unknown-queue'; readonly queue: string; readonly until: number }
  /** Messages that an invocation holds, or that wait for their next delivery. */
  | { readonly kind: 'in-flight'; readonly queue: string; readonly messages: number }
  /** An invocation that a hand-over began may still run. */
  | { readonly kind: 'invocation'; readonly until: number }
  /** Transform could not be asked to apply what is sealed. */
  | { readonly kind: 'hand-over'; readonly problem: string }
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'ledger'; readonly problem: string }
  /** All is empty; looked at for a while, for counts and index lag. */
  | { readonly kind: 'settling'; readonly until: number }

export interface PauseOptions {
  /** Epoch ms: waits no longer. */
  readonly until: number
  /** All must be seen empty for so long: what counts and the open index may lag. */
  readonly settleMs: number
  /** Aborts at `until`: nobody waits longer for the end of a hand-over. */
  readonly ending: AbortSignal
  readonly onWait?: (waits: readonly PauseWait[]) => void
}

export interface PauseResult {
  /** No function is fed, none runs, no batch is open. */
  readonly empty: boolean
  readonly waits: readonly PauseWait[]
  readonly view: PauseView
  /** Sealed batches that transform was asked to apply, for nobody else would. */
  readonly handed: readonly string[]
}

/** Open batches looked at. */
const openMax = 1_000
/** Batches of one hand-over. */
const handMax = 10
/** A batch is not handed over again before that. */
const handAgainMs = 60_000
const pollMsMin = 250
const pollMsMax = 5_000
/** Lambda lets no invocation run longer; and what clocks may differ. */
export const invocationEndMs = 900_000 + 60_000

/** Looks, and changes nothing. */
export const viewPause = async (deps: PauseDeps, call: Call): Promise<PauseView> => {
  const intake = await viewIntake(deps, call)
  // Last: whoever began before the mappings were seen disabled is in the ledger now, or its messages are in flight.
  try {
    const open = await readOpenBatches(deps, deps.pipeline, openMax, call)
    return { ...intake, open, unseen: undefined }
  } catch (error) {
    const { code, message } = describeFailure(error)
    return { ...intake, open: [], unseen: `${code}: ${message}` }
  }
}

/** One pause, as far as it has come. */
interface Progress {
  /** Mappings that were seen disabled. */
  readonly disabled: Set<string>
  /** Epoch ms since when no invocation can be under way. */
  stillSince: number | undefined
  /** Since when, beside that, no batch is open. */
  emptySince: number | undefined
  /** An invocation whose end was not seen is over by then. */
  busyUntil: number
  /** Why the last hand-over came to nothing. */
  problem: string | undefined
  /** Batch → when it was last handed over. */
  readonly handedAt: Map<string, number>
}

/**
 * Disables every event source mapping of the queues, and waits until nothing is under way: no invocation, no open batch. What is
 * sealed and has no worker any more is handed to transform, since its messages wait in the queue that is paused; a forming batch
 * whose worker has died is ended when its lease is over. May be repeated: it goes on with what it finds.
 *
 * Never enables anything, and ends where somebody else does: `resume` is the later word. Throws when the mappings cannot be asked for or changed.
 */
export const pausePipeline = async (
  deps: PauseDeps,
  { until, settleMs, ending, onWait }: PauseOptions,
  call: Call,
): Promise<PauseResult> => {
  const { clock } = deps
  const progress: Progress = {
    ...{ stillSince: undefined, emptySince: undefined },
    ...{ busyUntil: 0, problem: undefined, handedAt: new Map<string, number>() },
    disabled: new Set(),
  }
  for (;;) {
    const view = await viewPause(deps, call)
    const ends = judgeEnd(view, progress)
    const handed = [...progress.handedAt.keys()]
    if (ends.length > 0) return { empty: false, waits: ends, view, handed }
    for (const { id, state } of view.mappings)
      if (state === 'enabled')
        await persist(clock, call, () => deps.mappings.turn(id, false, call.signal))
    const waits = judgeView(view, progress, settleMs, clock.now())
    if (waits.length === 0) return { empty: true, waits, view, handed }
    onWait?.(waits)
    if (clock.now() >= until) return { empty: false, waits, view, handed }
    if (progress.stillSince !== undefined && clock.now() - progress.stillSince >= settleMs)
      await moveOn(deps, view, progress, {
        ...call,
        signal: AbortSignal.any([call.signal, ending]),
      })
    const pollMs = Math.min(pollMsMax, Math.max(pollMsMin, settleMs / 4))
    await clock.sleep(Math.max(0, Math.min(pollMs, until - clock.now())))
  }
}

/** What no waiting helps against. */
const judgeEnd = (view: PauseView, { disabled }: Progress): readonly PauseWait[] => {
  if (isUnfed(view)) return [{ kind: 'unfed' }]
  for (const { id, state } of view.mappings) if (state === 'disabled') disabled.add(id)
  return view.mappings
    .filter(({ id, state }) => state === 'enabled' && disabled.has(id))
    .map(({ queue, functionName }) => ({ kind: 'enabled', queue, functionName }))
}

/** Also keeps the time since when it is so. */
const judgeView = (
  view: PauseView,
  progress: Progress,
  settleMs: number,
  now: number,
): readonly PauseWait[] => {
  const { mappings, depths, open, unseen } = view
  const changing = mappings.filter(({ state }) => state !== 'disabled')
  const changedAt = Math.max(0, ...mappings.map((mapping) => mapping.changedAt))
  // Messages that failed stay in flight until their visibility ends, long after whoever held them.
  const until = changedAt + invocationEndMs
  const isOver = now > until
  const held = isOver ? [] : depths.filter(({ inFlight }) => inFlight > 0)
  const unknown = isOver ? [] : mappings.filter(({ isKnown }) => !isKnown)
  const waits: PauseWait[] = [
    ...changing.map(({ queue, functionName }) => ({
      ...{ kind: 'mapping' as const, queue, functionName },
    })),
    ...held.map(({ queue, inFlight: messages }) => ({
      ...{ kind: 'in-flight' as const, queue, messages },
    })),
    ...unknown.map(({ queue }) => ({ kind: 'unknown-queue' as const, queue, until })),
    ...(now < progress.busyUntil
      ? [{ kind: 'invocation' as const, until: progress.busyUntil }]
      : []),
  ]
  progress.stillSince = waits.length === 0 ? (progress.stillSince ?? now) : undefined
  for (const batch of open) waits.push({ kind: 'batch', batch })
  if (open.length > 0 && progress.problem !== undefined)
    waits.push({ kind: 'hand-over', problem: progress.problem })
  if (unseen !== undefined) waits.push({ kind: 'ledger', problem: unseen })
  progress.emptySince = waits.length === 0 ? (progress.emptySince ?? now) : undefined
  const settled = (progress.emptySince ?? now) + settleMs
  return waits.length === 0 && now < settled ? [{ kind: 'settling', until: settled }] : waits
}

/** For what is open though no invocation runs. */
const moveOn = async (
  deps: PauseDeps,
  { mappings, open }: PauseView,
  progress: Progress,
  call: Call,
): Promise<void> => {
  const { clock, ledger } = deps
  const lost = open.filter(({ state, leaseUntil }) => state === 'F' && leaseUntil <= clock.now())
  for (const { id } of lost) {
    const [found] = await persist(clock, call, () =>
      ledger.read([{ kind: 'batch', id }], call.signal),
    )
    if (found?.item.kind === 'batch') await abortLost(deps, found as Versioned<Batch>, call)
  }
  const transform = mappings.find(({ queue }) => queue === 'objects')
  const isDue = ({ id, state }: Batch): boolean =>
    state === 'S' && clock.now() - (progress.handedAt.get(id) ?? -Infinity) >= handAgainMs
  const due = open.filter(isDue).slice(0, handMax)
  if (!transform || due.length === 0) return
  await handOver(deps, transform, due, progress, call)
}

const handOver = async (
  { clock, mappings, pipeline }: PauseDeps,
  transform: EventMapping,
  batches: readonly Batch[],
  progress: Progress,
  call: Call,
): Promise<void> => {
  const ids = batches.map(({ id }) => id)
  const begunAt = clock.now()
  for (const id of ids) progress.handedAt.set(id, begunAt)
  progress.problem = undefined
  try {
    const bodies = ids.map((batch) => writeObjectsMessage(pipeline, { kind: 'batch', batch }))
    const end = await mappings.deliver(transform, bodies, call.signal)
    if (end === 'throttled') progress.problem = `${transform.functionName} is throttled`
  } catch (error) {
    const { code, message } = describeFailure(error)
    progress.problem = `${code}: ${message}`
    // It may have begun all the same, and nobody told of its end.
    if (!isFault(error, 'QUEUE_DENIED')) progress.busyUntil = begunAt + invocationEndMs
  }
}
