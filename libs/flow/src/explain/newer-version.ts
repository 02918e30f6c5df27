import { type Bronze, type ManifestSource, sourceIdOf } from '@silversmith/core'
import { traceless } from '../claims/claims.ts'
import { describeFailure } from '../failure.ts'
import { type Call, persist } from '../patience.ts'
import { readClaimed, type SealedDeps } from './sealed-source.ts'
import type { Verdict } from './verdict.ts'

export interface NewerDeps extends SealedDeps {
  readonly pipeline: string
  readonly bronze: Pick<Bronze, 'list'>
}

/** Newer versions of one key that are asked for. */
const newerMax = 10

/** Of a version whose dataset lets the newest supersede the others: what views show in its place. */
export const judgeVersion = async (
  deps: NewerDeps,
  { object, lastModified }: ManifestSource,
  call: Call,
): Promise<readonly Verdict[]> => {
  const { bucket, key } = object
  try {
    const { objects } = await persist(deps.clock, call, () =>
      deps.bronze.list(bucket, key, undefined, call.signal),
    )
    const newer = objects
      .filter((one) => one.object.key === key && one.lastModified > lastModified)
      .toSorted((a, b) => b.lastModified - a.lastModified)
    for (const { object: other } of newer.slice(0, newerMax)) {
      const { sealed } = await readClaimed(deps, sourceIdOf(deps.pipeline, other), call)
      if (sealed?.batch.state !== 'C' || traceless.has(sealed.entry.disposition)) continue
      const detail = `version ${other.version} superseded it with batch ${sealed.batch.id}: its rows stay, views show those of the newer`
      return [{ kind: 'superseded', detail, isWell: true }]
    }
    return []
  } catch (error) {
    const { code, message } = describeFailure(error)
    const detail = `whether a newer version superseded it could not be asked: ${code}: ${message}`
    return [{ kind: 'unseen', detail, isWell: false }]
  }
}
