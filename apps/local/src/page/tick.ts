/**
 * What the server tells the page, and what the page asks of it. Names and keys of objects may be in it; contents of records only
 * in the answer to the person's own query. Times are epoch ms. Imports nothing: the browser's code reads the same file.
 */

/** Messages of a queue. */
export interface Depth {
  readonly waiting: number
  /** Received, and neither deleted nor given back. */
  readonly inFlight: number
  /** In its dead-letter queue. */
  readonly dead: number
}

export interface Work {
  /** Invocations under way. */
  readonly running: number
  readonly runningMax: number
  /** Messages it was done with, since the start. */
  readonly done: number
  /** A queue of it is not read until somebody resumes. */
  readonly isPaused: boolean
}

/** Counted since the state began, by the manifests of sealed batches. records = rows + rejected + discarded. */
export interface Totals {
  readonly objects: number
  readonly records: number
  /** Accepted records. */
  readonly rows: number
  readonly rejected: number
  readonly discarded: number
  readonly batches: number
  readonly quarantineFiles: number
  readonly rejectedByReason: Readonly<Record<string, number>>
  /** What became of objects. */
  readonly dispositions: Readonly<Record<string, number>>
}

/** A breaker that is not closed: why, and until when nothing calls the target (or only this table of it). */
export interface Rest {
  readonly table?: string
  readonly until: number
  readonly problem: string
}

/** What a target has of the sealed batches, by the ledger; a record may have rows in two tables. */
export interface Applied {
  readonly rows: number
  /** Of silver files; 0 elsewhere. */
  readonly files: number
  readonly bytes: number
  readonly rest?: Rest
}

/** What happened since the tick before. */
export interface Moved {
  readonly landed: number
  readonly ingested: number
  readonly transformed: number
  readonly messages: number
  readonly rejected: number
  /** Target → rows. */
  readonly applied: Readonly<Record<string, number>>
}

export type BatchState = 'sealed' | 'committed'

export interface BatchLine {
  readonly id: string
  readonly sealedAt: number
  readonly state: BatchState
  readonly objects: number
  readonly firstKey: string
  readonly rows: number
  readonly rejected: number
  readonly chunks: number
  /** Target → chunks it has. */
  readonly done: Readonly<Record<string, number>>
  /** Why the last apply failed. */
  readonly problem?: string
  /** From the creation of its oldest object until its rows were at all targets. */
  readonly lagMs?: number
}

/** A file that was dropped on the page. */
export interface Drop {
  readonly id: number
  readonly key: string
  readonly sizeBytes: number
  readonly at: number
  readonly state: 'loading' | 'loaded'
  /** True: this very object had been loaded before it was dropped. */
  readonly known: boolean
  readonly batch?: string
  readonly dataset?: string
  readonly disposition?: string
  readonly reason?: string
  readonly records?: number
  readonly rows?: number
  readonly rejected?: number
}

export interface Problem {
  readonly at: number
  readonly text: string
}

/** Of the history: what the charts show of one tick. */
export interface Point {
  readonly at: number
  readonly waiting: number
  /** Per second. */
  readonly rows: number
  readonly rejected: number
  /** The longest of the batches that were committed since the tick before. */
  readonly lagMs?: number
}

export interface Tick {
  readonly point: Point
  readonly queues: Readonly<Record<'arrivals' | 'objects' | 'messages', Depth>>
  readonly functions: Readonly<Record<'ingest' | 'transform', Work>>
  readonly landed: { readonly objects: number; readonly bytes: number; readonly lastKey: string }
  readonly openBatches: number
  readonly totals: Totals
  readonly applied: Readonly<Record<string, Applied>>
  /** Rows in the tables, as ClickHouse counts them; absent where there is none or it does not answer. */
  readonly tables?: Readonly<Record<string, number>>
  readonly moved: Moved
  /** Batches, drops and problems that are new or changed. */
  readonly batches: readonly BatchLine[]
  readonly drops: readonly Drop[]
  readonly problems: readonly Problem[]
}

/** First thing a viewer hears. */
export interface Hello {
  readonly dir: string
  readonly startedAt: number
  readonly targets: readonly string[]
  readonly bronzeBucket: string
  readonly routes: readonly {
    readonly prefix: string
    readonly suffixes: readonly string[]
    readonly dataset: string
  }[]
  readonly uploadBytesMax: number
  readonly rowsMax: number
  readonly queryMs: number
  /** Queries can be asked. */
  readonly hasEngine: boolean
  /** LOG_LEVEL keeps the functions from telling of batches. */
  readonly isBlind: boolean
  readonly historyMax: number
  readonly history: readonly Point[]
  readonly batches: readonly BatchLine[]
  readonly drops: readonly Drop[]
  readonly problems: readonly Problem[]
  readonly tick?: Tick
}

/** Answer to a query. Cells are text, null is NULL. */
export interface Table {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** There are more rows than are shown. */
  readonly isCut: boolean
  readonly ms: number
}

/** Any request that was refused, in words for the person. */
export interface Refusal {
  readonly error: string
}
