import type { Batch, Clock, Ledger, Store } from '@silversmith/core'
import { changeItem, readItem } from '../ledger-write.ts'
import { isManifestKey, manifestPrefix } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { batchOfManifest } from './manifest-walk.ts'
import { stateNames } from './state-name.ts'

export interface FreeDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
}

export interface FreeOptions {
  /** Says what would be done and changes nothing. */
  readonly dryRun?: boolean
}

export interface FreeResult {
  readonly batch: string
  /** `planned`: it would be freed. `refused`: nothing was done, see `reason`. */
  readonly outcome: 'freed' | 'planned' | 'refused'
  readonly reason: string
}

/**
 * For a batch that claims name and the ledger does not have: without a manifest it never was sealed, so that nothing of it can
 * be in a target. It is put back as aborted, and its sources may be loaded by others. A worker that was at it cannot seal it
 * any more. Looks through the keys of all manifests. May be repeated at any time.
 *
 * Throws when ledger or store cannot be reached.
 */
export const freeBatch = async (
  deps: FreeDeps,
  id: string,
  call: Call,
  { dryRun = false }: FreeOptions = {},
): Promise<FreeResult> => {
  const found = await readItem<Batch>(deps, { kind: 'batch', id }, call)
  if (found) {
    const reason = `the ledger has it: it is ${stateNames[found.item.state]}, of pipeline ${found.item.pipeline}`
    return { batch: id, outcome: 'refused', reason }
  }
  const key = await persist(deps.clock, call, () => findManifest(deps.store, id, call.signal))
  if (key !== undefined) {
    const reason = `it has a manifest, ${key}, so it may have been sealed: silversmith ledger rebuild`
    return { batch: id, outcome: 'refused', reason }
  }
  const reason = 'it has no manifest, so it never was sealed: its sources are free'
  if (dryRun) return { batch: id, outcome: 'planned', reason }
  const aborted: Batch = {
    ...{ kind: 'batch', id, pipeline: deps.pipeline, state: 'A', end: 'failed' },
    ...{ owner: 'batch-free', leaseUntil: 0, sourceCount: 0 },
  }
  await changeItem<Batch>(deps, { kind: 'batch', id }, (item) => (item ? undefined : aborted), call)
  return { batch: id, outcome: 'freed', reason }
}

const findManifest = async (
  store: Store,
  batch: string,
  signal: AbortSignal,
): Promise<string | undefined> => {
  for await (const key of store.list(manifestPrefix, signal))
    if (isManifestKey(key) && batchOfManifest(key) === batch) return key
  return undefined
}
