import type { MemoryLedger } from '../memory/memory-ledger.ts'
import type { MemoryStore } from '../memory/memory-store.ts'
import type { Ports } from '../world/simulated-ports.ts'

/** Changes to a world that make it wrong on purpose, to see the harness notice. */
export interface Mutation {
  /** 0: the target forgets every token at once. */
  readonly windowBlocks?: number
  readonly ledger?: (ledger: MemoryLedger, now: () => number) => MemoryLedger
  readonly store?: (store: MemoryStore) => MemoryStore
  readonly ports?: (ports: Ports) => Ports
  /** Messages the mapping deletes, of those delivered and those the handler left. */
  readonly finish?: (delivered: readonly string[], left: readonly string[]) => readonly string[]
  readonly isSwept?: boolean
  /** Negative: leases end while their workers are still at it. */
  readonly leaseMarginMs?: number
}
