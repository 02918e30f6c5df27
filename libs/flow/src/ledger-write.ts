import {
  type Clock,
  type ItemKey,
  type Ledger,
  type LedgerItem,
  type Versioned,
} from '@silversmith/core'
import { type Call, persist } from './patience.ts'

export interface LedgerAccess {
  readonly ledger: Ledger
  readonly clock: Clock
}

export const readItem = async <Item extends LedgerItem>(
  { ledger, clock }: LedgerAccess,
  key: ItemKey & { readonly kind: Item['kind'] },
  call: Call,
): Promise<Versioned<Item> | undefined> => {
  const [found] = await persist(clock, call, () => ledger.read([key], call.signal))
  return found as Versioned<Item> | undefined
}

const racesMax = 8

/**
 * Compare-and-set until it is settled: reads the item, asks `change` what it should become, writes on the revision read, and
 * reads again when that failed, because another writer was faster or because our own write landed and its answer was lost.
 * `change` returns undefined when what it sees needs no write (it is done, or must not be touched).
 *
 * Returns the item as it stands afterwards. Pass `known` to save the first read. Throws what the ledger throws, and
 * LEDGER_UNAVAILABLE-like faults only after `persist` gave up: the write may then have landed all the same.
 */
export const changeItem = async <Item extends LedgerItem>(
  access: LedgerAccess,
  key: ItemKey & { readonly kind: Item['kind'] },
  change: (item: Item | undefined) => Item | undefined,
  call: Call,
  known?: { readonly found: Versioned<Item> | undefined },
): Promise<Item | undefined> => {
  let found = known ? known.found : await readItem<Item>(access, key, call)
  for (let race = 1; ; race += 1) {
    const next = change(found?.item)
    if (!next || race > racesMax) return found?.item
    const expected = found?.revision ?? 0
    const written = await persist(access.clock, call, () =>
      access.ledger.write(next, expected, call.signal),
    )
    if (written) return next
    found = await readItem<Item>(access, key, call)
  }
}
