import type { Disposition } from './batch.ts'
import type { FaultCode } from './fault.ts'
import type { FileSizes, InsertRows } from './histogram.ts'
import type { JobState } from './job.ts'

/** What a reconcile counts: object versions of bronze by their standing, chunks by what their targets hold of them. */
export type ReconcileCount =
  | 'matched'
  | 'recent'
  | 'missing'
  | 'stuck'
  | 'setAside'
  | 'unrouted'
  | 'enqueued'
  | 'chunksMatched'
  | 'chunksMissing'
  | 'chunksExtra'

/** Everything the house tells about itself. Object names may appear; payloads and secrets never. */
export type Event =
  | {
      readonly kind: 'arrivals-read'
      readonly accepted: number
      readonly ignored: number
      readonly unknown: number
      /** Why objects were ignored, e.g. `folder`. */
      readonly reasons?: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'batch-sealed'
      readonly batch: string
      readonly sources: number
      readonly rows: number
      readonly rejected: number
      /** Rows with values that fit no column. */
      readonly drifted: number
      readonly chunks: number
      readonly dispositions: Partial<Record<Disposition, number>>
      /** Reason → rejected records. */
      readonly rejectedByReason: Readonly<Record<string, number>>
      /** Kind of a row, where its table tells kinds → rows. */
      readonly kinds: Readonly<Record<string, number>>
      /** Of keys `section/<id>/…`; the first of them. */
      readonly sections: readonly string[]
      /** Of the silver files it becomes. */
      readonly silverFiles: FileSizes
      /** Of the INSERTs it becomes. */
      readonly inserts: InsertRows
    }
  | {
      readonly kind: 'chunk-applied'
      readonly batch: string
      readonly target: string
      readonly n: number
      readonly rows: number
      readonly found: boolean
    }
  | {
      /** A target has all of a batch now. */
      readonly kind: 'target-applied'
      readonly batch: string
      readonly target: string
      readonly rows: number
      /** Since its oldest object was created; absent where none of its objects was opened. */
      readonly lagMs?: number
    }
  | { readonly kind: 'batch-committed'; readonly batch: string; readonly rows: number }
  | { readonly kind: 'batch-aborted'; readonly batch: string; readonly end: 'failed' | 'lost' }
  | {
      readonly kind: 'apply-failed'
      readonly batch: string
      readonly target: string
      readonly code: FaultCode | 'BUG'
      readonly message: string
    }
  | {
      /** From now on it is not called; `retryAt`: epoch ms. */
      readonly kind: 'breaker-opened'
      readonly target: string
      readonly table?: string
      readonly failures: number
      readonly retryAt: number
      /** Code and message of the last failure. */
      readonly problem: string
    }
  | { readonly kind: 'breaker-probed'; readonly target: string; readonly table?: string }
  | {
      readonly kind: 'breaker-closed'
      readonly target: string
      readonly table?: string
      readonly openMs: number
    }
  | {
      /** Not even tried: its breaker is open. */
      readonly kind: 'apply-put-off'
      readonly batch: string
      readonly target: string
      readonly message: string
    }
  | { readonly kind: 'message-unreadable'; readonly messageId: string; readonly reason: string }
  | { readonly kind: 'claim-without-batch'; readonly source: string; readonly batch: string }
  | { readonly kind: 'source-suspected'; readonly source: string; readonly tries: number }
  | {
      readonly kind: 'sweep-done'
      readonly found: number
      readonly sent: number
      readonly resting: number
      /** Since the oldest of `found` was begun; 0: there is none. */
      readonly oldestMs: number
      /** Targets that are not called now. */
      readonly resters: readonly string[]
      readonly aborted: number
    }
  | {
      readonly kind: 'reconcile-found'
      /** Kind of the finding; see reconcile. */
      readonly finding: string
      readonly url?: string
      readonly version?: string
      readonly batch?: string
      readonly chunk?: string
      readonly target?: string
      readonly table?: string
      readonly why: string
      /** The command that mends it. */
      readonly mend: string
    }
  | ({ readonly kind: 'reconcile-done' } & Readonly<Record<ReconcileCount, number>>)
  | {
      /** Of one part; `found` are the objects inside the window. */
      readonly kind: 'job-slice'
      readonly job: string
      readonly part: number
      readonly slice: number
      readonly found: number
      readonly sent: number
    }
  | {
      readonly kind: 'job-part-failed'
      readonly job: string
      readonly part: number
      readonly code: FaultCode | 'BUG'
      readonly message: string
    }
  | {
      /** Somebody began, paused, resumed or cancelled it. */
      readonly kind: 'job-turned'
      readonly job: string
      readonly state: JobState
    }
  | {
      /** Its walk is at its end: everything is sent that was to be. */
      readonly kind: 'job-done'
      readonly job: string
      readonly found: number
      readonly sent: number
      readonly failedParts: number
    }
  | { readonly kind: 'work-failed'; readonly code: FaultCode | 'BUG'; readonly message: string }

export type EventKind = Event['kind']

/** When each is told, for the reference. */
export const eventsSay: Readonly<Record<EventKind, string>> = {
  'arrivals-read': 'ingest has read the events of an invocation',
  'batch-sealed': 'a batch became real: its sources need not come again',
  'chunk-applied': 'a target took a chunk, or had it already',
  'target-applied': 'a target has all of a batch',
  'batch-committed': 'all targets have it',
  'batch-aborted': 'a batch came to nothing before its seal; its sources are free',
  'apply-failed': 'a target did not take a batch; it is tried again',
  'apply-put-off': 'a batch was not tried, for the breaker of a target is open',
  'breaker-opened': 'a target, or a table of it, is no longer called',
  'breaker-probed': 'it is tried again, by one batch or a probe',
  'breaker-closed': 'it is called again',
  'message-unreadable':
    'a message of the queue is none of ours; it stays until it is a dead letter',
  'claim-without-batch': 'the ledger has a claim whose batch it lacks',
  'source-suspected': 'a source went down with a process; it is opened by itself',
  'sweep-done': 'a sweep has looked for batches nobody is at',
  'reconcile-found': 'a reconcile found something that is not as it should be',
  'reconcile-done': 'a reconcile is at its end',
  'job-slice': 'a job has sent what is to be sent of a slice of a listing',
  'job-part-failed': 'a prefix of a job could not be walked; the others go on',
  'job-turned': 'a job was begun, paused, resumed or cancelled',
  'job-done': 'a job has walked all its prefixes; what it sent is under way',
  'work-failed':
    'work came to nothing and is tried again, or a person must act: the fault says which',
}
