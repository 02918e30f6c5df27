import {
  countsOfJob,
  Fault,
  type Job,
  type JobCounts,
  type JobPart,
  type JobState,
} from '@silversmith/core'
import { nameOfJob } from './bulk-room.ts'
import type { Plan } from './plan.ts'

/** A job for people and for whoever goes on with it. */
export interface JobView {
  readonly job: string
  readonly state: JobState
  readonly generation: number
  readonly counts: JobCounts
  readonly parts: readonly Pick<JobPart, 'prefix' | 'state' | 'problem' | 'counts'>[]
  readonly failedParts: number
  /** There is more to do, and another call does it. */
  readonly next: boolean
  /** Somebody else is at it; another call would find that again. */
  readonly busy: boolean
  /** Epoch ms: until then its budget is spent, and no call has anything to do. */
  readonly restUntil?: number
}

export const viewJob = (job: Job, own?: string): JobView => {
  const { state, generation, parts, restUntil } = job
  return {
    ...{ job: nameOfJob(job), state, generation, counts: countsOfJob(job) },
    parts: parts.map(({ prefix, state, problem, counts }) => {
      return { prefix, state, counts, ...(problem !== undefined && { problem }) }
    }),
    failedParts: parts.filter((part) => part.state === 'failed').length,
    next: state === 'running',
    busy: own !== undefined && job.owner !== undefined && job.owner !== own,
    ...(state === 'running' && restUntil !== undefined && { restUntil }),
  }
}

/** @throws Fault JOB_EMPTY when all was walked and nothing was inside the window: nobody asks for nothing. */
export const refuseEmpty = (view: JobView): JobView => {
  const { found } = view.counts
  if (view.state !== 'done' || view.failedParts > 0 || found > 0) return view
  throw emptyFault(`job ${view.job}`, view.counts)
}

/** As `refuseEmpty`, of a plan that was made whole by one call. */
export const refuseEmptyPlan = (plan: Plan, from?: string): Plan => {
  if (from !== undefined || plan.next !== undefined || plan.counts.found > 0) return plan
  throw emptyFault('the plan', plan.counts)
}

const emptyFault = (what: string, { listed, outside }: JobCounts): Fault => {
  const why = Object.entries(outside).map(([name, count]) => `${count} by ${name}`)
  const told =
    listed === 0
      ? 'there is no object below its prefixes'
      : `${listed} objects were looked at, all are outside of it (${why.join(', ')})`
  return new Fault('JOB_EMPTY', `${what}: nothing is inside its window: ${told}`)
}
