import {
  type Batch,
  type Breaker,
  breakerIdOf,
  type Clock,
  type Ledger,
  type Log,
  type PipelinePin,
  type Queue,
  type Store,
  writeObjectsMessage,
} from '@silversmith/core'
import { backoffMs, removeStaging } from './apply.ts'
import { admit } from '../breaker/breaker.ts'
import { changeItem, readItem } from '../ledger-write.ts'
import { openedAt, stagingPrefix } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { abortLost } from '../claims/standing.ts'

export interface SweepDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  readonly store: Store
  readonly queue: Queue
  readonly clock: Clock
  readonly log: Log
}

export interface SweepResult {
  /** Open batches whose lease was over. */
  readonly found: number
  /** Sealed ones handed to transform. */
  readonly sent: number
  /** Sealed ones that wait for targets which are not called now. */
  readonly resting: number
  /** Forming ones whose worker had died. */
  readonly aborted: number
}

/** Batches looked at in one sweep; the next takes the next oldest. */
const sweepMax = 500

/** A batch is not sent again before this, and later each time: applying it may be what ends the process. */
const resendMs = 300_000

/** A batch that only waits for a breaker is looked at again when that may close, but not sooner than this, nor later than that. */
const restMsMin = 15_000
const restMsMax = 1_800_000
/** One that has waited for long is looked at less often: no item is written without end. */
const restShare = 0.05

/** Batches sent in the first minute after a target came back; twice as many each minute after. */
const rampMin = 25
const minuteMs = 60_000

/**
 * Finds batches nobody is at: sends sealed ones to transform to be applied, oldest lease first, and ends forming ones. Bumping
 * the lease before sending makes room for the others, so that no batch starves another. What only waits for targets that are
 * not called now is not sent; one batch is, or a probe where there is none, when such a target may be tried again.
 */
export const createSweep =
  (deps: SweepDeps) =>
  async (call: Call): Promise<SweepResult> => {
    const targets = await readTargets(deps, call)
    const ids = await persist(deps.clock, call, () =>
      deps.ledger.listOpen(deps.pipeline, deps.clock.now(), sweepMax, call.signal),
    )
    const sentMax = Math.min(...targets.map(({ sendsMax }) => sendsMax), sweepMax)
    const due = new Set(targets.filter(({ state }) => state === 'probe').map(({ name }) => name))
    let sent = 0
    let resting = 0
    let aborted = 0
    for (const id of ids) {
      if (call.signal.aborted || deps.clock.now() > call.deadline) break
      const found = await readItem<Batch>(deps, { kind: 'batch', id }, call)
      if (!found) continue
      if (found.item.state === 'F') {
        const ended = await abortLost(deps, found, call)
        if (ended?.state !== 'A') continue
        aborted += 1
        await removeStaging(deps.store, id, call)
      } else if (found.item.state === 'S') {
        const left = targets.filter(({ name }) => isLeft(found.item, name))
        const probed = left.find(({ name }) => due.has(name))
        const isHeld = left.length > 0 && left.every(({ state }) => state !== 'pass') && !probed
        if (isHeld && found.item.problems?.['quarantine'] === undefined) {
          const waitMs = Math.min(...left.map((target) => target.waitMs))
          if (await bumpLease(deps, id, waitMs, call)) resting += 1
        } else if ((sent < sentMax || probed) && (await bumpLease(deps, id, undefined, call))) {
          await deps.queue.send(writeObjectsMessage(deps.pipeline, { kind: 'batch', batch: id }))
          for (const { name } of left) due.delete(name)
          sent += 1
        }
      }
    }
    for (const target of due)
      await deps.queue.send(writeObjectsMessage(deps.pipeline, { kind: 'probe', target }))
    await removeOrphans(deps, call)
    const result = { found: ids.length, sent, resting, aborted }
    const resters = targets.flatMap(({ name, state }) => (state === 'pass' ? [] : [name]))
    deps.log.emit({
      kind: 'sweep-done',
      ...result,
      resters,
      oldestMs: ageOf(ids, deps.clock.now()),
    })
    return result
  }

/** Of the batch that was begun first; 0: there is none. */
const ageOf = (ids: readonly string[], now: number): number => {
  const begun = ids.flatMap((id) => openedAt(id) ?? [])
  return begun.length === 0 ? 0 : Math.max(0, now - Math.min(...begun))
}

/** A target of the pipeline, by its breaker. */
interface TargetState {
  readonly name: string
  readonly state: 'pass' | 'probe' | 'wait'
  /** Before that nothing calls it. */
  readonly waitMs: number
  /** Batches it may be sent in one sweep. */
  readonly sendsMax: number
}

/** None before the pipeline first ran. */
const readTargets = async (deps: SweepDeps, call: Call): Promise<readonly TargetState[]> => {
  const { clock, ledger, pipeline } = deps
  const pin = await readItem<PipelinePin>(deps, { kind: 'pipeline', id: pipeline }, call)
  const names = pin?.item.targets ?? []
  if (names.length === 0) return []
  const keys = names.map((name) => ({ kind: 'breaker', id: breakerIdOf(pipeline, name) }) as const)
  const found = await persist(clock, call, () => ledger.read(keys, call.signal))
  return names.map((name, at) => {
    const breaker = found[at]?.item as Breaker | undefined
    const now = clock.now()
    const admission = admit(breaker, now)
    const waitMs = admission.kind === 'wait' ? admission.until - now : 0
    return { name, state: admission.kind, waitMs, sendsMax: rampOf(breaker, now) }
  })
}

/** What waited comes back slowly: a server that just rose is not to be run over. */
const rampOf = (breaker: Breaker | undefined, now: number): number => {
  if (breaker?.closedAt === undefined) return sweepMax
  const minutes = Math.floor((now - breaker.closedAt) / minuteMs)
  return Math.min(sweepMax, rampMin * 2 ** Math.min(minutes, 20))
}

/** The target may lack something of a sealed batch. */
const isLeft = ({ done, manifest }: Batch, target: string): boolean =>
  (done?.[target] ?? 0) < (manifest?.chunks ?? 0)

/** True for the one sweep that may deal with the batch now: it is sent, or `restMs` is how long nothing calls its targets. */
const bumpLease = async (
  deps: SweepDeps,
  id: string,
  restMs: number | undefined,
  call: Call,
): Promise<boolean> => {
  const now = deps.clock.now()
  let bumped = false
  await changeItem<Batch>(
    deps,
    { kind: 'batch', id },
    (item) => {
      bumped = item?.state === 'S' && item.leaseUntil <= now
      if (!bumped || !item) return undefined
      // To wait is no failure: when its target is back, it is not put off for how long that took.
      if (restMs !== undefined) {
        const waitedMs = now - (item.sealedAt ?? now)
        const lookMs = Math.min(waitedMs * restShare, restMsMax)
        return { ...item, leaseUntil: Math.round(now + Math.max(restMs, lookMs, restMsMin)) }
      }
      const failures = (item.failures ?? 0) + 1
      return { ...item, failures, leaseUntil: now + Math.max(resendMs, backoffMs(failures)) }
    },
    call,
  )
  return bumped
}

const orphansMax = 50

/** Staged files of batches that ended between their commit or abort and the deletion; by state, never by age. */
const removeOrphans = async (deps: SweepDeps, call: Call): Promise<void> => {
  const seen = new Set<string>()
  for await (const key of deps.store.list(stagingPrefix, call.signal)) {
    const [id] = key.slice(stagingPrefix.length).split('/')
    if (id === undefined || seen.has(id)) continue
    if (seen.size >= orphansMax) return
    seen.add(id)
    const found = await readItem<Batch>(deps, { kind: 'batch', id }, call)
    const state = found?.item.state
    if (state === 'C' || state === 'A') await removeStaging(deps.store, id, call)
  }
}
