import { isFault, type JobState } from '@silversmith/core'
import { continueJob } from '@silversmith/flow'
import type { BackfillRoom } from './backfill-room.ts'

/** One call of the walk; a process that dies keeps others waiting for so long, and a minute. */
const stepMsFirst = 30_000
const stepMsMax = 600_000
const pauseMs = 5_000
/** Calls one after the other that fail by what passes by itself. */
const failuresMax = 20

export interface WalkLimits {
  /** Epoch ms. */
  readonly until: number
  readonly signal: AbortSignal
  /** Undefined: it goes on. */
  readonly onProblem: (problem: string | undefined) => void
}

/**
 * Walks a job until it is done or somebody turns it, `until`, or the end of the signal. Sleeps while its budget is spent, and
 * while somebody else is at it. What passes by itself is waited for.
 */
export const walkJob = async (
  room: BackfillRoom,
  id: string,
  { until, signal, onProblem }: WalkLimits,
): Promise<void> => {
  const { clock } = room
  let stepMs = stepMsFirst
  let failures = 0
  let seen = ''
  while (!signal.aborted && clock.now() < until) {
    try {
      const deadline = Math.min(clock.now() + stepMs, until)
      const {
        state,
        busy,
        restUntil = 0,
        counts,
      } = await continueJob(room, id, {
        ...{ deadline, signal },
      })
      failures = 0
      onProblem(busy ? 'another run is at it' : undefined)
      if (hasEnded(state)) return
      const now = JSON.stringify([counts, restUntil])
      // One call must reach the end of a slice, or it would begin with it for ever.
      if (now === seen && !busy) stepMs = Math.min(2 * stepMs, stepMsMax)
      seen = now
      const waitMs = Math.min(pauseMs, busy ? pauseMs : restUntil - clock.now())
      if (waitMs > 0) await clock.sleep(waitMs)
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      if (!isFault(error) || error.meaning !== 'retry' || failures > failuresMax) throw error
      onProblem(`${error.code}: ${error.message}`)
      await clock.sleep(pauseMs)
    }
  }
}

/** No call does any more of it. */
export const hasEnded = (state: JobState): boolean => state !== 'running'
