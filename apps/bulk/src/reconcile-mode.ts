import type { Checkpoint, Ledger, Versioned } from '@silversmith/core'
import { isFault } from '@silversmith/core'
import type { Call, Reconcile, ReconcileReport, ReconcileRequest } from '@silversmith/flow'
import type { Fields } from './handler.ts'
import { readReconcileEvent } from './reconcile-event.ts'

export interface ReconcileModeDeps {
  readonly pipeline: string
  /** Those of BRONZE_BUCKET. */
  readonly buckets: readonly string[]
  readonly reconcile: Reconcile
  readonly ledger: Pick<Ledger, 'read' | 'write'>
  readonly now: () => number
}

/** Keeping the position, after the work was stopped. */
const keepingMs = 4_000

/**
 * Mode `reconcile`. One invocation does what it has time for and keeps its position in the ledger; the next with the same
 * fields goes on there, and begins anew when all was looked at. The report is that of this invocation; it has `next` when the
 * work is not at its end.
 */
export const createReconcileMode =
  ({ pipeline, buckets, reconcile, ledger, now }: ReconcileModeDeps) =>
  async (fields: Fields, call: Call): Promise<ReconcileReport> => {
    const asked = readReconcileEvent(fields, buckets, now())
    const { bucket, prefix, since, enqueue, variant } = asked
    const place = `reconcile/${pipeline}/${bucket}/${prefix}`
    const key = { kind: 'checkpoint', id: variant === '' ? place : `${place}?${variant}` } as const
    const [found] = await ledger.read([key], call.signal)
    const checkpoint = found as Versioned<Checkpoint> | undefined
    const request = { bucket, prefix, enqueue, ...(since !== undefined && { since }) }
    const report = await goOn(reconcile, request, checkpoint?.item.position, call)
    const position = report.next === undefined ? {} : { position: report.next }
    // False: another run of the same was faster, and its position is as good.
    await ledger.write(
      { ...key, ...position },
      checkpoint?.revision ?? 0,
      AbortSignal.timeout(keepingMs),
    )
    return report
  }

/** A position of another release, which this one cannot read, is none. */
const goOn = async (
  reconcile: Reconcile,
  request: ReconcileRequest,
  position: string | undefined,
  call: Call,
): Promise<ReconcileReport> => {
  if (position === undefined) return reconcile(request, call)
  try {
    return await reconcile({ ...request, from: position }, call)
  } catch (error) {
    if (!isFault(error, 'EVENT_UNKNOWN')) throw error
    return reconcile(request, call)
  }
}
