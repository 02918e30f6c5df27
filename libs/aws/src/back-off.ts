import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@silversmith/core'
import { Fault } from '@silversmith/core'

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms) => void (await sleep(ms)),
}

/** How often and how patiently an adapter tries again, after the SDK's own retries. */
export interface BackOff {
  readonly clock: Clock
  /** Tries in all, the first included. */
  readonly attemptsMax: number
  /** Wait after the first failure; doubled with each further one, up to 32 times, less a random half. */
  readonly backOffMs: number
}

const doublingsMax = 5

/** Waits before the try that follows `attempt` (1: the first). Throws DEADLINE_REACHED when the caller gives up. */
export const waitAfter = async (
  attempt: number,
  { clock, backOffMs }: BackOff,
  signal?: AbortSignal,
): Promise<void> => {
  const longestMs = backOffMs * 2 ** Math.min(attempt - 1, doublingsMax)
  refuseAborted(signal)
  await clock.sleep(longestMs / 2 + (longestMs / 2) * Math.random())
  refuseAborted(signal)
}

export const refuseAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted)
    throw new Fault('DEADLINE_REACHED', 'the caller gave up while a call was under way', {
      cause: signal.reason,
    })
}

/** A signal for one call: the caller's own, or so much time for all of it. */
export const withinTime = (signal: AbortSignal, timeoutMs: number): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
