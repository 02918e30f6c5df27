import type { Ledger, Store } from '@silversmith/core'

const refuse = (what: string) => (): never => {
  throw new Error(`a dry run was about to ${what}`)
}

/** Reads pass. What would be staged is let go; nothing else is ever asked of it. */
export const createDryStore = ({ read, look, list }: Store): Store => ({
  ...{ read, look, list },
  write: () => Promise.resolve(),
  copy: refuse('copy a file'),
  remove: refuse('remove files'),
  purge: refuse('purge files'),
})

export const createReadOnlyLedger = ({ read, listOpen }: Ledger): Ledger => ({
  ...{ read, listOpen },
  write: refuse('write to the ledger'),
})
