import type { Job, JobRequest } from '@silversmith/core'
import {
  nameOfJob,
  readJob,
  refuseMapped,
  type ReportSum,
  startJob,
  viewJob,
  writeReport,
} from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { undone } from '../dry-run.ts'
import { callOf, type Surroundings } from '../surroundings.ts'
import { writeDuration } from '../text/age.ts'
import type { BackfillRun } from './backfill-line.ts'
import { planAnswer } from './backfill-plan.ts'
import { describeProgress, type RunProgress } from './backfill-progress.ts'
import { atBackfill, type BackfillRoom, makeName, requestOf } from './backfill-room.ts'
import { describeJob, describeSum, goOnLine } from './backfill-text.ts'
import { isSettledSum } from './job-follower.ts'
import { type RunEnd, runToEnd } from './job-run.ts'

const askMs = 120_000
/** Millions of objects, some hundred a second. */
const reportMs = 6 * 3_600_000

/** Exit code 1 when anything failed or is not in every target at the end. `--json`: a line now and then, then the sum. */
export const runBackfillRun = (command: BackfillRun, surroundings: Surroundings): Promise<Answer> =>
  atBackfill(surroundings, command.dir, async (room) => {
    const { selection, budget, dryRun } = command
    const call = callOf(surroundings, askMs)
    const id = command.job ?? makeName(room.clock.now(), room.ids.next())
    const known = selection ? undefined : await readJob(room, id, call)
    if (known) refuseMapped(known)
    if (known && dryRun) return wouldGoOn(known)
    const request = selection ? requestOf(selection, room) : (known as Job).request
    if (dryRun) {
      const { text, ...plan } = await planAnswer(room, request, surroundings, false)
      return { ...plan, text: `${text}\n${undone}` }
    }
    await startJob(room, { id, request, budget }, call)
    return runTold(room, { id, request }, command, surroundings)
  })

const wouldGoOn = (job: Job): Answer => ({
  document: { kind: 'job', dryRun: true, ...viewJob(job) },
  text: [...describeJob(job), undone].join('\n'),
  code: 0,
})

interface Begun {
  readonly id: string
  readonly request: JobRequest
}

const runTold = async (
  room: BackfillRoom,
  { id, request }: Begun,
  { deadlineMs, json }: BackfillRun,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { progress, print, note, signal } = surroundings
  if (json) await print({ kind: 'begun', job: id, request })
  else note(`job ${id}: Ctrl-C stops it, and under this name it goes on`)
  const onProgress = async (now: RunProgress): Promise<void> => {
    progress.show(describeProgress(now))
    if (json) await print({ kind: 'progress', ...now })
  }
  const isWatched = json || progress.isWatched
  const began = room.clock.now()
  const end = await runToEnd(room, {
    ...{ id, request, until: began + deadlineMs, signal },
    onProgress: isWatched ? onProgress : undefined,
  })
  const isStopped = signal.aborted
  progress.show('writing the report')
  const report = isStopped ? undefined : await reportOf(room, end.job, surroundings)
  progress.end()
  const sum = report?.sum ?? end.sum
  const told = { ...end, sum, report: report?.url, isStopped, tookMs: room.clock.now() - began }
  return {
    document: {
      ...{ kind: 'end', ...viewJob(end.job), sum, seconds: told.tookMs / 1_000 },
      ...{ stopped: isStopped, problem: end.problem ?? null, report: report?.url ?? null },
    },
    text: describeEnd(told),
    code: isAllWell(told) ? 0 : 1,
  }
}

/** Only of a job that finds nothing more. */
const reportOf = async (
  room: BackfillRoom,
  job: Job,
  surroundings: Surroundings,
): Promise<{ readonly url: string; readonly sum: ReportSum } | undefined> => {
  if (job.state !== 'done' && job.state !== 'cancelled') return undefined
  const { silverBucket } = room
  const { key, sum } = await writeReport(room, job, silverBucket, callOf(surroundings, reportMs))
  return { url: `s3://${silverBucket}/${key}`, sum }
}

/** How a run ended. */
export interface ToldEnd extends RunEnd {
  readonly report: string | undefined
  /** By Ctrl-C. */
  readonly isStopped: boolean
  readonly tookMs: number
}

export const isAllWell = ({ job, sum, isStopped }: ToldEnd): boolean =>
  job.state === 'done' &&
  !isStopped &&
  sum.failed === 0 &&
  isSettledSum(sum) &&
  job.parts.every(({ state }) => state === 'done')

export const describeEnd = (end: ToldEnd): string => {
  const { job, sum, problem, report, tookMs } = end
  return [
    ...describeJob(job),
    ...describeSum(sum),
    ...(report === undefined ? [] : [`report: ${report}`]),
    ...(problem === undefined ? [] : [`it waited for this: ${problem}`]),
    ...nextOf(end),
    `after ${writeDuration(tookMs)}`,
  ].join('\n')
}

/** What a person does now. */
const nextOf = ({ job, sum, isStopped }: ToldEnd): readonly string[] => {
  const id = nameOfJob(job)
  if (job.state === 'cancelled') return ['cancelled: what was sent is loaded all the same']
  if (job.state === 'paused')
    return [`paused; silversmith backfill resume --job ${id} --yes, then ${goOnLine(id)}`]
  if (isStopped) return [`stopped; nothing is lost, this goes on: ${goOnLine(id)}`]
  if (job.state === 'running') return [`not done at its deadline; this goes on: ${goOnLine(id)}`]
  if (isSettledSum(sum)) return []
  return [
    `all is sent, and not all is loaded yet: silversmith status says what it waits for; this waits on: ${goOnLine(id)}`,
  ]
}
