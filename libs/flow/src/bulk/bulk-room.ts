import type {
  Bronze,
  Clock,
  Ids,
  Job,
  Ledger,
  Log,
  Queue,
  QueueMeter,
  Route,
  Store,
} from '@silversmith/core'

export interface BulkDeps {
  readonly pipeline: string
  readonly routes: readonly Route[]
  readonly bronze: Pick<Bronze, 'list'>
  readonly ledger: Ledger
  /** Of manifests, slices and reports. */
  readonly store: Store
  /** What transform reads; better one of its own, so that live objects need not wait behind years of others. */
  readonly queue: Queue
  /** Of that queue; without it a budget has no `concurrency`. */
  readonly meter?: QueueMeter
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  /** Lets a send happen once for one key, as far as it knows; claims decide. */
  readonly guard?: SendGuard
  /** A slice is over with the page in which it has so many objects inside the window; 1 000 when absent. */
  readonly sliceObjects?: number
}

/** What is sent from which checkpoint of which job. */
export interface SendCheckpoint {
  readonly pipeline: string
  readonly job: string
  /** Epoch ms of the job's beginning, and where in it. */
  readonly checkpoint: string
}

export type SendGuard = (checkpoint: SendCheckpoint, send: () => Promise<void>) => Promise<void>

/** Of a job in the ledger. */
export const jobKeyOf = (pipeline: string, id: string) =>
  ({ kind: 'job', id: `${pipeline}/${id}` }) as const

/** The name it was given. */
export const nameOfJob = ({ id }: Pick<Job, 'id'>): string => id.slice(id.lastIndexOf('/') + 1)

/** Everything a job writes is below this. */
export const jobsPrefix = '_jobs/'

export const jobPrefixOf = (pipeline: string, id: string): string =>
  `${jobsPrefix}${encodeURIComponent(pipeline)}/${id}/`

/** A copy that lacks these. */
export const without = <Item extends object, Name extends keyof Item>(
  item: Item,
  ...names: readonly Name[]
): Omit<Item, Name> =>
  Object.fromEntries(
    Object.entries(item).filter(([name]) => !(names as readonly PropertyKey[]).includes(name)),
  ) as Omit<Item, Name>
