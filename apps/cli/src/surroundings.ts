import type { Clock } from '@silversmith/core'
import type { Call } from '@silversmith/flow'
import type { Progress } from './progress.ts'

/** What a command stands in. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly progress: Progress
  readonly signal: AbortSignal
}

export const callOf = ({ clock, signal }: Surroundings, forMs: number): Call => ({
  deadline: clock.now() + forMs,
  signal,
})
