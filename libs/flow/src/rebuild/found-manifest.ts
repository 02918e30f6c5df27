import { type Batch, isFault, type Manifest } from '@silversmith/core'
import { readManifest } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { mendOfManifest } from '../reconcile/reconcile-report.ts'
import { batchOfManifest, readUnnamed } from '../repair/manifest-walk.ts'
import type { TableRebuildFinding } from './rebuild-report.ts'
import type { TableRebuildDeps } from './rebuild-room.ts'

interface Found {
  /** Of a manifest. */
  readonly key: string
  /** Of that manifest, as the ledger has it. */
  readonly batch: Batch | undefined
  readonly find: (finding: TableRebuildFinding) => void
}

/** The manifest of a batch of ours that is sealed; undefined: it is none. What may be one and nobody knows is told. */
export const findManifest = async (
  deps: TableRebuildDeps,
  { key, batch, find }: Found,
  call: Call,
): Promise<Manifest | undefined> => {
  const id = batchOfManifest(key)
  const unreadable = (why: string): void =>
    find({ kind: 'manifest-unreadable', batch: id, why, mend: mendOfManifest(key) })
  try {
    if (!batch) {
      const { manifest } = await readUnnamed(deps, key, call)
      if (manifest.pipeline !== deps.pipeline) return undefined
      const why = `there is a manifest ${key}, and the ledger does not know its batch: it was restored, or is another`
      find({ kind: 'batch-unknown', batch: id, why, mend: 'silversmith ledger rebuild' })
      return undefined
    }
    const { pipeline, manifest: ref, state } = batch
    // One that is forming or aborted has nothing anywhere; what is sealed from now on finds the table as it is now.
    if (pipeline !== deps.pipeline || ref?.key !== key || (state !== 'S' && state !== 'C'))
      return undefined
    return await persist(deps.clock, call, () => readManifest(deps.store, ref, call.signal))
  } catch (error) {
    if (!isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE', 'STORE_CONFLICT')) throw error
    return void unreadable(error.message)
  }
}

/** Chunks, from the first, that the target is known to have had and silver has. All, once it is committed. */
export const appliedOf = (
  { state, done = {} }: Batch,
  { targets, chunks }: Manifest,
  target: string,
): number =>
  state === 'C'
    ? chunks.length
    : Math.min(
        chunks.length,
        ...['silver', target]
          .filter((name) => targets.includes(name))
          .map((name) => done[name] ?? 0),
      )
