import {
  type Batch,
  type Claim,
  type Clock,
  type ItemKey,
  type Ledger,
  type Log,
  type ManifestRef,
  type ManifestSource,
  type Source,
  type Store,
  type Versioned,
} from '@silversmith/core'
import { judge, type Standing, type Verdict } from './claims.ts'
import { hasEndMark } from './end-mark.ts'
import { changeItem } from '../ledger-write.ts'
import { readManifest } from '../manifest.ts'
import { describeFailure } from '../failure.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'

export interface StandingDeps {
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

export interface Judged {
  readonly source: Source
  readonly claim: Versioned<Claim> | undefined
  readonly verdict: Verdict
  /** Its entry in the manifest of the batch its claim names. */
  readonly listed: ManifestSource | undefined
}

const roundsMax = 3

/** Reads the claims of all sources and says of each what may be done with it; aborts batches whose lease is over. */
export const judgeSources = async (
  deps: StandingDeps,
  sources: readonly Source[],
  call: Call,
): Promise<readonly Judged[]> => {
  // Of each manifest only the sources asked for are kept: it may list thousands of others.
  const asked = new Set(sources.map(({ id }) => id))
  const listings: Listings = new Map()
  const judged: Judged[] = []
  let open = sources
  for (let round = 1; open.length > 0; round += 1) {
    const standings = await readStandings(deps, open, call)
    await readListings(deps, standings, { asked, listings }, call)
    const again: Source[] = []
    const lost = new Map<string, Versioned<Batch>>()
    for (const standing of standings) {
      const { source, batch } = standing
      const listing = batch && listings.get(batch.item.id)
      const isUnreadable = batch?.item.manifest !== undefined && !listing
      const verdict = isUnreadable
        ? ({ kind: 'wait' } as const)
        : judge(standing, listing?.get(source.id), deps.clock.now())
      if (verdict.kind === 'abort' && round < roundsMax && standing.batch) {
        again.push(standing.source)
        lost.set(standing.batch.item.id, standing.batch)
        continue
      }
      if (verdict.kind === 'alarm' && standing.claim) {
        const { batch } = standing.claim.item
        deps.log.emit({ kind: 'claim-without-batch', source: standing.source.id, batch })
      }
      const listed = listing?.get(source.id)
      judged.push({ source: standing.source, claim: standing.claim, verdict, listed })
    }
    for (const batch of lost.values()) await abortLost(deps, batch, call)
    open = again
  }
  return judged
}

export const readStandings = async (
  deps: StandingDeps,
  sources: readonly Source[],
  call: Call,
): Promise<readonly Standing[]> => {
  const claims = await readAll<Claim>(
    deps,
    sources.map(({ id }) => ({ kind: 'claim', id })),
    call,
  )
  const ids = [...new Set(claims.flatMap((claim) => (claim ? [claim.item.batch] : [])))]
  const batches = await readAll<Batch>(
    deps,
    ids.map((id) => ({ kind: 'batch', id })),
    call,
  )
  const byId = new Map(ids.map((id, index) => [id, batches[index]]))
  return sources.map((source, index) => {
    const claim = claims[index]
    return { source, claim, batch: claim && byId.get(claim.item.batch) }
  })
}

const readAll = async <Item extends Claim | Batch>(
  { ledger, clock }: StandingDeps,
  keys: readonly ItemKey[],
  call: Call,
): Promise<readonly (Versioned<Item> | undefined)[]> => {
  if (keys.length === 0) return []
  const found = await persist(clock, call, () => ledger.read(keys, call.signal))
  return found as readonly (Versioned<Item> | undefined)[]
}

/** Batch id → source id → its entry in that batch's manifest; undefined: the manifest cannot be read. */
export type Listings = Map<string, ReadonlyMap<string, ManifestSource> | undefined>

/** Manifests read at a time. */
const listingsMax = 8

/** Reads the manifests the standings need and are not known yet. One that cannot be read is told, and costs its own sources only. */
export const readListings = async (
  deps: StandingDeps,
  standings: readonly Standing[],
  {
    asked,
    listings,
    isMissed = () => true,
  }: {
    readonly asked: ReadonlySet<string>
    readonly listings: Listings
    /** Whether a manifest counts as unreadable after this; otherwise it is thrown. */
    readonly isMissed?: (error: unknown) => boolean
  },
  call: Call,
): Promise<void> => {
  const batches = new Map<string, ManifestRef>()
  for (const { batch } of standings) {
    if (batch?.item.manifest && !listings.has(batch.item.id))
      batches.set(batch.item.id, batch.item.manifest)
  }
  await mapConcurrently([...batches], listingsMax, async ([id, ref]) => {
    try {
      const manifest = await persist(deps.clock, call, () =>
        readManifest(deps.store, ref, call.signal),
      )
      const own = manifest.sources.filter((entry) => asked.has(entry.id))
      listings.set(id, new Map(own.map((entry) => [entry.id, entry])))
    } catch (error) {
      if (!isMissed(error)) throw error
      listings.set(id, undefined)
      deps.log.emit({ kind: 'work-failed', ...describeFailure(error) })
    }
  })
}

/** Ends a forming batch whose lease is over. It and its seal exclude each other by the item's revision. */
export const abortLost = async (
  deps: StandingDeps,
  found: Versioned<Batch>,
  call: Call,
): Promise<Batch | undefined> => {
  const { id } = found.item
  const isMarked = await persist(deps.clock, call, () => hasEndMark(deps.store, id, call.signal))
  const end = isMarked ? 'failed' : 'lost'
  const batch = await changeItem<Batch>(
    deps,
    { kind: 'batch', id },
    (item) =>
      item?.state === 'F' && item.leaseUntil <= deps.clock.now()
        ? { ...item, state: 'A', end }
        : undefined,
    call,
    { found },
  )
  if (batch?.state === 'A') deps.log.emit({ kind: 'batch-aborted', batch: id, end })
  return batch
}
