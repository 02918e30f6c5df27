import type { BatchState, Ledger } from '@silversmith/core'
import { pipeline } from './functions.ts'

const batchesMax = 10_000

/**
 * Ends the leases of all open batches, or of those in some states. Only for a ledger whose workers are all known to be gone,
 * as those of an earlier run on the same directory are: they end with it. Leases only save work, so that nothing rests on
 * this being true.
 */
export const endLeases = async (
  ledger: Ledger,
  signal: AbortSignal,
  states: readonly BatchState[] = ['F', 'S'],
): Promise<void> => {
  const ids = await ledger.listOpen(pipeline, Number.MAX_SAFE_INTEGER, batchesMax, signal)
  const found = await ledger.read(
    ids.map((id) => ({ kind: 'batch', id })),
    signal,
  )
  for (const versioned of found)
    if (versioned?.item.kind === 'batch' && states.includes(versioned.item.state))
      await ledger.write({ ...versioned.item, leaseUntil: 0 }, versioned.revision, signal)
}
