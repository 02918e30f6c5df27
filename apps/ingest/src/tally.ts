import type { Log } from '@silversmith/core'
import { describeFailure } from '@silversmith/flow'

/** Counts what one invocation did, for one `arrivals-read` event at its end. */
export interface Tally {
  accept(): void
  ignore(reason: string): void
  /** An event of no known shape; told at once, with the message that carried it. */
  refuse(reason: string, messageId: string | undefined): void
  fail(error: unknown): void
  tell(): void
}

export const createTally = (log: Log): Tally => {
  const reasons: Record<string, number> = {}
  let accepted = 0
  let unknown = 0
  return {
    accept: () => {
      accepted += 1
    },
    ignore: (reason) => {
      reasons[reason] = (reasons[reason] ?? 0) + 1
    },
    refuse: (reason, messageId = 'invoked directly') => {
      unknown += 1
      log.emit({ kind: 'message-unreadable', messageId, reason })
    },
    fail: (error) => {
      log.emit({ kind: 'work-failed', ...describeFailure(error) })
    },
    tell: () => {
      const ignored = Object.values(reasons).reduce((sum, count) => sum + count, 0)
      log.emit({ kind: 'arrivals-read', accepted, ignored, unknown, reasons })
    },
  }
}
