import type { Batch } from '@silversmith/core'
import type { MemoryLedger } from '../memory/memory-ledger.ts'

type Entry = Pick<Batch, 'id' | 'pipeline' | 'state' | 'leaseUntil'> & { readonly at: number }

/**
 * The index of open batches as a global secondary index is: each batch stands in it as it was up to `lagMs` ago, so that new
 * ones are missing and ended ones are still there.
 */
export const lagIndex = (
  ledger: MemoryLedger,
  now: () => number,
  lagMs: () => number,
): MemoryLedger => {
  const entries = new Map<string, Entry[]>()
  return {
    ...ledger,
    write: async (item, expected, signal) => {
      const isWritten = await ledger.write(item, expected, signal)
      if (isWritten && item.kind === 'batch') {
        const { id, pipeline, state, leaseUntil } = item
        const own = entries.get(id) ?? []
        own.push({ id, pipeline, state, leaseUntil, at: now() })
        entries.set(id, own)
      }
      return isWritten
    },
    listOpen: async (pipeline, leaseEnd, limit) =>
      [...entries.values()]
        .flatMap((own) => {
          const seenAt = now() - lagMs()
          return own.findLast(({ at }) => at <= seenAt) ?? []
        })
        .filter((entry) => entry.pipeline === pipeline)
        .filter(({ state, leaseUntil }) => /[FS]/.test(state) && leaseUntil < leaseEnd)
        .sort((a, b) => a.leaseUntil - b.leaseUntil)
        .slice(0, limit)
        .map(({ id }) => id),
  }
}
