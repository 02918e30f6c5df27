import type { Holding } from '@silversmith/core'

/** A chunk one target does not take. */
export interface RefusedChunk {
  readonly n: number
  readonly table: string
  readonly rows: number
  /** The target's fault: code and message. Of a `_reloads` chunk: that rows before it were refused. */
  readonly reason: string
  /** Where its payload is kept, or in a dry run would be. */
  readonly quarantine: readonly string[]
}

/**
 * - `refused`: this batch or target is none it can be done to; nothing was changed. `reason` says why.
 * - `planned`: dry run. `chunks` are those the target does not hold: they would be tried once more and rejected if refused.
 * - `stopped`: something of the target is not known for sure, or time ran out; nothing was rejected. `reason` says what to do.
 * - `applied`: the target took everything after all; nothing was rejected.
 * - `rejected`: `chunks` are in quarantine now and count as done.
 */
export type RejectOutcome = 'refused' | 'planned' | 'stopped' | 'applied' | 'rejected'

export interface RejectResult {
  readonly batch: string
  readonly target: string
  readonly outcome: RejectOutcome
  readonly reason?: string
  /** Chunks the target holds. */
  readonly held: number
  readonly chunks: readonly RefusedChunk[]
  /** The batch is committed now: all its targets are done. Else the sweep goes on with the others. */
  readonly committed: boolean
}

/**
 * - `planned`: dry run; this would be repaired.
 * - `repaired`: whole again, looked at afterwards.
 * - `broken`: still not whole; `reason` says what to do.
 * - `reload`: no target holds the rows whole: load its sources again from bronze.
 * - `left`: not come to; run the repair again.
 */
export type ChunkRepairOutcome = 'planned' | 'repaired' | 'broken' | 'reload' | 'left'

/** A chunk of which a target does not hold what the manifest says. */
export interface ChunkRepair {
  readonly target: string
  readonly n: number
  readonly table: string
  readonly month: string
  /** Rows by the manifest. */
  readonly rows: number
  readonly before: Holding
  /** Undefined: nothing was changed. */
  readonly after?: Holding
  readonly outcome: ChunkRepairOutcome
  readonly reason?: string
}

/** `refused`: nothing was looked at, `reason` says why. `planned`: dry run. `whole`: every chunk is whole now. `broken`: not so. */
export type RepairOutcome = 'refused' | 'planned' | 'whole' | 'broken'

export interface RepairResult {
  readonly batch: string
  readonly outcome: RepairOutcome
  readonly reason?: string
  /** Chunks of all targets that were whole before, rejected ones not among them. */
  readonly intact: number
  /** Those that were not. */
  readonly chunks: readonly ChunkRepair[]
}

/** What a rebuild made of the batches of the manifests it read. */
export type RebuildCount =
  /** The ledger holds it as sealed or committed already. */
  | 'kept'
  /** Put back as sealed: the sweep verifies and commits it. */
  | 'sealed'
  /** Put back as committed. */
  | 'committed'
  /** Was never sealed: aborted, its sources are free. */
  | 'aborted'
  /** Of another pipeline. */
  | 'foreign'
  /** Left as it is; see its finding. */
  | 'undecided'

export interface RebuildFinding {
  readonly batch: string
  /** Key of its manifest. */
  readonly manifest: string
  readonly problem: string
}

export interface RebuildResult {
  /** To be read before, and printed. */
  readonly warning: string
  /** True: nothing was written, the counts say what would be. */
  readonly dryRun: boolean
  readonly batches: Readonly<Record<RebuildCount, number>>
  /** Batches the ledger held as forming: a sweep that ran before the rebuild would have deleted their staging. */
  readonly forming: number
  readonly claims: number
  /** The first of them; `findingCount` counts all. */
  readonly findings: readonly RebuildFinding[]
  readonly findingCount: number
  /** Where to go on; undefined: the rebuild is complete. */
  readonly position?: string
}
