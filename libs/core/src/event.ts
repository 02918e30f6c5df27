import type { Disposition } from './batch.ts'
import type { FaultCode } from './fault.ts'
import type { FileSizes, InsertRows } from './histogram.ts'

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
  | { readonly kind: 'work-failed'; readonly code: FaultCode | 'BUG'; readonly message: string }
