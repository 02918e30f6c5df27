import { functionNames } from '../bundles.ts'
import type { FunctionName } from '../bundles.ts'
import type { Dice } from './dice.ts'

/**
 * `kill`: SIGKILL to a process of the function. `pause`: SIGSTOP to one, SIGCONT later. `crash-engine`: SIGKILL to ClickHouse,
 * and a new one on its folder. `pause-engine`: ClickHouse hangs for a while. `end-leases`: every lease of the ledger is over,
 * whoever works.
 */
export type Fault =
  | { readonly kind: 'kill'; readonly name: FunctionName }
  | { readonly kind: 'pause'; readonly name: FunctionName; readonly ms: number }
  | { readonly kind: 'crash-engine' }
  | { readonly kind: 'pause-engine'; readonly ms: number }
  | { readonly kind: 'end-leases' }

/** Milliseconds after the start. */
export type Planned = Fault & { readonly atMs: number }

/** One fault of a kind in each stretch of this length, somewhere in it. */
const everySeconds: Readonly<Record<Fault['kind'], number>> = {
  kill: 3.5,
  pause: 10,
  'crash-engine': 22,
  'pause-engine': 30,
  'end-leases': 8,
}

/** Most are longer than what is left of a lease of 7 s, all are shorter than what is left of the invocation. */
const pauseMsMin = 4_000
const pauseMsMax = 12_000
const enginePauseMsMax = 3_000

/** Transform has most to lose. */
const targets = ['transform', 'transform', 'transform', ...functionNames, 'ingest'] as const

const drawFault = (dice: Dice, kind: Fault['kind']): Fault => {
  const name = dice.pick(targets)
  if (kind === 'kill') return { kind, name }
  if (kind === 'pause') return { kind, name, ms: pauseMsMin + dice.below(pauseMsMax - pauseMsMin) }
  if (kind === 'pause-engine') return { kind, ms: dice.below(enginePauseMsMax) }
  return { kind }
}

/** All faults of a fire, in order of time; always the same of one seed. */
export const planFire = (dice: Dice, seconds: number): readonly Planned[] =>
  (Object.keys(everySeconds) as Fault['kind'][])
    .flatMap((kind) => {
      const stretches = Math.ceil(seconds / everySeconds[kind])
      const stretchMs = (seconds / stretches) * 1_000
      return Array.from({ length: stretches }, (_, n) => {
        const fault = drawFault(dice, kind)
        const atMs = Math.floor((n + dice.roll()) * stretchMs)
        // A pause ends with the fire, where it fits in.
        const lastMs = 'ms' in fault ? Math.max(0, seconds * 1_000 - fault.ms) : atMs
        return { ...fault, atMs: Math.min(atMs, lastMs) }
      })
    })
    .sort((a, b) => a.atMs - b.atMs)
