import type { DateFrom } from './key-date.ts'
import type { JobWindow, Outside } from './window.ts'

/** What a job was first asked for. The same name with another request is refused. */
export interface JobRequest {
  readonly bucket: string
  /** One part each. */
  readonly prefixes: readonly string[]
  readonly window: JobWindow
  /** Loads again what is loaded: a generation of its own. */
  readonly force: boolean
  /** Absent: the job lists by itself. */
  readonly map?: JobMap
}

/** A listing that a Distributed Map of Step Functions reads and hands out, some hundred objects at a time. */
export interface JobMap {
  /** Name of the execution; the job is its alone, for another one would divide the same listing in another way. */
  readonly execution: string
  /** The manifest.json of an S3 Inventory; absent: ListObjectsV2. */
  readonly inventory?: { readonly bucket: string; readonly key: string }
}

/** How fast a job may go; absent: as fast as it can. */
export interface JobBudget {
  readonly objectsPerSecond?: number
  readonly bytesPerSecond?: number
  /** Most messages that may wait on its queue. */
  readonly concurrency?: number
}

/** cancelled and done are final; a job with a failed part is done when no other part is open, and `resume` opens that again. */
export type JobState = 'running' | 'paused' | 'cancelled' | 'done'

/** What an object was when its slice was written: what is `new` is sent, with force whatever it is. */
export type JobStanding =
  /** No batch has it, or none that came to anything. */
  | 'new'
  /** Durable in a batch. */
  | 'loaded'
  /** A batch is at it. */
  | 'under-way'
  /** Sealed as too-large, unreadable or poison: sending it again would come to the same. */
  | 'set-aside'
  /** No route accepts its key. */
  | 'unrouted'
  /** Claimed for a batch the ledger lacks, or whose manifest cannot be read. */
  | 'stuck'

export interface JobCounts {
  /** Object versions the listing told of. */
  readonly listed: number
  /** Of these inside the window. */
  readonly found: number
  /** Of `found`. */
  readonly bytes: number
  /** Sent to transform, and that was confirmed. */
  readonly sent: number
  /** Of `found`. */
  readonly standings: Readonly<Partial<Record<JobStanding, number>>>
  /** Of `found`. */
  readonly dates: Readonly<Partial<Record<DateFrom, number>>>
  /** Of the others. */
  readonly outside: Readonly<Partial<Record<Outside, number>>>
}

export interface JobPart {
  readonly prefix: string
  readonly state: 'open' | 'done' | 'failed'
  /** Of the slice that is next or half sent, from 0. */
  readonly slice: number
  /** Where its listing begins, opaque; absent: at the beginning of the prefix. */
  readonly from?: string
  /** Its objects that are sent. */
  readonly line: number
  /** Of a failed part: code and message, cut short. */
  readonly problem?: string
  /** Of slices before, and what was sent of this one. */
  readonly counts: JobCounts
}

/** Ledger item: a window over bronze, walked slice by slice. Everything moves by compare-and-set. */
export interface Job {
  readonly kind: 'job'
  /** `<pipeline>/<job id>` */
  readonly id: string
  readonly request: JobRequest
  readonly budget: JobBudget
  /** Of what it sends. */
  readonly generation: number
  readonly state: JobState
  readonly parts: readonly JobPart[]
  /** Who walks it. Saves work only: slices are written before they are sent, and whoever comes second finds them. */
  readonly owner?: string
  /** Epoch ms. */
  readonly leaseUntil?: number
  /** Epoch ms: until then its budget is spent. */
  readonly restUntil?: number
  /** Epoch ms. */
  readonly createdAt: number
  readonly updatedAt: number
}

export const jobPartsMax = 100

/** Of all prefixes of a request, as JSON: with its places in the listings a job fits into an item of the ledger. */
export const jobPrefixBytesMax = 32_768

/** Of a job in the ledger, as JSON; DynamoDB takes 400 kB. */
export const jobBytesMax = 300_000

export const noCounts: JobCounts = {
  ...{ listed: 0, found: 0, bytes: 0, sent: 0 },
  ...{ standings: {}, dates: {}, outside: {} },
}

type Tally = Readonly<Partial<Record<string, number>>>

const addTallies = (a: Tally, b: Tally): Tally => {
  const sum: Record<string, number> = {}
  for (const [name, count = 0] of [...Object.entries(a), ...Object.entries(b)])
    sum[name] = (sum[name] ?? 0) + count
  return sum
}

export const addCounts = (a: JobCounts, b: JobCounts): JobCounts => ({
  ...{ listed: a.listed + b.listed, found: a.found + b.found },
  ...{ bytes: a.bytes + b.bytes, sent: a.sent + b.sent },
  standings: addTallies(a.standings, b.standings),
  dates: addTallies(a.dates, b.dates),
  outside: addTallies(a.outside, b.outside),
})

/** Of all parts. */
export const countsOfJob = ({ parts }: Pick<Job, 'parts'>): JobCounts =>
  parts.reduce((sum, { counts }) => addCounts(sum, counts), noCounts)

/** Of a name that is given; it is a folder and a part of a command. */
export const jobIdProblem = (id: unknown): string | undefined =>
  typeof id === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/.test(id)
    ? undefined
    : 'must be a text of at most 80 letters, digits, dots, hyphens and underscores, and begin with a letter or digit'
