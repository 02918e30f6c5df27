import type { Troubles } from '../world/troubles.ts'

/** What all worlds of a run have in common; plain data, for it travels between processes. */
export interface Terms {
  /** Instead of each seed's own. */
  readonly troubles?: Troubles
  readonly leaseMarginMs?: number
}

/** To a process: run these worlds, one after the other. */
export interface Lot {
  readonly firstSeed: number
  readonly worlds: number
  readonly terms: Terms
}
