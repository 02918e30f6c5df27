import {
  countsOfJob,
  Fault,
  type Job,
  type JobCounts,
  type JobPart,
  type JobRequest,
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
  const prefixes = view.parts.map(({ prefix }) => prefix)
  throw emptyFault(`job ${view.job}`, prefixes, view.counts)
}

/** As `refuseEmpty`, of a plan that was made whole by one call. */
export const refuseEmptyPlan = (
  plan: Plan,
  { prefixes }: Pick<JobRequest, 'prefixes'>,
  from?: string,
): Plan => {
  if (from !== undefined || plan.next !== undefined || plan.counts.found > 0) return plan
  throw emptyFault('the plan', prefixes, plan.counts)
}

const toldMax = 3

const emptyFault = (
  what: string,
  prefixes: readonly string[],
  { listed, outside }: JobCounts,
): Fault => {
  const why = Object.entries(outside).map(([name, count]) => `${count} by ${name}`)
  const named = prefixes.slice(0, toldMax).map((prefix) => JSON.stringify(prefix))
  const more = prefixes.length - named.length
  const below = `below ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const where = prefixes.includes('') ? 'in the bucket' : below
  const told =
    listed === 0
      ? `there is no object ${where}`
      : `${listed} objects ${where} were looked at, all are outside of it (${why.join(', ')})`
  return new Fault('JOB_EMPTY', `${what}: nothing is inside its window: ${told}`)
}
