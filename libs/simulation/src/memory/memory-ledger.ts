import type { ItemKey, Ledger, LedgerItem, Versioned } from '@silversmith/core'
import { jobBytesMax } from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'

/** Largest item but a job, as JSON: what one DynamoDB write unit-and-a-bit holds, and what design allows. */
export const ledgerItemBytesMax = 4096

export interface MemoryLedger extends Ledger {
  /** Every item, in the order first written. */
  items(): readonly Versioned[]
}

const nameOf = ({ kind, id }: ItemKey): string => `${kind}:${id}`

/** Items are copied in and out: nobody can change one without a write. */
export const createMemoryLedger = (): MemoryLedger => {
  const stored = new Map<string, { json: string; revision: number }>()
  const open = (entry: { json: string; revision: number }): Versioned => ({
    item: JSON.parse(entry.json) as LedgerItem,
    revision: entry.revision,
  })
  return {
    read: async (keys, signal) => {
      refuseAborted(signal)
      return keys.map((key) => {
        const entry = stored.get(nameOf(key))
        return entry && open(entry)
      })
    },
    write: async (item, expected, signal) => {
      refuseAborted(signal)
      const json = JSON.stringify(item)
      const sizeBytes = Buffer.byteLength(json)
      const sizeBytesMax = item.kind === 'job' ? jobBytesMax : ledgerItemBytesMax
      if (sizeBytes > sizeBytesMax)
        throw new RangeError(`${nameOf(item)} has ${sizeBytes} bytes, over ${sizeBytesMax}`)
      if ((stored.get(nameOf(item))?.revision ?? 0) !== expected) return false
      stored.set(nameOf(item), { json, revision: expected + 1 })
      return true
    },
    listOpen: async (pipeline, now, limit, signal) => {
      refuseAborted(signal)
      return [...stored.values()]
        .map((entry) => open(entry).item)
        .filter((item) => item.kind === 'batch')
        .filter((item) => item.pipeline === pipeline)
        .filter(({ state, leaseUntil }) => (state === 'F' || state === 'S') && leaseUntil < now)
        .sort((a, b) => a.leaseUntil - b.leaseUntil)
        .slice(0, limit)
        .map(({ id }) => id)
    },
    items: () => [...stored.values()].map(open),
  }
}
