import type { Job, JobPart } from '@silversmith/core'
import { changeItem } from '../ledger-write.ts'
import type { Call } from '../patience.ts'
import { type BulkDeps, nameOfJob } from './bulk-room.ts'
import { type JobView, refuseEmpty, viewJob } from './job-view.ts'
import { tallyShares } from './known-slices.ts'
import { readMapped } from './share.ts'

/**
 * Ends a mapped job after its map: adds up what its shares found and sent. `failedBatches` is of Step Functions: children that
 * failed, aborted or took too long. One that failed before it wrote its slice left nothing here, so only that number tells of it.
 * Again: nothing changes.
 *
 * @throws Fault JOB_REFUSED; JOB_EMPTY when nothing was inside the window.
 */
export const endMap = async (
  deps: BulkDeps,
  id: string,
  failedBatches: number,
  call: Call,
): Promise<JobView> => {
  const job = await readMapped(deps, id, call)
  if (job.state === 'done') return refuseEmpty(viewJob(job))
  const { shares, unsent, counts } = await tallyShares(deps, id, call)
  const failed = Math.max(unsent, failedBatches)
  const part: Pick<JobPart, 'state' | 'problem'> =
    failed === 0
      ? { state: 'done' }
      : {
          state: 'failed',
          problem: `${failed} batches of the map failed, and not all of their objects were sent`,
        }
  const end = (item: Job | undefined): Job | undefined => {
    if (!item || item.state === 'done') return undefined
    const parts = item.parts.map((one) => ({ ...one, ...part, slice: shares, counts }))
    const state = item.state === 'cancelled' ? 'cancelled' : 'done'
    return { ...item, parts, state, updatedAt: deps.clock.now() }
  }
  const ended = (await changeItem<Job>(deps, { kind: 'job', id: job.id }, end, call)) ?? job
  const { found, sent } = counts
  if (ended.state === 'done') {
    const failedParts = failed > 0 ? ended.parts.length : 0
    deps.log.emit({ kind: 'job-done', job: nameOfJob(job), found, sent, failedParts })
  }
  return refuseEmpty(viewJob(ended))
}
