import { Fault, type ItemKey, type Ledger, type Versioned } from '@silversmith/core'

/** Items a dry run holds. */
const heldMax = 500_000

const nameOf = ({ kind, id }: ItemKey): string => `${kind}:${id}`

/** A ledger whose writes stay in memory, over one that is only read: what a dry run decides rests on what it would have written. */
export const createDryLedger = (ledger: Ledger): Ledger => {
  const written = new Map<string, Versioned>()
  const read: Ledger['read'] = async (keys, signal) => {
    const below = keys.filter((key) => !written.has(nameOf(key)))
    const found = below.length > 0 ? await ledger.read(below, signal) : []
    const byName = new Map(below.map((key, index) => [nameOf(key), found[index]]))
    return keys.map((key) => written.get(nameOf(key)) ?? byName.get(nameOf(key)))
  }
  return {
    ...ledger,
    read,
    write: async (item, expected, signal) => {
      const [found] = await read([item], signal)
      if ((found?.revision ?? 0) !== expected) return false
      if (written.size >= heldMax)
        throw new Fault(
          'SETTINGS_INVALID',
          `the dry run would change more than ${heldMax} items, more than it can hold: let it begin at a later day`,
        )
      written.set(nameOf(item), { item, revision: expected + 1 })
      return true
    },
  }
}
