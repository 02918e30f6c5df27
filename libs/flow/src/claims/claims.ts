import type {
  Batch,
  Claim,
  Disposition,
  ManifestSource,
  Source,
  Versioned,
} from '@silversmith/core'

/** What is known of a source before anything is claimed. */
export interface Standing {
  readonly source: Source
  readonly claim: Versioned<Claim> | undefined
  /** The claim's batch. */
  readonly batch: Versioned<Batch> | undefined
}

/**
 * - `done`: durable in a sealed or committed batch.
 * - `free`: may be claimed. `lostWith` is set when a batch died with it in silence: the number of that batch's sources.
 * - `wait`: a live worker has it; leave it for redelivery.
 * - `abort`: its forming batch's lease is over; abort that batch, then judge again.
 * - `alarm`: its claim names a batch that is not there; neither done nor free.
 */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'free'; readonly lostWith?: number }
  | { readonly kind: 'wait' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'alarm' }

/**
 * Nothing of such a source is in any target or in quarantine, and what kept it out may have been mended since: it was put
 * back, a route was added, a limit raised, its encoding corrected. Asked for again, it is looked at again.
 */
export const traceless: ReadonlySet<Disposition> = new Set([
  'gone',
  'unrouted',
  'too-large',
  'unreadable',
])

/**
 * Judges one source. `listed` is its entry in the manifest of a sealed or committed batch, undefined when that does not list
 * it. Pure: the rules of the protocol in one place.
 */
export const judge = (
  { source, claim, batch }: Standing,
  listed: ManifestSource | undefined,
  now: number,
): Verdict => {
  if (!claim) return { kind: 'free' }
  if (!batch) return { kind: 'alarm' }
  const { state, leaseUntil, end, sourceCount } = batch.item
  switch (state) {
    case 'A':
      return end === 'lost' ? { kind: 'free', lostWith: sourceCount } : { kind: 'free' }
    case 'F':
      return leaseUntil > now ? { kind: 'wait' } : { kind: 'abort' }
    case 'S':
    case 'C': {
      // Not listed: the worker set it aside before the seal.
      if (!listed || traceless.has(listed.disposition)) return { kind: 'free' }
      if (source.generation <= claim.item.generation) return { kind: 'done' }
      return state === 'C' ? { kind: 'free' } : { kind: 'wait' }
    }
  }
}
