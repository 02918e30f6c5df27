import type { Batch, Clock, Ledger, Store } from '@silversmith/core'
import { changeItem, readItem } from '../ledger-write.ts'
import { manifestKeyOf, openedAt } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
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
 * be in a target. It is put back as aborted, and its sources may be loaded by others. May be repeated at any time, also while
 * a worker is at the batch: that reads the item after it wrote the manifest, we look for the manifest after we read the item;
 * so either we find the one, or the worker does not find the other and cannot seal.
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
  const opened = openedAt(id)
  if (opened === undefined)
    return { batch: id, outcome: 'refused', reason: 'that is no id of a batch' }
  const key = await findManifest(deps, id, opened, call)
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

const dayMs = 86_400_000

/** In the folder of the day it was opened, or of a neighbour: its manifest has a time of its own, a little later. */
const findManifest = async (
  { store, clock }: FreeDeps,
  batch: string,
  opened: number,
  call: Call,
): Promise<string | undefined> => {
  for (const createdAt of [opened, opened + dayMs, opened - dayMs]) {
    const key = manifestKeyOf({ batch, createdAt })
    if (await persist(clock, call, () => store.look(key, call.signal))) return key
  }
  return undefined
}
