import { type Breaker, type BreakerLimits, breakerStateOf, isFault } from '@silversmith/core'

/** `failure`: it counts towards opening. `refusal`: trying again is pointless until a person acts, it opens at once. */
export type Failed = 'failure' | 'refusal'

/** What a call says of a place. `unknown`: it was not called after all, or what failed is not it. */
export type Outcome =
  | 'success'
  | 'unknown'
  | {
      readonly failed: Failed
      /** Code and message, for people. */
      readonly problem: string
      readonly retryAfterMs?: number
    }

/** Of a fault, for the target as a whole: one that names a table shows that the target answers. */
export const outcomeOfTarget = (error: unknown): Failed | 'success' | 'unknown' => {
  if (isFault(error, 'TARGET_DENIED')) return 'refusal'
  if (isFault(error, 'TARGET_UNAVAILABLE', 'TARGET_OUTCOME_UNKNOWN')) return 'failure'
  return isFault(error, 'TARGET_MISCONFIGURED', 'TARGET_REFUSED_DATA', 'TARGET_FORBIDDEN')
    ? 'success'
    : 'unknown'
}

/** Of a fault, for one table of a target. */
export const outcomeOfTable = (error: unknown): Failed | 'unknown' => {
  if (isFault(error, 'TARGET_FORBIDDEN')) return 'refusal'
  return isFault(error, 'TARGET_MISCONFIGURED', 'TARGET_REFUSED_DATA') ? 'failure' : 'unknown'
}

/** Whether a call may pass. `probe`: as the breaker's probe, if it becomes that. `until`: epoch ms. */
export type Admission =
  { readonly kind: 'pass' | 'probe' } | { readonly kind: 'wait'; readonly until: number }

export const admit = (breaker: Breaker | undefined, now: number): Admission => {
  const state = breakerStateOf(breaker, now)
  if (state === 'closed') return { kind: 'pass' }
  if (state === 'open') return { kind: 'wait', until: breaker?.openUntil ?? now }
  const { probe } = breaker ?? {}
  return probe && now < probe.until ? { kind: 'wait', until: probe.until } : { kind: 'probe' }
}

interface Settling {
  /** Of the breaker. */
  readonly id: string
  readonly outcome: Outcome
  /** Who called. */
  readonly owner: string
  readonly now: number
  readonly limits: BreakerLimits
}

/**
 * The breaker after a call; undefined: as it is. One that is open is moved by its probe only: what others began before it opened
 * says nothing of now.
 */
export const settle = (
  breaker: Breaker | undefined,
  { id, outcome, owner, now, limits }: Settling,
): Breaker | undefined => {
  const isOpen = breaker?.openUntil !== undefined
  if (isOpen && breaker.probe?.owner !== owner) return undefined
  if (outcome === 'unknown') {
    // The probe is over now, and another may begin.
    return isOpen ? { ...breaker, probe: { owner, until: now } } : undefined
  }
  if (outcome === 'success') {
    if (!breaker || (!isOpen && breaker.failures === 0)) return undefined
    const { closedAt } = breaker
    return {
      kind: 'breaker',
      id,
      failures: 0,
      ...(isOpen ? { closedAt: now } : closedAt && { closedAt }),
    }
  }
  const failures = (breaker?.failures ?? 0) + 1
  const counted: Breaker = {
    ...{ kind: 'breaker', id, failures, problem: outcome.problem },
    ...(breaker?.closedAt !== undefined && { closedAt: breaker.closedAt }),
  }
  if (!isOpen && outcome.failed === 'failure' && failures < limits.failuresMax) return counted
  const openMs = Math.max(limits.openMs, outcome.retryAfterMs ?? 0)
  return { ...counted, openedAt: breaker?.openedAt ?? now, openUntil: now + openMs }
}
