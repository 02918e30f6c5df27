import { type Batch, isFault, type Versioned } from '@silversmith/core'
import { dayOf, isManifestKey, manifestPrefix } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { batchOfManifest, readUnnamed } from '../repair/manifest-walk.ts'
import { createTally, mendOfManifest, type Tally } from './reconcile-report.ts'
import type { Position } from './position.ts'
import type { Piece, ReconcileDeps, ReconcileRequest } from './reconcile-room.ts'

/** Batches read at a time. */
const readsMax = 1_000

/**
 * Manifests ⟷ ledger: the ledger must know the batch of every manifest. Where it does not, it was restored, and what it calls
 * unclaimed may have been loaded long ago: nothing may be sent then.
 */
export const passLedger = async function* (
  deps: ReconcileDeps,
  { since }: ReconcileRequest,
  start: Position,
  call: Call,
): AsyncGenerator<Piece> {
  let position: Position = { ...start, pass: 'ledger' }
  let group: string[] = []
  const look = async (): Promise<Tally> => {
    const found = createTally()
    const batches = await readBatches(deps, group, call)
    for (const [index, manifest] of group.entries()) {
      position = { ...position, manifest }
      if (!batches[index] && (await tellUnknown(deps, manifest, found, call)))
        position = { ...position, barred: 'yes' }
    }
    group = []
    return found
  }
  for await (const key of listManifests(deps, since, start.manifest, call)) {
    group.push(key)
    if (group.length < readsMax) continue
    const found = await look()
    yield { found, next: position }
  }
  const found = await look()
  yield { found, next: { ...position, pass: 'sources' } }
}

/** Keys of manifests, day by day, after `from`; so that a call that goes on need not list all days again. */
export const listManifests = async function* (
  deps: ReconcileDeps,
  since: number | undefined,
  from: string | undefined,
  { signal }: Call,
): AsyncGenerator<string> {
  const first = from?.slice(dayAt, dayAt + 10) ?? (await firstDay(deps, since, signal))
  if (first === undefined) return
  // A day more, for manifests of a clock ahead of ours.
  const last = deps.clock.now() + dayMs
  for (let at = Date.parse(first); at <= last; at += dayMs)
    for await (const key of deps.store.list(`${manifestPrefix}dt=${dayOf(at)}/`, signal, from))
      if (isManifestKey(key)) yield key
}

const dayMs = 86_400_000
const dayAt = `${manifestPrefix}dt=`.length

const firstDay = async (
  { store }: ReconcileDeps,
  since: number | undefined,
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (since !== undefined) return dayOf(since)
  for await (const key of store.list(manifestPrefix, signal))
    if (isManifestKey(key)) return key.slice(dayAt, dayAt + 10)
  return undefined
}

/** The batches of these manifests, as the ledger has them. */
export const readBatches = async (
  { clock, ledger }: Pick<ReconcileDeps, 'clock' | 'ledger'>,
  manifestKeys: readonly string[],
  call: Call,
): Promise<readonly (Batch | undefined)[]> => {
  const keys = manifestKeys.map((key) => ({ kind: 'batch', id: batchOfManifest(key) }) as const)
  const found = await persist(clock, call, () => ledger.read(keys, call.signal))
  return (found as readonly (Versioned<Batch> | undefined)[]).map((one) => one?.item)
}

/** False: it is of another pipeline, which may have a ledger of its own. */
const tellUnknown = async (
  deps: ReconcileDeps,
  key: string,
  found: Tally,
  call: Call,
): Promise<boolean> => {
  const batch = batchOfManifest(key)
  try {
    const { manifest } = await readUnnamed(deps, key, call)
    if (manifest.pipeline !== deps.pipeline) return false
    found.find({
      ...{ kind: 'batch-unknown', batch },
      why: `there is a manifest ${key}, and the ledger does not know its batch: it was restored, or is another`,
      mend: 'silversmith ledger rebuild',
    })
  } catch (error) {
    if (!isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE', 'STORE_CONFLICT')) throw error
    const why = `the ledger does not know its batch, and its manifest cannot be read: ${error.message}`
    const mend = `${mendOfManifest(key)}; silversmith ledger rebuild then`
    found.find({ kind: 'manifest-unreadable', batch, why, mend })
  }
  return true
}
