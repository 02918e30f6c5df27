import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@silversmith/core'

/** Where a person's Ctrl-C arrives: a process. */
export interface Interrupted {
  once(signal: NodeJS.Signals, listener: () => void): unknown
  off(signal: NodeJS.Signals, listener: () => void): unknown
}

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']

/** The first Ctrl-C aborts the signal, so that the work may say how to go on; the second ends the process as ever. */
export const untilInterrupted = async <Result>(
  where: Interrupted,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const ending = new AbortController()
  const end = (): void => {
    for (const signal of signals) where.off(signal, end)
    ending.abort()
  }
  for (const signal of signals) where.once(signal, end)
  try {
    return await work(ending.signal)
  } finally {
    for (const signal of signals) where.off(signal, end)
  }
}

/** Its sleeps end with the signal, so that the process does. */
export const clockUntil = (signal: AbortSignal): Clock => ({
  now: Date.now,
  sleep: async (ms) => void (await sleep(ms, undefined, { signal }).catch(() => undefined)),
})
