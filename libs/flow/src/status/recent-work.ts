import type { Batch, Clock, Disposition, Ledger, Manifest, Store } from '@silversmith/core'
import { isFault } from '@silversmith/core'
import { readBatches } from '../claims/open-batches.ts'
import { dayOf, firstBatchAt, isManifestKey, manifestPrefix, readManifest } from '../manifest.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'

export interface RecentDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
}

/** How long objects took until their rows were in every target; ms. */
export interface Lag {
  /** Objects with rows that were measured. */
  readonly objects: number
  readonly halfMs: number
  readonly most95Ms: number
  readonly longestMs: number
}

/** What was sealed since a moment. */
export interface RecentWork {
  /** Epoch ms. */
  readonly since: number
  readonly sealed: number
  readonly committed: number
  readonly rows: number
  readonly chunks: number
  /** There were more than were looked at: the oldest are left out. */
  readonly isCut: boolean
  /** What follows is of so many of these batches, the newest. */
  readonly batchesRead: number
  readonly objects: number
  readonly records: number
  readonly rejected: number
  readonly discarded: number
  readonly dispositions: Readonly<Partial<Record<Disposition, number>>>
  readonly rejectedByReason: Readonly<Record<string, number>>
  /** Of those that are committed; undefined: none of them has rows. */
  readonly lag: Lag | undefined
}

/** A batch is sealed within one invocation of its opening, and no invocation lives longer. */
const invocationMsMax = 900_000
const dayMs = 86_400_000
const batchesMax = 10_000
/** Manifests that are read, and sources in them: the newest batches suffice to tell how it goes. */
const manifestsMax = 100
const sourcesMax = 20_000
const readsAtOnceMax = 4

/** By the manifests' names, which begin with the time, and the ledger. */
export const readRecentWork = async (
  deps: RecentDeps,
  since: number,
  call: Call,
): Promise<RecentWork> => {
  const ids = await listIds(deps, since - invocationMsMax, call)
  const newest = ids.slice(-batchesMax)
  const all = await readBatches(deps, deps.pipeline, newest, call)
  const batches = all.filter(({ sealedAt = 0 }) => sealedAt >= since)
  const committed = batches.filter(({ state }) => state === 'C')
  const read = chooseNewest(batches)
  const manifests = await mapConcurrently(read, readsAtOnceMax, (batch) =>
    readOwn(deps, batch, call),
  )
  const sum = (of: (batch: Batch) => number): number =>
    batches.reduce((total, batch) => total + of(batch), 0)
  return {
    ...{ since, sealed: batches.length, committed: committed.length },
    rows: sum(({ manifest }) => manifest?.rows ?? 0),
    chunks: sum(({ manifest }) => manifest?.chunks ?? 0),
    isCut: ids.length > newest.length,
    ...summarise(read, manifests),
  }
}

const listIds = async (
  { store, clock }: RecentDeps,
  from: number,
  call: Call,
): Promise<readonly string[]> => {
  const ids: string[] = []
  for (let day = Math.floor(from / dayMs) * dayMs; day <= clock.now(); day += dayMs) {
    const folder = `${manifestPrefix}dt=${dayOf(day)}/`
    const keys = await persist(clock, call, async () => {
      const found: string[] = []
      for await (const key of store.list(folder, call.signal, `${folder}${firstBatchAt(from)}`)) {
        if (isManifestKey(key)) found.push(key)
        // Others than the newest are not told.
        if (found.length > 2 * batchesMax) found.splice(0, batchesMax)
      }
      return found
    })
    ids.push(...keys.map((key) => key.slice(folder.length, -'.json'.length)))
  }
  return ids
}

const chooseNewest = (batches: readonly Batch[]): readonly Batch[] => {
  const chosen: Batch[] = []
  let sources = 0
  for (const batch of batches.toReversed()) {
    if (chosen.length >= manifestsMax || (chosen.length > 0 && sources >= sourcesMax)) break
    if (batch.manifest) chosen.push(batch)
    sources += batch.sourceCount
  }
  return chosen
}

/** Undefined: it is gone, or is not the one that was sealed; reconcile tells of it. */
const readOwn = async (
  { store, clock }: RecentDeps,
  { manifest: ref }: Batch,
  call: Call,
): Promise<Manifest | undefined> => {
  if (!ref) return undefined
  try {
    return await persist(clock, call, () => readManifest(store, ref, call.signal))
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) return undefined
    throw error
  }
}

type Summary = Omit<RecentWork, 'since' | 'sealed' | 'committed' | 'rows' | 'chunks' | 'isCut'>

const summarise = (
  batches: readonly Batch[],
  manifests: readonly (Manifest | undefined)[],
): Summary => {
  const counts = { batchesRead: 0, objects: 0, records: 0, rejected: 0, discarded: 0 }
  const dispositions: Partial<Record<Disposition, number>> = {}
  const rejectedByReason: Record<string, number> = {}
  const lags: number[] = []
  for (const [at, { committedAt }] of batches.entries()) {
    const manifest = manifests[at]
    if (!manifest) continue
    counts.batchesRead += 1
    for (const source of manifest.sources) {
      const { disposition, records, rejected, discarded, rows, lastModified } = source
      counts.objects += 1
      counts.records += records
      counts.rejected += rejected
      counts.discarded += discarded
      dispositions[disposition] = (dispositions[disposition] ?? 0) + 1
      // S3 dates to the second: what was faster than that is no less than nothing.
      if (committedAt !== undefined && rows > 0 && lastModified > 0 && !source.adopted)
        lags.push(Math.max(0, committedAt - lastModified))
    }
    for (const { dataset, reason, rows } of manifest.quarantine) {
      const name = `${dataset}/${reason}`
      rejectedByReason[name] = (rejectedByReason[name] ?? 0) + rows
    }
  }
  return { ...counts, dispositions, rejectedByReason, lag: lagOf(lags) }
}

const lagOf = (lags: readonly number[]): Lag | undefined => {
  if (lags.length === 0) return undefined
  const sorted = lags.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { objects: lags.length, halfMs: at(0.5), most95Ms: at(0.95), longestMs: at(1) }
}
