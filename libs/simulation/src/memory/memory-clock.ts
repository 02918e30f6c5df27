import type { Clock } from '@silversmith/core'

export interface MemoryClock extends Clock {
  advance(ms: number): void
}

/** Time that stands still until someone sleeps or advances it. A sleep takes no real time. */
export const createMemoryClock = (startMs = Date.UTC(2026, 0, 1)): MemoryClock => {
  let nowMs = startMs
  return {
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms
    },
    advance: (ms) => {
      nowMs += ms
    },
  }
}
