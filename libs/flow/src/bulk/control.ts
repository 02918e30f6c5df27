import { Fault, type Job, type JobPart, type JobState } from '@silversmith/core'
import { changeItem } from '../ledger-write.ts'
import type { Call } from '../patience.ts'
import { jobKeyOf, nameOfJob, without } from './bulk-room.ts'
import { type JobStartDeps, readJob } from './job-start.ts'
import { type JobView, viewJob } from './job-view.ts'

export type JobTurn = 'pause' | 'resume' | 'cancel'

/**
 * Turns a job; asking twice is no error. `pause` and `cancel` count before the next group of objects is sent: what was sent is
 * loaded all the same. `resume` also opens parts that failed, of a job that is done as well. Cancelled is for ever.
 *
 * @throws Fault JOB_REFUSED when there is none of the name, or its state does not allow it.
 */
export const turnJob = async (
  deps: Omit<JobStartDeps, 'store'>,
  id: string,
  turn: JobTurn,
  call: Call,
): Promise<JobView> => {
  const before = await readJob(deps, id, call)
  refuseTurn(before, turn)
  const change = (item: Job | undefined): Job | undefined => {
    const turned = item && turns[turn](item)
    return turned && turned !== item ? { ...turned, updatedAt: deps.clock.now() } : undefined
  }
  const job = await changeItem<Job>(deps, jobKeyOf(deps.pipeline, id), change, call)
  if (!job) throw new Fault('JOB_REFUSED', `job ${id} is gone`)
  if (!wanted[turn].includes(job.state)) throw refusalOf(job, turn)
  if (job.state !== before.state) deps.log.emit({ kind: 'job-turned', job: id, state: job.state })
  return viewJob(job)
}

/** @throws Fault JOB_REFUSED when the state of a job does not allow it. One that was turned so before does. */
export const refuseTurn = (job: Job, turn: JobTurn): void => {
  if (turn === 'resume' && job.request.map && job.state === 'done')
    throw new Fault(
      'JOB_REFUSED',
      `job ${nameOfJob(job)} was handed out by Step Functions, and that is over: begin another one of the same window, which sends what is not loaded`,
    )
  if (!wanted[turn].includes(turns[turn](job).state)) throw refusalOf(job, turn)
}

const refusalOf = (job: Job, turn: JobTurn): Fault =>
  new Fault('JOB_REFUSED', `job ${nameOfJob(job)} is ${job.state}: ${refusals[turn]}`)

const reopen = (part: JobPart): JobPart =>
  part.state === 'failed' ? { ...without(part, 'problem'), state: 'open' } : part

const turns: Readonly<Record<JobTurn, (job: Job) => Job>> = {
  pause: (job) => (job.state === 'running' ? { ...job, state: 'paused' } : job),
  cancel: (job) =>
    job.state === 'running' || job.state === 'paused' ? { ...job, state: 'cancelled' } : job,
  resume: (job) => {
    const hasFailed = job.parts.some(({ state }) => state === 'failed')
    if (job.state === 'cancelled' || (job.state !== 'paused' && !hasFailed)) return job
    return { ...job, state: 'running', parts: job.parts.map(reopen) }
  },
}

const wanted: Readonly<Record<JobTurn, readonly JobState[]>> = {
  pause: ['paused'],
  cancel: ['cancelled'],
  resume: ['running', 'done'],
}

const refusals: Readonly<Record<JobTurn, string>> = {
  pause: 'only one that runs can be paused',
  cancel: 'it has sent all there is, and nothing takes that back',
  resume: 'nothing brings it back; take another name',
}
