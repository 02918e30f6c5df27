import type { MemoryLedger } from '../memory/memory-ledger.ts'
import type { MemoryStore } from '../memory/memory-store.ts'
import type { Ports } from '../world/simulated-ports.ts'

/** Changes to the surroundings of the flow: lies that make them wrong on purpose, to see the harness notice, and hardships. */
export interface Mutation {
  /** 0: the target forgets every token at once. */
  readonly windowBlocks?: number
  readonly ledger?: (ledger: MemoryLedger, now: () => number) => MemoryLedger
  readonly store?: (store: MemoryStore, now: () => number) => MemoryStore
  readonly ports?: (ports: Ports) => Ports
  /** Messages the mapping deletes, of those delivered and those the handler left. */
  readonly finish?: (delivered: readonly string[], left: readonly string[]) => readonly string[]
  readonly isSwept?: boolean
  /** How long a function may run. */
  readonly timeoutMs?: number
  /** Negative: leases end while their workers are still at it. */
  readonly leaseMarginMs?: number
}
