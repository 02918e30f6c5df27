import type { Batch, Ledger } from '@silversmith/core'
import { createMemoryLedger } from '../memory/memory-ledger.ts'

/** A ledger in memory that finds its open batches among millions of claims: their index is kept as DynamoDB keeps it. */
export const createLightLedger = (): Ledger & { readonly open: ReadonlyMap<string, number> } => {
  const ledger = createMemoryLedger()
  /** Batch → end of its lease. */
  const open = new Map<string, number>()
  return {
    open,
    read: ledger.read,
    write: async (item, expected, signal) => {
      const isWritten = await ledger.write(item, expected, signal)
      if (isWritten && item.kind === 'batch') keep(open, item)
      return isWritten
    },
    listOpen: async (_pipeline, now, limit) =>
      [...open]
        .filter(([, leaseUntil]) => leaseUntil < now)
        .toSorted(([, a], [, b]) => a - b)
        .slice(0, limit)
        .map(([id]) => id),
  }
}

const keep = (open: Map<string, number>, { id, state, leaseUntil }: Batch): void => {
  if (state === 'F' || state === 'S') open.set(id, leaseUntil)
  else open.delete(id)
}
