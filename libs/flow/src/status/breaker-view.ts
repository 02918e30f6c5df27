import {
  type Breaker,
  breakerIdOf,
  type BreakerState,
  breakerStateOf,
  type Clock,
  type Ledger,
} from '@silversmith/core'
import { type Call, persist } from '../patience.ts'

/** How a target, or one table of it, is called now. */
export interface BreakerView {
  readonly target: string
  readonly table: string | undefined
  readonly state: BreakerState
  readonly failures: number
  /** Epoch ms; undefined: it is closed. */
  readonly openedAt: number | undefined
  /** Epoch ms: it is tried again from then on; in the past: with the next batch, or a probe of the sweep. */
  readonly retryAt: number | undefined
  /** Code and message of the last failure; undefined: the last call did not fail. */
  readonly problem: string | undefined
}

/** Of every place that failed since its last success, or is not closed. */
export const viewBreakers = async (
  { pipeline, ledger, clock }: { pipeline: string; ledger: Ledger; clock: Clock },
  targets: readonly string[],
  tables: readonly string[],
  call: Call,
): Promise<readonly BreakerView[]> => {
  const places = targets.flatMap((target) => [
    { target, table: undefined },
    ...tables.map((table) => ({ target, table })),
  ])
  const keys = places.map(
    ({ target, table }) => ({ kind: 'breaker', id: breakerIdOf(pipeline, target, table) }) as const,
  )
  const found = await persist(clock, call, () => ledger.read(keys, call.signal))
  return places.flatMap((place, at): BreakerView[] => {
    const breaker = found[at]?.item as Breaker | undefined
    if (!breaker || (breaker.failures === 0 && breaker.openUntil === undefined)) return []
    const { failures, openedAt, openUntil, probe, problem } = breaker
    const state = breakerStateOf(breaker, clock.now())
    // While a probe is under way nothing else tries.
    const retryAt = openUntil === undefined ? undefined : Math.max(openUntil, probe?.until ?? 0)
    return [{ ...place, state, failures, openedAt, retryAt, problem }]
  })
}
