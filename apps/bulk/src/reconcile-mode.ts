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
    const { bucket, prefix, since, enqueue, setAside, variant } = asked
    const place = `reconcile/${pipeline}/${bucket}/${prefix}`
    const key = { kind: 'checkpoint', id: variant === '' ? place : `${place}?${variant}` } as const
    const [found] = await ledger.read([key], call.signal)
    const checkpoint = found as Versioned<Checkpoint> | undefined
    const request = { bucket, prefix, enqueue, setAside, ...(since !== undefined && { since }) }
    const before = checkpoint?.item.position
    // False: another run of the same was faster, and its position is as good.
    const keep = (next: string | undefined): Promise<boolean> =>
      ledger.write(
        { ...key, ...(next !== undefined && { position: next }) },
        checkpoint?.revision ?? 0,
        AbortSignal.timeout(keepingMs),
      )
    try {
      const report = await goOn(reconcile, request, before, call)
      const isStuck = report.next === before && isBehindBronze(before)
      await keep(isStuck ? undefined : report.next)
      return report
    } catch (error) {
      if (isBehindBronze(before)) await keep(undefined)
      throw error
    }
  }

/** From there bronze is not looked at any more: what cannot be got over must not keep it so, and the next run begins anew. */
const isBehindBronze = (position: string | undefined): boolean =>
  position !== undefined && /"pass":"(batches|tokens)"/.test(position)

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
