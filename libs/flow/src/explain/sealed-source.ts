import {
  type Batch,
  type Claim,
  type Clock,
  isFault,
  type Ledger,
  type Manifest,
  type ManifestSource,
  type Store,
} from '@silversmith/core'
import { withoutErased } from '../erasure/erasure-record.ts'
import { readItem } from '../ledger-write.ts'
import { readManifest } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'

/** A source as a sealed batch has it. */
export interface SealedSource {
  readonly batch: Batch
  /** Without the rows that were erased since. */
  readonly manifest: Manifest
  readonly entry: ManifestSource
}

export interface Claimed {
  readonly claim: Claim | undefined
  /** That of the claim, whatever its state. */
  readonly batch: Batch | undefined
  /** Undefined: it is not sealed, does not list the source, or its manifest is gone. */
  readonly sealed: SealedSource | undefined
}

export interface SealedDeps {
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
}

/** What the ledger and the manifest know of a source. */
export const readClaimed = async (deps: SealedDeps, id: string, call: Call): Promise<Claimed> => {
  const claim = (await readItem<Claim>(deps, { kind: 'claim', id }, call))?.item
  const batch =
    claim && (await readItem<Batch>(deps, { kind: 'batch', id: claim.batch }, call))?.item
  const ref = batch?.manifest
  if (!batch || !ref) return { claim, batch, sealed: undefined }
  try {
    const manifest = await persist(deps.clock, call, () =>
      readManifest(deps.store, ref, call.signal),
    )
    const entry = manifest.sources.find((source) => source.id === id)
    if (!entry) return { claim, batch, sealed: undefined }
    const left = await withoutErased(deps, manifest, call)
    return { claim, batch, sealed: { batch, manifest: left, entry } }
  } catch (error) {
    if (!isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) throw error
    return { claim, batch, sealed: undefined }
  }
}
