import type { Job, Store } from '@silversmith/core'
import type { LedgerAccess } from '../ledger-write.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { jobKeyOf, jobPrefixOf } from './bulk-room.ts'

export interface JobList {
  /** The one that changed last comes first. */
  readonly jobs: readonly Job[]
  /** There are more names: those after these, in the order of their characters, were not looked at. */
  readonly isCut: boolean
}

const readsMax = 16

/** Jobs of a pipeline that wrote a slice, by the folders they have; one that found nothing yet is not among them. */
export const listJobs = async (
  deps: LedgerAccess & { readonly pipeline: string; readonly store: Pick<Store, 'list'> },
  limit: number,
  call: Call,
): Promise<JobList> => {
  const { pipeline, ledger, clock, store } = deps
  const root = jobPrefixOf(pipeline, '').slice(0, -1)
  const names: string[] = []
  let after: string | undefined
  while (names.length <= limit) {
    const key = await persist(clock, call, () => firstOf(store.list(root, call.signal, after)))
    if (key === undefined) break
    const [name = ''] = key.slice(root.length).split('/')
    names.push(name)
    // The next sign after a slash: behind all of its folder, and before any longer name.
    after = `${root}${name}0`
  }
  const isCut = names.length > limit
  const found = await mapConcurrently(names.slice(0, limit), readsMax, (name) =>
    persist(clock, call, () => ledger.read([jobKeyOf(pipeline, name)], call.signal)),
  )
  const jobs = found.flatMap(([one]) => (one ? [one.item as Job] : []))
  return { jobs: jobs.toSorted((a, b) => b.updatedAt - a.updatedAt), isCut }
}

export const firstOf = async (keys: AsyncIterable<string>): Promise<string | undefined> => {
  for await (const key of keys) return key
  return undefined
}
