import { Fault, type Versioned } from '@silversmith/core'
import type { MemoryLedger } from '../memory/memory-ledger.ts'

const expiryMs = 20 * 60_000
const staleMs = 5_000

/** As many tries as one write of the flow has. */
const deafTries = 5

/** Cannot be told, for the first write and its repetitions, that a breaker closes: a fault, as a throttled table gives it. */
export const deafToClosing = (ledger: MemoryLedger): MemoryLedger => {
  let tries = 0
  return {
    ...ledger,
    write: (item, expected, signal) => {
      if (item.kind === 'breaker' && item.closedAt !== undefined && tries++ < deafTries)
        return Promise.reject(new Fault('LEDGER_UNAVAILABLE', 'simulated: throttled'))
      return ledger.write(item, expected, signal)
    },
  }
}

export const blindWrites = (ledger: MemoryLedger): MemoryLedger => ({
  ...ledger,
  write: async (item, _expected, signal) => {
    const [found] = await ledger.read([item], signal)
    return ledger.write(item, found?.revision ?? 0, signal)
  },
})

export const expiringClaims = (ledger: MemoryLedger, now: () => number): MemoryLedger => {
  const writtenAt = new Map<string, number>()
  const isExpired = (found: Versioned): boolean =>
    found.item.kind === 'claim' && now() - (writtenAt.get(found.item.id) ?? 0) > expiryMs
  return {
    ...ledger,
    read: async (keys, signal) =>
      (await ledger.read(keys, signal)).map((found) =>
        found && isExpired(found) ? undefined : found,
      ),
    write: async (item, expected, signal) => {
      const [found] = await ledger.read([item], signal)
      const revision = found && expected === 0 && isExpired(found) ? found.revision : expected
      const isWritten = await ledger.write(item, revision, signal)
      if (isWritten) writtenAt.set(item.id, now())
      return isWritten
    },
  }
}

export const staleReads = (ledger: MemoryLedger, now: () => number): MemoryLedger => {
  const before = new Map<string, { readonly found: Versioned | undefined; readonly at: number }>()
  const nameOf = ({ kind, id }: { kind: string; id: string }): string => `${kind} ${id}`
  return {
    ...ledger,
    read: async (keys, signal) => {
      const found = await ledger.read(keys, signal)
      return found.map((entry, index) => {
        const key = keys[index]
        const stale = key && before.get(nameOf(key))
        return stale && now() - stale.at < staleMs ? stale.found : entry
      })
    },
    write: async (item, expected, signal) => {
      const [found] = await ledger.read([item], signal)
      const isWritten = await ledger.write(item, expected, signal)
      if (isWritten) before.set(nameOf(item), { found, at: now() })
      return isWritten
    },
  }
}

/** Batches that are over vanish after a while. */
export const expiringBatches = (ledger: MemoryLedger, now: () => number): MemoryLedger => {
  const overAt = new Map<string, number>()
  return {
    ...ledger,
    read: async (keys, signal) =>
      (await ledger.read(keys, signal)).map((found) =>
        found && now() - (overAt.get(found.item.id) ?? Infinity) > expiryMs ? undefined : found,
      ),
    write: async (item, expected, signal) => {
      const isWritten = await ledger.write(item, expected, signal)
      const isOver = item.kind === 'batch' && (item.state === 'C' || item.state === 'A')
      if (isWritten && isOver) overAt.set(item.id, now())
      return isWritten
    },
  }
}

/** Seals are written over whatever is there. */
export const blindSeals = (ledger: MemoryLedger): MemoryLedger => ({
  ...ledger,
  write: async (item, expected, signal) => {
    const isSeal = item.kind === 'batch' && item.state === 'S' && item.failures === undefined
    const [found] = isSeal ? await ledger.read([item], signal) : []
    return ledger.write(item, found?.revision ?? expected, signal)
  },
})
