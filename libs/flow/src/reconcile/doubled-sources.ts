import { type Manifest, type ManifestSource, objectUri } from '@silversmith/core'
import { traceless } from '../claims/claims.ts'
import type { Call } from '../patience.ts'
import { type Listings, readListings, readStandings } from '../claims/standing.ts'
import type { ReconcileDeps } from './reconcile-room.ts'

/** Claims read at a time. */
const sourcesMax = 1_000

export interface DoubledSources {
  readonly count: number
  /** The first of them, `s3://bucket/key`. */
  readonly url: string
  /** The batch its claim names. */
  readonly other: string
  /** All that the batch loaded is loaded by others, too. */
  readonly isAll: boolean
}

/**
 * Sources of a sealed batch whose claim names another sealed batch that loaded them in the same generation or an earlier one.
 * The protocol lets none come to be: the ledger was lost, and work went on before it was rebuilt. Reads one claim per source.
 */
export const findDoubled = async (
  deps: ReconcileDeps,
  { batch, sources }: Manifest,
  call: Call,
): Promise<DoubledSources | undefined> => {
  const loaded = sources.filter(hasRows)
  const doubled: { readonly object: ManifestSource['object']; readonly other: string }[] = []
  for (let at = 0; at < loaded.length; at += sourcesMax) {
    const entries = new Map(loaded.slice(at, at + sourcesMax).map((entry) => [entry.id, entry]))
    const asked = [...entries.values()].map(({ id, object, generation }) => ({
      ...{ id, object, generation, dataset: undefined },
    }))
    const suspects = (await readStandings(deps, asked, call)).filter(
      ({ source, claim }) =>
        claim && claim.item.batch !== batch && claim.item.generation <= source.generation,
    )
    const listings: Listings = new Map()
    const ids = new Set(suspects.map(({ source }) => source.id))
    await readListings(deps, suspects, { asked: ids, listings }, call)
    for (const { source, claim } of suspects) {
      const other = claim?.item.batch ?? ''
      const listed = listings.get(other)?.get(source.id)
      if (listed && hasRows(listed)) doubled.push({ object: source.object, other })
    }
  }
  const [first] = doubled
  if (!first) return undefined
  const { object, other } = first
  const isAll = doubled.length === loaded.length
  return { count: doubled.length, url: objectUri(object), other, isAll }
}

const hasRows = ({ disposition, rows }: ManifestSource): boolean =>
  !traceless.has(disposition) && rows > 0
