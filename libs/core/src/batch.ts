import type { Breaker } from './breaker.ts'
import type { Drift } from './contract.ts'
import type { Job } from './job.ts'
import type { ObjectRef } from './source.ts'

/** What became of a source. */
export type Disposition =
  'rows' | 'empty' | 'gone' | 'poison' | 'unreadable' | 'too-large' | 'unrouted'

/** Ledger item: which batch owns a source. Never expires. */
export interface Claim {
  readonly kind: 'claim'
  /** Source id. */
  readonly id: string
  readonly batch: string
  readonly generation: number
  /** Solo opens that were begun and not seen to end; 3 condemn the source as poison. */
  readonly tries: number
  /** How often time ran out while it was read: such sources are read after all others, one by one, the most often cut last. */
  readonly cuts?: number
}

/** forming → sealed → committed, or forming → aborted. Never back. */
export type BatchState = 'F' | 'S' | 'A' | 'C'

/** How an aborted batch ended: its worker said so (`failed`), or its lease ran out in silence (`lost`). */
export type BatchEnd = 'failed' | 'lost'

/** Ledger item: one batch, at most 4 KB whatever the number of its sources. Never expires. */
export interface Batch {
  readonly kind: 'batch'
  /** ULID, random per attempt; never derived from content. */
  readonly id: string
  readonly pipeline: string
  readonly state: BatchState
  readonly owner: string
  /** Epoch ms. Saves work only; no step's safety rests on it. */
  readonly leaseUntil: number
  /** Sources it set out to claim; a crash halves the next suspect group by it. */
  readonly sourceCount: number
  readonly end?: BatchEnd
  /** From the seal on. */
  readonly manifest?: ManifestRef
  readonly sealedAt?: number
  /** Epoch ms. Absent where a ledger was rebuilt. */
  readonly committedAt?: number
  /** Target name → numbers of the first chunks known to be applied: all chunks below it are done. */
  readonly done?: Readonly<Record<string, number>>
  /** Failed applies since the last progress; the sweep backs off min(2^n minutes, 1 h). */
  readonly failures?: number
  /** Target name (or `quarantine`) → why the last apply failed there, for people: code and message, cut short. */
  readonly problems?: Readonly<Record<string, string>>
  /** Target name → number of chunks an operator took out because the server refuses them for ever. */
  readonly rejected?: Readonly<Record<string, number>>
  /** Number of its last repair by an operator, rising and no lower than the time; part of its tokens. */
  readonly repairs?: number
}

export interface ManifestRef {
  readonly key: string
  /** Lower-hex SHA-256 of the manifest's bytes. */
  readonly sha256: string
  readonly chunks: number
  readonly rows: number
}

/** Ledger item: what a pipeline was first started with; a change of targets is refused. */
export interface PipelinePin {
  readonly kind: 'pipeline'
  readonly id: string
  readonly targets: readonly string[]
}

/** Ledger item: how far a long piece of work has come, for whoever goes on with it. */
export interface Checkpoint {
  readonly kind: 'checkpoint'
  /** Name of the work, e.g. `reconcile/<pipeline>/<bucket>/<prefix>`. */
  readonly id: string
  /** Opaque to the ledger; undefined: the next run begins anew. */
  readonly position?: string
}

export type LedgerItem = Claim | Batch | PipelinePin | Checkpoint | Breaker | Job

/** Bytes staged under `key`, to be applied unchanged. */
export interface Payload {
  readonly key: string
  readonly sha256: string
  readonly sizeBytes: number
  readonly rows: number
}

/**
 * One block of one table and one ClickHouse month: token and `_chunk` are `<batch>#<n>`. `block` holds all its rows;
 * `days` slices the same rows by UTC day for silver. When all rows are of one day both name the same payload.
 * A payload no target asks for is absent.
 */
export interface Chunk {
  readonly n: number
  readonly table: string
  /** `YYYY-MM` */
  readonly month: string
  readonly rows: number
  /** Names of the staged files' columns, in their order: a later release may have others. */
  readonly columns?: readonly string[]
  /** Columns of the dataset without a value in any row; absent when there are none. */
  readonly empty?: readonly string[]
  readonly block?: Payload
  readonly days?: readonly DayPayload[]
}

export interface DayPayload extends Payload {
  /** `YYYY-MM-DD` */
  readonly day: string
}

/** A quarantine file of the batch: rejected records of one dataset and one reason, JSON Lines. */
export interface QuarantinePayload extends Payload {
  /** Final key, below the quarantine prefix. */
  readonly target: string
  readonly dataset: string
  readonly reason: string
}

/** What became of one source of a batch. records = rows + rejected + discarded; `rows` counts accepted records. */
export interface ManifestSource {
  readonly id: string
  readonly object: ObjectRef
  readonly dataset?: string
  readonly generation: number
  readonly disposition: Disposition
  readonly reason?: string
  /** Its rows were in a target before, from another system: they are in no chunk, and `rows` is the number of its lines. */
  readonly adopted?: true
  readonly sizeBytes: number
  /** Epoch ms; 0 when the object was not opened. Orders the versions of a key. */
  readonly lastModified: number
  readonly records: number
  readonly rows: number
  readonly rejected: number
  readonly discarded: number
}

/** Immutable list of a batch: written before the seal, kept for ever. */
export interface Manifest {
  readonly version: 1
  readonly batch: string
  readonly pipeline: string
  readonly targets: readonly string[]
  readonly createdAt: number
  readonly sources: readonly ManifestSource[]
  readonly chunks: readonly Chunk[]
  readonly quarantine: readonly QuarantinePayload[]
  /** Values that fitted no column; absent when there were none. */
  readonly drift?: readonly Drift[]
}

export const tokenOf = (batch: string, n: number): string => `${batch}#${n}`

/** Of one day of a chunk, in the batch's repair of that number: no token that a target remembers from before is like it. */
export const repairTokenOf = (batch: string, n: number, repairs: number, day: string): string =>
  `${tokenOf(batch, n)}!${repairs}/${day}`

/** In place of a batch in the `_chunk` of rows moved from the table of another system, `adopted#<YYYYMM>`: no ledger knows them. */
export const adoptedBatch = 'adopted'
