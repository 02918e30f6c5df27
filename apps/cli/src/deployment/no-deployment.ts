import { Fault, type Ledger, type Store } from '@silversmith/core'

const refuse = (): never => {
  throw new Error('there is no deployment to write to')
}

/** For what is looked at without a deployment: there is nothing in it. */
export const emptyStore: Store = {
  look: () => Promise.resolve(undefined),
  read: (key) => Promise.reject(new Fault('OBJECT_GONE', `there is no file ${key}`)),
  list: async function* () {},
  ...{ write: refuse, copy: refuse, remove: refuse, purge: refuse },
}

export const emptyLedger: Ledger = {
  read: (keys) => Promise.resolve(keys.map(() => undefined)),
  listOpen: () => Promise.resolve([]),
  write: refuse,
}
