import {
  type Batch,
  type Bronze,
  type Claim,
  type Clock,
  isFault,
  type Ledger,
  type ManifestRef,
  type ManifestSource,
  type Store,
  type Versioned,
} from '@silversmith/core'
import { readItem } from '../ledger-write.ts'
import { readManifest } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'

export interface LookUpDeps {
  readonly ledger: Ledger
  readonly store: Store
  readonly bronze: Pick<Bronze, 'head' | 'open'>
  readonly clock: Clock
}

/** Source id → its entry. */
export type Listing = ReadonlyMap<string, ManifestSource>

/** Claims, batches and manifests as they are now. Manifests are read once, for most letters of a round share a few. */
export interface LookUp {
  claim(id: string, call: Call): Promise<Versioned<Claim> | undefined>
  batch(id: string, call: Call): Promise<Versioned<Batch> | undefined>
  /** Undefined: the manifest is not there, or is not the one that was sealed. */
  listing(ref: ManifestRef, call: Call): Promise<Listing | undefined>
}

/** Manifests kept; each may list thousands of sources. */
const listingsMax = 20

export const createLookUp = (deps: LookUpDeps): LookUp => {
  const listings = new Map<string, Promise<Listing | undefined>>()
  const read = async (ref: ManifestRef, call: Call): Promise<Listing | undefined> => {
    try {
      const { sources } = await persist(deps.clock, call, () =>
        readManifest(deps.store, ref, call.signal),
      )
      return new Map(sources.map((source) => [source.id, source]))
    } catch (error) {
      if (isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) return undefined
      throw error
    }
  }
  return {
    claim: (id, call) => readItem<Claim>(deps, { kind: 'claim', id }, call),
    batch: (id, call) => readItem<Batch>(deps, { kind: 'batch', id }, call),
    listing: (ref, call) => {
      const known = listings.get(ref.key)
      if (known) return known
      if (listings.size >= listingsMax) listings.clear()
      const listing = read(ref, call)
      listings.set(ref.key, listing)
      return listing
    },
  }
}
