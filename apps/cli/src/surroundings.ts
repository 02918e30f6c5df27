import type { Clock } from '@silversmith/core'
import type { Call } from '@silversmith/flow'
import type { Progress } from './progress.ts'

/** What a command stands in. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly progress: Progress
  /** Writes a line of JSON on standard output, before the document of the command: for `--json`. */
  readonly print: (document: unknown) => Promise<void>
  /** Tells a person something that must not be lost, on standard error. */
  readonly note: (line: string) => void
  readonly signal: AbortSignal
}

export const callOf = ({ clock, signal }: Surroundings, forMs: number): Call => ({
  deadline: clock.now() + forMs,
  signal,
})
