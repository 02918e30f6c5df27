import type { Clock, Inspector, Ledger, Mender, Store, Table } from '@silversmith/core'

export interface TableRebuildDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
  /** Of the target that is filled. */
  readonly inspector: Inspector
  /** Of the silver files. */
  readonly silver: Pick<Inspector, 'inspect'>
  readonly mender: Pick<Mender, 'fill'>
  /** Of this release: they say how long rows are kept. */
  readonly tables: readonly Pick<Table, 'name' | 'retentionDays'>[]
  /** One Parquet file of several with the same columns, row group for row group in their order. Throws a RangeError where that cannot be. */
  readonly join: (files: readonly Uint8Array[]) => {
    readonly bytes: Uint8Array
    readonly columns: readonly string[]
    readonly rows: number
  }
  /** Both end with a slash. */
  readonly silverPrefix: string
  readonly quarantinePrefix: string
}

export interface TableRebuildRequest {
  /** Names of the tables to be filled; undefined: every one that batches have chunks of. */
  readonly tables?: readonly string[]
  /** Epoch ms: batches of days before are left out. */
  readonly since?: number
  /** Counts what would be filled and changes nothing. */
  readonly dryRun: boolean
  /** `next` of the call before; absent, or of another release: from the beginning. */
  readonly from?: string
}

/** Why nothing may be filled, for people; what passes by itself is a Fault. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}
