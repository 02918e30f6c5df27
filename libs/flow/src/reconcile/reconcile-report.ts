import type { ReconcileCount } from '@silversmith/core'

/**
 * - `source-missing`: an object version that no batch has loaded; its event was lost, or its load came to nothing.
 * - `source-stuck`: claimed, and not durable in a committed batch for over `graceMs`.
 * - `source-set-aside`: sealed as too-large, unreadable or poison: nothing of it was loaded, and that is known.
 * - `source-unrouted`: no route accepts the key.
 * - `batch-stuck`: sealed and not committed for over `graceMs`.
 * - `batch-unknown`: a manifest whose batch the ledger does not know; the ledger was restored or rebuilt in part.
 * - `manifest-unreadable`: the manifest of a sealed batch is not there or has other bytes.
 * - `source-doubled`: a batch holds rows of sources that another sealed batch loaded in the same generation, too.
 * - `chunk-missing`: a target holds fewer rows of a chunk than were applied.
 * - `chunk-doubled`: a target holds more rows of a chunk than were applied.
 * - `chunk-of-nobody`: a target holds rows of a chunk that no sealed batch has.
 * - `erasure-unfinished`: an erasure was begun and not finished, or a target holds rows again that were erased.
 * - `target-not-compared`: the pipeline writes there, and nobody looked into it, or it did not answer.
 */
export type FindingKind =
  | 'source-missing'
  | 'source-stuck'
  | 'source-set-aside'
  | 'source-unrouted'
  | 'source-doubled'
  | 'batch-stuck'
  | 'batch-unknown'
  | 'manifest-unreadable'
  | 'chunk-missing'
  | 'chunk-doubled'
  | 'chunk-of-nobody'
  | 'erasure-unfinished'
  | 'target-not-compared'

/** One thing that is not as it should be: what, why, and the command that mends it. Which of the names are there depends on the kind. */
export interface Finding {
  readonly kind: FindingKind
  /** `s3://bucket/key` */
  readonly url?: string
  readonly version?: string
  readonly batch?: string
  /** Token, `<batch>#<n>`. */
  readonly chunk?: string
  readonly target?: string
  readonly table?: string
  readonly why: string
  readonly mend: string
}

export const mendOfManifest = (key: string): string =>
  `put back ${key} from a version or a copy of the silver bucket, and reconcile again`

export type ReconcileCounts = Readonly<Record<ReconcileCount, number>>

export interface ReconcileReport {
  readonly counts: ReconcileCounts
  readonly findings: readonly Finding[]
  /** There were more findings than are told; `counts` has them all. */
  readonly truncated: boolean
  /** Targets that manifests are compared with, without those that do not answer; none where only sources were asked for. */
  readonly targets: readonly string[]
  /** Where the next call goes on, opaque; absent: all was looked at. */
  readonly next?: string
}

/** Findings told per kind, so that many of one leave room for the others. */
export const findingsPerKindMax = 100

/** What one piece of work found; pieces are added up only when they are whole. */
export interface Tally {
  count(name: ReconcileCount, by?: number): void
  find(finding: Finding): void
  add(other: Tally): void
  readonly counts: ReconcileCounts
  readonly findings: readonly Finding[]
  readonly truncated: boolean
}

export const createTally = (): Tally => {
  const counts: Record<ReconcileCount, number> = {
    ...{ matched: 0, recent: 0, missing: 0, stuck: 0, setAside: 0, unrouted: 0 },
    ...{ enqueued: 0, chunksMatched: 0, chunksMissing: 0, chunksExtra: 0 },
  }
  const findings: Finding[] = []
  const told = new Map<FindingKind, number>()
  let truncated = false
  const tally: Tally = {
    count: (name, by = 1) => void (counts[name] += by),
    find: (finding) => {
      const before = told.get(finding.kind) ?? 0
      told.set(finding.kind, before + 1)
      if (before < findingsPerKindMax) findings.push(finding)
      else truncated = true
    },
    add: (other) => {
      for (const [name, by] of Object.entries(other.counts)) counts[name as ReconcileCount] += by
      other.findings.forEach(tally.find)
      truncated ||= other.truncated
    },
    counts,
    findings,
    get truncated() {
      return truncated
    },
  }
  return tally
}
