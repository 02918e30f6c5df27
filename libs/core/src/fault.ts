/** What a fault asks for. `retry`: it passes by itself. `fix`: a person must act; work waits, nothing is lost. */
export type FaultMeaning = 'retry' | 'fix' | 'refuse'

/**
 * Every expected way for the machinery to fail, with what it means. Bad records and bad objects are data
 * (rejections, dispositions), not faults. `refuse` is about one object: it becomes a disposition.
 */
export const faults = {
  OBJECT_GONE: 'refuse',
  OBJECT_UNREADABLE: 'refuse',
  OBJECT_TOO_LARGE: 'refuse',
  STORE_UNAVAILABLE: 'retry',
  STORE_DENIED: 'fix',
  STORE_CONFLICT: 'fix',
  LEDGER_UNAVAILABLE: 'retry',
  LEDGER_DENIED: 'fix',
  QUEUE_UNAVAILABLE: 'retry',
  QUEUE_DENIED: 'fix',
  TARGET_UNAVAILABLE: 'retry',
  TARGET_OUTCOME_UNKNOWN: 'retry',
  TARGET_RESTING: 'retry',
  TARGET_DENIED: 'fix',
  TARGET_FORBIDDEN: 'fix',
  TARGET_MISCONFIGURED: 'fix',
  TARGET_REFUSED_DATA: 'fix',
  DEADLINE_REACHED: 'retry',
  CLAIM_WITHOUT_BATCH: 'fix',
  PIPELINE_CHANGED: 'fix',
  SETTINGS_INVALID: 'fix',
  EVENT_UNKNOWN: 'fix',
} as const satisfies Record<string, FaultMeaning>

export type FaultCode = keyof typeof faults

/** An expected failure. Its message says what happened, to which object, and what to do; never a payload or a secret. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  /** How long whoever refused asks to be left alone, e.g. by a Retry-After. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: FaultCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    super(message, options)
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }

  get meaning(): FaultMeaning {
    return faults[this.code]
  }
}

export const isFault = (error: unknown, ...codes: readonly FaultCode[]): error is Fault =>
  error instanceof Fault && (codes.length === 0 || codes.includes(error.code))
