import type { Batch, Clock, Ledger, Store } from '@silversmith/core'
import { readItem } from '../ledger-write.ts'
import { stagingPrefix, stagingPrefixOf } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'

interface StagingDeps {
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
}

type State = Batch['state'] | undefined

const readState = async (deps: StagingDeps, id: string, call: Call): Promise<State> =>
  (await readItem<Batch>(deps, { kind: 'batch', id }, call))?.item.state

/** Ids of the batches that have something staged → their state, where the ledger knows it. */
export const readStaged = async (
  deps: StagingDeps,
  call: Call,
): Promise<ReadonlyMap<string, State>> => {
  const staged = new Map<string, State>()
  for await (const key of deps.store.list(stagingPrefix, call.signal)) {
    const [id = ''] = key.slice(stagingPrefix.length).split('/')
    if (!staged.has(id)) staged.set(id, await readState(deps, id, call))
  }
  return staged
}

/** What batches left over that ended. */
export const clearStaging = async (deps: StagingDeps, call: Call): Promise<void> => {
  for (const [id, state] of await readStaged(deps, call)) await purgeEnded(deps, id, state, call)
}

/** What these batches staged once and deleted, where the bucket keeps versions. */
export const purgeStaged = async (
  deps: StagingDeps,
  batches: Iterable<string>,
  call: Call,
): Promise<void> => {
  for (const id of batches) await purgeEnded(deps, id, await readState(deps, id, call), call)
}

/** Of any other batch it is what is to be applied. */
const purgeEnded = async (
  { store, clock }: StagingDeps,
  id: string,
  state: State,
  call: Call,
): Promise<void> => {
  if (state === 'A' || state === 'C')
    await persist(clock, call, () => store.purge(stagingPrefixOf(id), call.signal))
}
