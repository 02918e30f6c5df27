import {
  type Batch,
  type Claim,
  type Clock,
  Fault,
  type Ledger,
  type Manifest,
  type ManifestSource,
  type Store,
  type Versioned,
} from '@silversmith/core'
import { traceless } from '../claims/claims.ts'
import { readManifest } from '../manifest.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'

export interface ClaimDeps {
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
}

const readMax = 500
const writesMax = 16
const roundsMax = 4

/** Of two sealed batches that list a source, the one that lists it higher has its claim: the generation, then what left a trace. */
const rankOf = ({ generation, disposition }: ManifestSource): number =>
  2 * generation + (traceless.has(disposition) ? 0 : 1)

const noRank = -1

interface Rivalry {
  readonly source: ManifestSource
  readonly claim: Versioned<Claim> | undefined
  /** How another sealed batch, which the claim names, lists the source; `noRank` when there is none. */
  readonly rank: number
}

/**
 * True when another sealed batch lists a source of this one, of the same generation or a later one. In the same, this one never
 * was sealed: of batches that claim a source one after the other only the last can be. In a later one, this one was aborted or
 * committed before; a batch that has nothing to apply is told nothing by that.
 */
export const isOutdone = async (
  deps: ClaimDeps,
  { batch, chunks, quarantine, ...manifest }: Manifest,
  call: Call,
): Promise<boolean> => {
  const isEmpty = chunks.length + quarantine.length === 0
  const sources = manifest.sources.filter(({ disposition }) => !traceless.has(disposition))
  for (let at = 0; at < sources.length; at += readMax) {
    const rivalries = await readRivalries(deps, batch, sources.slice(at, at + readMax), call)
    const outdone = rivalries.some(({ source, rank }) =>
      isEmpty ? rank === rankOf(source) : rank >= rankOf(source),
    )
    if (outdone) return true
  }
  return false
}

/** Gives the sources of a sealed batch their claims back. Returns the number written. */
export const rebuildClaims = async (
  deps: ClaimDeps,
  { batch, sources }: Manifest,
  call: Call,
): Promise<number> => {
  let written = 0
  for (let at = 0; at < sources.length; at += readMax) {
    let open: readonly ManifestSource[] = sources.slice(at, at + readMax)
    for (let round = 1; open.length > 0; round += 1) {
      if (round > roundsMax)
        throw new Fault(
          'LEDGER_UNAVAILABLE',
          `claims of batch ${batch} are changed by others meanwhile`,
        )
      const due = (await readRivalries(deps, batch, open, call)).filter(
        ({ source, claim, rank }) => claim?.item.batch !== batch && rankOf(source) > rank,
      )
      await mapConcurrently(due, writesMax, async ({ source: { id, generation }, claim }) => {
        const ours: Claim = { kind: 'claim', id, batch, generation, tries: 0 }
        const isWritten = await persist(deps.clock, call, () =>
          deps.ledger.write(ours, claim?.revision ?? 0, call.signal),
        )
        if (isWritten) written += 1
      })
      // Looked at once more, until nothing is due: somebody was faster, or our own write landed and its answer was lost.
      open = due.map(({ source }) => source)
    }
  }
  return written
}

const readRivalries = async (
  deps: ClaimDeps,
  own: string,
  sources: readonly ManifestSource[],
  call: Call,
): Promise<readonly Rivalry[]> => {
  const claims = await readAll<Claim>(
    deps,
    'claim',
    sources.map(({ id }) => id),
    call,
  )
  const ids = new Set(claims.flatMap((claim) => (claim ? [claim.item.batch] : [])))
  ids.delete(own)
  const batches = await readAll<Batch>(deps, 'batch', [...ids], call)
  const ranks = new Map<string, number>()
  for (const batch of batches) {
    const ref = batch?.item.manifest
    if (!batch || !ref || (batch.item.state !== 'S' && batch.item.state !== 'C')) continue
    const claimed = new Set(
      sources.filter((_, index) => claims[index]?.item.batch === batch.item.id).map(({ id }) => id),
    )
    const manifest = await persist(deps.clock, call, () =>
      readManifest(deps.store, ref, call.signal),
    )
    for (const entry of manifest.sources)
      if (claimed.has(entry.id)) ranks.set(entry.id, rankOf(entry))
  }
  return sources.map((source, index) => ({
    ...{ source, claim: claims[index] },
    rank: ranks.get(source.id) ?? noRank,
  }))
}

const readAll = async <Item extends Claim | Batch>(
  { ledger, clock }: ClaimDeps,
  kind: Item['kind'],
  ids: readonly string[],
  call: Call,
): Promise<readonly (Versioned<Item> | undefined)[]> => {
  if (ids.length === 0) return []
  const keys = ids.map((id) => ({ kind, id }))
  const found = await persist(clock, call, () => ledger.read(keys, call.signal))
  return found as readonly (Versioned<Item> | undefined)[]
}
