import type { Batch } from '@silversmith/core'
import type { LedgerAccess } from '../ledger-write.ts'
import { type Call, persist } from '../patience.ts'

/** Items of one read. */
const sliceMax = 100

/** Those of the ids that are batches of the pipeline, in the order of the ids. */
export const readBatches = async (
  { ledger, clock }: LedgerAccess,
  pipeline: string,
  ids: readonly string[],
  call: Call,
): Promise<readonly Batch[]> => {
  const batches: Batch[] = []
  for (let at = 0; at < ids.length; at += sliceMax) {
    const keys = ids.slice(at, at + sliceMax).map((id) => ({ kind: 'batch', id }) as const)
    for (const found of await persist(clock, call, () => ledger.read(keys, call.signal)))
      if (found?.item.kind === 'batch' && found.item.pipeline === pipeline) batches.push(found.item)
  }
  return batches
}

/** Batches in state F or S, oldest lease first. The index lags behind: what was committed meanwhile is not among them. */
export const readOpenBatches = async (
  access: LedgerAccess,
  pipeline: string,
  limit: number,
  call: Call,
): Promise<readonly Batch[]> => {
  const ids = await persist(access.clock, call, () =>
    access.ledger.listOpen(pipeline, Number.MAX_SAFE_INTEGER, limit, call.signal),
  )
  const batches = await readBatches(access, pipeline, ids, call)
  return batches.filter(({ state }) => state === 'F' || state === 'S')
}
