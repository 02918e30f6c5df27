import {
  type Batch,
  type Clock,
  type Ledger,
  type Log,
  type Queue,
  type Store,
  writeObjectsMessage,
} from '@silversmith/core'
import { backoffMs, removeStaging } from './apply.ts'
import { changeItem, readItem } from '../ledger-write.ts'
import { stagingPrefix } from '../manifest.ts'
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
  /** Forming ones whose worker had died. */
  readonly aborted: number
}

/** Batches looked at in one sweep; the next takes the next oldest. */
const sweepMax = 500

/** A batch is not sent again before this, and later each time: applying it may be what ends the process. */
const resendMs = 300_000

/**
 * Finds batches nobody is at: sends sealed ones to transform to be applied, oldest lease first, and ends forming ones. Bumping
 * the lease before sending makes room for the others, so that no batch starves another.
 */
export const createSweep =
  (deps: SweepDeps) =>
  async (call: Call): Promise<SweepResult> => {
    const ids = await persist(deps.clock, call, () =>
      deps.ledger.listOpen(deps.pipeline, deps.clock.now(), sweepMax, call.signal),
    )
    let sent = 0
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
      } else if (found.item.state === 'S' && (await bumpLease(deps, id, call))) {
        await deps.queue.send(writeObjectsMessage(deps.pipeline, { kind: 'batch', batch: id }))
        sent += 1
      }
    }
    await removeOrphans(deps, call)
    const result = { found: ids.length, sent, aborted }
    deps.log.emit({ kind: 'sweep-done', ...result })
    return result
  }

/** True for the one sweep that may send the batch now. */
const bumpLease = async (deps: SweepDeps, id: string, call: Call): Promise<boolean> => {
  const now = deps.clock.now()
  let bumped = false
  await changeItem<Batch>(
    deps,
    { kind: 'batch', id },
    (item) => {
      bumped = item?.state === 'S' && item.leaseUntil <= now
      if (!bumped || !item) return undefined
      const failures = (item.failures ?? 0) + 1
      const waitMs = Math.max(resendMs, backoffMs(failures))
      return { ...item, failures, leaseUntil: now + waitMs }
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
