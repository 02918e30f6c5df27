import type { Queue } from '@silversmith/core'

export interface MemoryQueue extends Queue {
  /** Every body sent and not yet taken, in the order sent. */
  readonly bodies: readonly string[]
  /** Takes what is there. */
  take(): readonly string[]
}

/** A queue that never fails; `createSqs` models what a real one does to its readers. */
export const createMemoryQueue = (): MemoryQueue => {
  const bodies: string[] = []
  return {
    bodies,
    send: async (body) => void bodies.push(body),
    take: () => bodies.splice(0),
  }
}
