/** Chunks and rows are those of the tables asked for. In a dry run `filled` is what would be. */
export type TableRebuildCount =
  /** Sealed batches, each once it is done with. */
  | 'batches'
  | 'chunksFilled'
  | 'rowsFilled'
  /** The target had them. */
  | 'chunksThere'
  | 'rowsThere'
  /** Every row is older than the table keeps rows. */
  | 'chunksExpired'
  /** An operator rejected them. */
  | 'chunksRejected'
  /** Every row was erased. */
  | 'chunksErased'
  /** Not whole in the target and not filled; each is a finding. */
  | 'chunksLeft'
  /** Objects whose rows another system loaded: silver has none of them. */
  | 'adopted'

export type TableRebuildCounts = Readonly<Record<TableRebuildCount, number>>

export interface TableRebuildFinding {
  readonly kind:
    | 'batch-unknown'
    | 'manifest-unreadable'
    | 'file-lost'
    | 'file-unreadable'
    | 'chunk-partial'
    | 'chunk-refused'
    | 'reloads-held'
  readonly batch: string
  /** Its token. */
  readonly chunk?: string
  readonly table?: string
  readonly why: string
  /** The command that mends it. */
  readonly mend: string
}

export interface TableRebuildReport {
  readonly counts: TableRebuildCounts
  /** The first of them. */
  readonly findings: readonly TableRebuildFinding[]
  readonly findingCount: number
  /** Where another call goes on; undefined: all is done. */
  readonly next?: string
  /** Key of the last manifest that was begun with. */
  readonly at?: string
  /** Nothing is left but batches that are sealed and not applied yet: so many wait for the sweep. */
  readonly waiting?: number
  /** What keeps it from going on. */
  readonly problem?: {
    readonly message: string
    /** It passes by itself. */
    readonly mayPass: boolean
  }
}

/** Kept of all; `findingCount` has every one. */
export const rebuildFindingsMax = 1_000

export const createRebuildTally = () => {
  const counts: Record<TableRebuildCount, number> = {
    ...{ batches: 0, chunksFilled: 0, rowsFilled: 0, chunksThere: 0, rowsThere: 0 },
    ...{ chunksExpired: 0, chunksRejected: 0, chunksErased: 0, chunksLeft: 0, adopted: 0 },
  }
  const findings: TableRebuildFinding[] = []
  let findingCount = 0
  return {
    counts,
    findings,
    get findingCount() {
      return findingCount
    },
    count: (name: TableRebuildCount, more = 1): void => {
      counts[name] += more
    },
    find: (finding: TableRebuildFinding): void => {
      findingCount += 1
      if (findings.length < rebuildFindingsMax) findings.push(finding)
    },
  }
}

export type RebuildTally = ReturnType<typeof createRebuildTally>
