import type { Event, Log } from '@silversmith/core'

export interface MemoryLog extends Log {
  readonly events: readonly Event[]
}

/** Keeps every event, oldest first. */
export const createMemoryLog = (): MemoryLog => {
  const events: Event[] = []
  return { events, emit: (event) => void events.push(event) }
}
