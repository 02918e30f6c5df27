import {
  createPlacing,
  Fault,
  isFault,
  type JobCounts,
  type JobRequest,
  type JobStanding,
  type JobWindow,
  type ListedObject,
  type ManifestSource,
  type Outside,
  type Route,
  routeOf,
} from '@silversmith/core'
import { judge, type Standing } from '../claims/claims.ts'
import { type Listings, readListings, readStandings } from '../claims/standing.ts'
import { type Call, persist } from '../patience.ts'
import type { BulkDeps } from './bulk-room.ts'
import { type Slice, type SliceObject, sourceOf } from './slice.ts'

export type WalkDeps = Pick<
  BulkDeps,
  'pipeline' | 'routes' | 'bronze' | 'ledger' | 'store' | 'clock' | 'log' | 'sliceObjects'
>

const sliceObjectsDefault = 1_000
/** Or with so many pages, whatever is in them. */
const slicePagesMax = 20

/**
 * The next stretch of a listing: what is inside the window, and how each stands. At most 1 999 objects. A plan and a run do it
 * alike; nothing is written.
 *
 * @throws Fault DEADLINE_REACHED, and what listing, ledger and store throw after five tries.
 */
export const walkSlice = async (
  deps: WalkDeps,
  { bucket, window }: JobRequest,
  { prefix, from }: { readonly prefix: string; readonly from?: string | undefined },
  call: Call,
): Promise<Slice> => {
  const { sliceObjects = sliceObjectsDefault } = deps
  const sieve = createSieve(deps.routes, window)
  let next = from
  for (let pages = 1; ; pages += 1) {
    if (deps.clock.now() > call.deadline)
      throw new Fault('DEADLINE_REACHED', `listing ${bucket}/${prefix}: the call is over`)
    const page = await persist(deps.clock, call, () =>
      deps.bronze.list(bucket, prefix, next, call.signal),
    )
    sieve.take(page.objects)
    next = page.next
    if (next === undefined || sieve.found.length >= sliceObjects || pages >= slicePagesMax) break
  }
  return judgeSieve(deps, sieve, next, call)
}

type Unjudged = Omit<SliceObject, 'standing'>

/** What of a listing is inside a window. */
export interface Sieve {
  readonly found: readonly Unjudged[]
  readonly take: (objects: readonly ListedObject[]) => void
  readonly counts: () => Pick<JobCounts, 'listed' | 'outside'>
}

export const createSieve = (routes: readonly Route[], window: JobWindow): Sieve => {
  const place = createPlacing(window)
  const found: Unjudged[] = []
  const outside: Partial<Record<Outside, number>> = {}
  let listed = 0
  return {
    found,
    take: (objects) => {
      listed += objects.length
      for (const one of objects) {
        const dataset = routeOf(routes, one.object.key)
        const { date, outside: why } = place(one, dataset)
        if (why) outside[why] = (outside[why] ?? 0) + 1
        else found.push({ ...one, date: date.at, dateFrom: date.from, dataset })
      }
    },
    counts: () => ({ listed, outside }),
  }
}

/** How each of what was found stands; `next` is where the listing goes on. */
export const judgeSieve = async (
  deps: WalkDeps,
  sieve: Sieve,
  next: string | undefined,
  call: Call,
): Promise<Slice> => {
  const objects = (await withStandings(deps, sieve.found, call)).toSorted(byDatasetAndDate)
  return {
    ...{ next, objects },
    counts: {
      ...{ ...sieve.counts(), found: objects.length, sent: 0 },
      bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      standings: countBy(objects, ({ standing }) => standing),
      dates: countBy(objects, ({ dateFrom }) => dateFrom),
    },
  }
}

const byDatasetAndDate = (a: SliceObject, b: SliceObject): number =>
  compare(a.dataset ?? '', b.dataset ?? '') ||
  a.date - b.date ||
  compare(a.object.key, b.object.key)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const countBy = <Name extends string>(
  objects: readonly SliceObject[],
  nameOf: (object: SliceObject) => Name,
): Partial<Record<Name, number>> => {
  const counts: Partial<Record<Name, number>> = {}
  for (const object of objects) {
    const name = nameOf(object)
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

const withStandings = async (
  deps: WalkDeps,
  found: readonly Unjudged[],
  call: Call,
): Promise<SliceObject[]> => {
  const unjudged = found.map((one): SliceObject => ({ ...one, standing: 'unrouted' }))
  const routed = unjudged.filter(({ dataset }) => dataset !== undefined)
  const seen = await lookUp(deps, routed, 0, call)
  const seenOf = new Map(routed.map((one, at) => [one, seen[at] as Seen]))
  return unjudged.map((one) => {
    const own = seenOf.get(one)
    if (!own) return one
    const batch = own.standing.batch?.item.id
    const standing = standingOfSeen(own, deps.clock.now())
    return { ...one, standing, ...(batch !== undefined && { batch }) }
  })
}

/** What ledger and manifests know of an object. */
export interface Seen {
  readonly standing: Standing
  /** Its entry in the manifest of its batch. */
  readonly listed: ManifestSource | 'unreadable' | undefined
}

/** What passes, or is mended elsewhere, must not keep objects out of a slice: that is written once. */
const isBroken = (error: unknown): boolean =>
  isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE', 'STORE_CONFLICT')

/** In the order of the objects. Memory: theirs, and that of eight manifests. Throws what ledger and store throw. */
export const lookUp = async (
  deps: Pick<BulkDeps, 'pipeline' | 'ledger' | 'store' | 'clock' | 'log'>,
  objects: readonly SliceObject[],
  generation: number,
  call: Call,
): Promise<readonly Seen[]> => {
  const sources = objects.map((one) => sourceOf(deps.pipeline, one, generation))
  const standings = await readStandings(deps, sources, call)
  const listings: Listings = new Map()
  const asked = new Set(sources.map(({ id }) => id))
  await readListings(deps, standings, { asked, listings, isMissed: isBroken }, call)
  return standings.map((standing) => {
    const { batch, source } = standing
    const listing = batch && listings.get(batch.item.id)
    const isUnreadable = batch?.item.manifest !== undefined && !listing
    return { standing, listed: isUnreadable ? 'unreadable' : listing?.get(source.id) }
  })
}

export const standingOfSeen = ({ standing, listed }: Seen, now: number): JobStanding => {
  if (listed === 'unreadable') return 'stuck'
  const isSetAside = listed !== undefined && setAside.has(listed.disposition)
  switch (judge(standing, listed, now).kind) {
    case 'alarm':
      return 'stuck'
    case 'wait':
      return 'under-way'
    case 'done':
      return isSetAside ? 'set-aside' : 'loaded'
    case 'abort':
      return 'new'
    case 'free':
      return isSetAside ? 'set-aside' : 'new'
  }
}

/** Nothing of these was loaded, and to send them again as they are would come to the same. */
const setAside: ReadonlySet<string> = new Set(['too-large', 'unreadable', 'poison'])

/** Whether a job sends it. What no route accepts, and what the ledger cannot judge, nobody could load. */
export const isSent = ({ standing }: SliceObject, force: boolean): boolean =>
  force ? standing !== 'unrouted' && standing !== 'stuck' : standing === 'new'
