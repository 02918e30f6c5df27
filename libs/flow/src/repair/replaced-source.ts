import type { Batch, Claim, Clock, Ledger, Manifest } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'

/** Keys read from the ledger at a time. */
const readMax = 500

/**
 * How many of a batch's sources a later generation has replaced, or may have. Its batch need not be committed: its rows may be in
 * one target while it waits for another. Where a generation lies between, the claim has moved on from the batch that did it.
 */
export const countReplaced = async (
  { ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock },
  { sources }: Pick<Manifest, 'sources'>,
  call: Call,
): Promise<number> => {
  let count = 0
  for (let at = 0; at < sources.length; at += readMax) {
    const some = sources.slice(at, at + readMax)
    const claims = await persist(clock, call, () =>
      ledger.read(
        some.map(({ id }) => ({ kind: 'claim', id })),
        call.signal,
      ),
    )
    const later = some.flatMap(({ generation }, index) => {
      const claim = claims[index]?.item as Claim | undefined
      return claim && claim.generation === generation + 1 ? [claim.batch] : []
    })
    count += some.filter(({ generation }, index) => {
      const claim = claims[index]?.item as Claim | undefined
      return claim !== undefined && claim.generation > generation + 1
    }).length
    if (later.length === 0) continue
    const batches = await persist(clock, call, () =>
      ledger.read(
        later.map((id) => ({ kind: 'batch', id })),
        call.signal,
      ),
    )
    count += batches.filter((found) => isSealed(found?.item as Batch | undefined)).length
  }
  return count
}

const isSealed = (batch: Batch | undefined): boolean => batch?.state === 'S' || batch?.state === 'C'
