/**
 * Ledger item: whether a target, or one table of it, is called. One for all processes. There is none where nothing ever failed.
 *
 * - closed: `openUntil` is absent; calls pass, failures in a row are counted.
 * - open: until `openUntil` nothing calls it.
 * - half-open: after that; the next call is its probe, and nothing else calls it before the probe is over.
 */
export interface Breaker {
  readonly kind: 'breaker'
  /** See `breakerIdOf`. */
  readonly id: string
  /** Applies that failed since the last that did not. */
  readonly failures: number
  /** Epoch ms. */
  readonly openedAt?: number
  readonly openUntil?: number
  /** A probe that is silent at its end has died: another may begin. */
  readonly probe?: { readonly owner: string; readonly until: number }
  /** Epoch ms: when it last closed. What waited for it is taken up slowly from then on. */
  readonly closedAt?: number
  /** Why the last call failed, for people: code and message, cut short. */
  readonly problem?: string
}

export type BreakerState = 'closed' | 'open' | 'half-open'

/** `table` undefined: of the target as a whole. */
export const breakerIdOf = (pipeline: string, target: string, table?: string): string =>
  `${pipeline}/${target}${table === undefined ? '' : `/${table}`}`

export const breakerStateOf = (breaker: Breaker | undefined, now: number): BreakerState => {
  if (breaker?.openUntil === undefined) return 'closed'
  return now < breaker.openUntil ? 'open' : 'half-open'
}

export interface BreakerLimits {
  /** Failures in a row that open it. */
  readonly failuresMax: number
  /** Wait before a probe, unless the server asks for more. */
  readonly openMs: number
}

/** Where nothing else is set. */
export const defaultBreakerLimits: BreakerLimits = { failuresMax: 3, openMs: 300_000 }
