import type { Clock, Inspector, Ledger, Log, Store } from '@silversmith/core'
import type { Call } from '../patience.ts'
import type { RebuildResult } from './repair-result.ts'

export interface RebuildDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Of every target that can be looked into. */
  readonly inspectors: readonly Inspector[]
  /** Both end with a slash. */
  readonly silverPrefix: string
  readonly quarantinePrefix: string
}

export interface RebuildOptions {
  /** Says what would be written and writes nothing. */
  readonly dryRun?: boolean
  /** `YYYY-MM-DD`: manifests of earlier days are taken to be as the ledger says. Default: all are read. */
  readonly from?: string
  /** Where an earlier call with the same options left off. */
  readonly position?: string
}

/** What `rebuildLedger` is. */
export type RebuildLedger = (
  deps: RebuildDeps,
  call: Call,
  options?: RebuildOptions,
) => Promise<RebuildResult>
