/** What a fault asks for. `retry`: it passes by itself. `fix`: a person must act; work waits, nothing is lost. */
export type FaultMeaning = 'retry' | 'fix' | 'refuse'

export interface FaultFacts {
  readonly meaning: FaultMeaning
  /** What a person does, with the command that tells or mends; Markdown of the runbook. */
  readonly remedy: string
}

/**
 * Every expected way for the machinery to fail, with what it means. Bad records and bad objects are data
 * (rejections, dispositions), not faults. `refuse` is about one object: it becomes a disposition.
 */
export const faults = {
  OBJECT_GONE: {
    meaning: 'refuse',
    remedy:
      'the object was deleted or replaced; it is sealed as `gone`, see `silversmith reconcile`',
  },
  OBJECT_UNREADABLE: {
    meaning: 'refuse',
    remedy:
      'sealed as `unreadable` with the reason: correct it and upload it again; if it is right as it is, `silversmith reconcile --prefix <key> --enqueue --set-aside`',
  },
  OBJECT_TOO_LARGE: {
    meaning: 'refuse',
    remedy:
      'sealed as `too-large`: split it and upload the parts; or raise the limit that is named, then `silversmith reconcile --prefix <key> --enqueue --set-aside`',
  },
  STORE_UNAVAILABLE: {
    meaning: 'retry',
    remedy: 'S3 throttles or fails; what waits is in `silversmith batch list`',
  },
  STORE_DENIED: {
    meaning: 'fix',
    remedy:
      'the message names the object: look at policy, key policy and bucket name; `silversmith doctor` looks at the buckets',
  },
  STORE_CONFLICT: {
    meaning: 'fix',
    remedy:
      'a file of ours is there with other bytes: find out who wrote it and restore its first version; `silversmith reconcile` names it',
  },
  LEDGER_UNAVAILABLE: {
    meaning: 'retry',
    remedy:
      'DynamoDB throttles or fails; messages come again later and later, `silversmith dlq list` tells of those that died',
  },
  LEDGER_DENIED: {
    meaning: 'fix',
    remedy:
      'look at the policy and the name of the table, `silversmith doctor` does, too; then `silversmith dlq list`',
  },
  QUEUE_UNAVAILABLE: {
    meaning: 'retry',
    remedy: 'SQS fails; what was not sent is found by `silversmith reconcile`',
  },
  QUEUE_DENIED: {
    meaning: 'fix',
    remedy:
      'look at the policy and the URL of the queue, `silversmith doctor` does, too; what was not sent is found by `silversmith reconcile --enqueue`',
  },
  QUEUE_MISCONFIGURED: {
    meaning: 'fix',
    remedy:
      'a queue gives messages up after fewer than 20 receives, and nothing is taken from it: the message has the command that mends it, [`silversmith doctor`](reference/doctor.md#a-queue-that-gives-up-early), too',
  },
  TARGET_UNAVAILABLE: {
    meaning: 'retry',
    remedy: 'the target does not answer; what waits is in `silversmith batch list`',
  },
  TARGET_OUTCOME_UNKNOWN: {
    meaning: 'retry',
    remedy:
      'an INSERT or a DELETE took too long: it is asked for before it is repeated; `silversmith batch list`',
  },
  TARGET_RESTING: {
    meaning: 'retry',
    remedy:
      'the target, or the table, failed before and [its breaker](reference/breaker.md) is open: nothing is called; `silversmith batch list` has the fault before',
  },
  TARGET_DENIED: {
    meaning: 'fix',
    remedy: 'user and password, or a proxy in between: `silversmith doctor` says which',
  },
  TARGET_FORBIDDEN: {
    meaning: 'fix',
    remedy: 'a grant is missing: `silversmith migrate --plan` prints them all',
  },
  TARGET_MISCONFIGURED: {
    meaning: 'fix',
    remedy:
      'tables, columns or windows are not as they must be: `silversmith doctor` names them, `silversmith migrate --plan` what to run',
  },
  TARGET_REFUSED_DATA: {
    meaning: 'fix',
    remedy:
      'ClickHouse refuses the rows, for a constraint or a changed column: mend the table, or [reject the batch](#a-batch-that-a-target-refuses-for-ever) by `silversmith batch reject`',
  },
  DEADLINE_REACHED: {
    meaning: 'retry',
    remedy:
      'the time of the invocation was over; where it comes often give transform more; `silversmith batch list`',
  },
  CLAIM_WITHOUT_BATCH: {
    meaning: 'fix',
    remedy:
      '[the ledger was restored](#the-ledger-was-lost-or-restored): `silversmith ledger rebuild`',
  },
  PIPELINE_CHANGED: {
    meaning: 'fix',
    remedy: 'set `TARGETS` back, or name a new `PIPELINE`; `silversmith batch list` has what waits',
  },
  SETTINGS_INVALID: {
    meaning: 'fix',
    remedy:
      'the message lists all that is missing or wrong; nothing ran, `silversmith dlq list` when it is mended',
  },
  JOB_REFUSED: {
    meaning: 'fix',
    remedy:
      'there is no such job, it was cancelled, its name belongs to another request, or a map cannot name its objects: the message says which, `silversmith backfill list` has those there are; take another name, or the other state machine',
  },
  JOB_EMPTY: {
    meaning: 'fix',
    remedy:
      'no object is inside the window of a job: the message says how many were looked at and why they are outside; correct bucket, prefix or window, ask `silversmith backfill plan`, and take another name',
  },
  EVENT_UNKNOWN: {
    meaning: 'fix',
    remedy: 'an event nobody can read, or of another bucket: `silversmith dlq list`',
  },
} as const satisfies Record<string, FaultFacts>

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
    return faults[this.code].meaning
  }
}

export const isFault = (error: unknown, ...codes: readonly FaultCode[]): error is Fault =>
  error instanceof Fault && (codes.length === 0 || codes.includes(error.code))
