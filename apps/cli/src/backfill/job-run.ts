import { countsOfJob, isFault, type JobRequest } from '@silversmith/core'
import {
  type Call,
  countWindow,
  endingOf,
  nameOfJob,
  noReportSum,
  readJob,
} from '@silversmith/flow'
import { createRate, endedOf, type RunProgress, secondsLeftOf } from './backfill-progress.ts'
import type { BackfillRoom } from './backfill-room.ts'
import { createFollower, isSettledSum, type JobLook } from './job-follower.ts'
import { findObstacle } from './job-obstacle.ts'
import { walkJob } from './job-walk.ts'

/** Between two looks at what became of it; and that looking takes no more than about a tenth of the time. */
const lookMsMin = 1_000
const lookMsMax = 60_000
const looksShare = 10
/** One look; also the longest count. */
const lookingMs = 3_600_000

export interface RunOptions {
  readonly id: string
  readonly request: JobRequest
  /** Epoch ms: nothing is waited for any longer. */
  readonly until: number
  readonly signal: AbortSignal
  /** Undefined: nobody watches, and nothing is counted for them. */
  readonly onProgress: ((progress: RunProgress) => Promise<void>) | undefined
}

export interface RunEnd extends JobLook {
  /** Last obstacle that was seen; undefined: none. */
  readonly problem: string | undefined
}

/**
 * Walks a job to its end, then waits until all that was sent is in every target, and tells how far it is meanwhile. Looks that
 * fail by what passes by itself are repeated as long as anything is waited for.
 *
 * @throws what `walkJob` throws. An end of the signal is no fault: what is returned is what was known.
 */
export const runToEnd = async (room: BackfillRoom, options: RunOptions): Promise<RunEnd> => {
  const { id, until, signal, onProgress } = options
  const { clock } = room
  const ending = new AbortController()
  const all = AbortSignal.any([signal, ending.signal])
  const callOf = (): Call => ({ deadline: clock.now() + lookingMs, signal: all })
  const walk = startWalk(room, { ...options, signal: all })
  const counted = onProgress ? startCount(room, options.request, callOf()) : {}
  const follow = createFollower(room, id)
  const rateOf = createRate()
  let last: RunEnd | undefined
  try {
    for (;;) {
      const begun = clock.now()
      const isWalked = walk.isOver
      if (walk.failure) throw walk.failure.error
      const look = await tolerate(() => follow(callOf()))
      if ('value' in look) {
        const { job, sum } = look.value
        const isWaiting = isWalked && job.state === 'done' && !isSettledSum(sum)
        const obstacle = isWaiting ? await obstacleOf(room, callOf()) : undefined
        const problem = obstacle ?? walk.problem
        last = { job, sum, problem }
        const perSecond = rateOf(endedOf(sum), clock.now())
        await onProgress?.(progressOf(last, { total: counted.total, perSecond }))
        if (isWalked && !isWaiting) return last
      }
      if (signal.aborted || clock.now() >= until) break
      const restMs = looksShare * (clock.now() - begun)
      await clock.sleep(Math.min(Math.max(lookMsMin, restMs), lookMsMax))
    }
  } finally {
    ending.abort()
    await walk.ended
  }
  const job = await readJob(room, id, endingOf(callOf()))
  return { sum: noReportSum, problem: undefined, ...last, job }
}

/** What passes by itself is a problem to be told, and no end. */
const tolerate = async <Value>(
  work: () => Promise<Value>,
): Promise<{ readonly value: Value } | { readonly problem: string }> => {
  try {
    return { value: await work() }
  } catch (error) {
    if (!isFault(error) || error.meaning !== 'retry') throw error
    return { problem: `${error.code}: ${error.message}` }
  }
}

const obstacleOf = async (room: BackfillRoom, call: Call): Promise<string | undefined> => {
  const found = await tolerate(() => findObstacle(room, call))
  return 'value' in found ? found.value : found.problem
}

interface Walk {
  isOver: boolean
  problem: string | undefined
  failure: { readonly error: unknown } | undefined
  readonly ended: Promise<void>
}

const startWalk = (room: BackfillRoom, { id, until, signal }: RunOptions): Walk => {
  const onProblem = (problem: string | undefined): void => void (walk.problem = problem)
  const walking = walkJob(room, id, { until, signal, onProblem })
  const ended = walking
    .catch((error: unknown) => void (walk.failure = { error }))
    .finally(() => (walk.isOver = true))
  const walk: Walk = { isOver: false, problem: undefined, failure: undefined, ended }
  return walk
}

/** Beside the walk: what it is of, nobody knows before all is listed. Where counting fails nobody does. */
const startCount = (
  room: BackfillRoom,
  request: JobRequest,
  call: Call,
): { readonly total?: number } => {
  const counted: { total?: number } = {}
  countWindow(room, request, call).then(
    (total) => (counted.total = total),
    () => undefined,
  )
  return counted
}

const progressOf = (
  { job, sum, problem }: RunEnd,
  { total, perSecond }: Pick<RunProgress, 'total' | 'perSecond'>,
): RunProgress => ({
  ...{ job: nameOfJob(job), state: job.state, total, found: sum.objects },
  ...{ sent: countsOfJob(job).sent, loaded: sum.succeeded - sum.before, skipped: sum.before },
  ...{ failed: sum.failed, pending: sum.pending, sealed: sum.sealed, perSecond, problem },
  secondsLeft: secondsLeftOf(endedOf(sum), total, perSecond),
})
