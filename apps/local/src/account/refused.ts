import { objectUri } from '@silversmith/core'
import type { ManifestSource } from '@silversmith/core'
import type { SealedBatch } from './history.ts'

/** An object that gave no rows, and why. */
export interface RefusedObject {
  /** `s3://bucket/key` */
  readonly source: string
  readonly disposition: string
  readonly reason: string
}

/** Objects told one by one; `dispositions` counts them all. */
const refusedMax = 100

const reasonOf = ({ reason, records, rejected, discarded }: ManifestSource): string => {
  if (reason !== undefined) return reason
  if (records === 0) return 'no record in it'
  const parts = [
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
    ...(discarded > 0 ? [`${discarded} discarded`] : []),
  ]
  return ['no record accepted', ...parts].join(', ')
}

export const listRefused = (batches: readonly SealedBatch[]): readonly RefusedObject[] =>
  batches
    .flatMap(({ manifest }) => manifest.sources)
    .filter(({ disposition }) => disposition !== 'rows')
    .slice(0, refusedMax)
    .map((source) => ({
      source: objectUri(source.object),
      disposition: source.disposition,
      reason: reasonOf(source),
    }))
