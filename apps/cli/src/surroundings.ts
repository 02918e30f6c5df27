import type { Clock } from '@silversmith/core'
import type { Call } from '@silversmith/flow'
import type { Progress } from './progress.ts'

/** What a command stands in. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly progress: Progress
  /** Writes a line on standard output, before the document of the command. */
  readonly print: (line: string) => Promise<void>
  /** Tells a person something that must not be lost, on standard error. */
  readonly note: (line: string) => void
  readonly signal: AbortSignal
  /** Prints how far it is as a line of JSON, before the document that is the last; absent where a person reads. */
  readonly line?: (document: unknown) => void
}

export const callOf = ({ clock, signal }: Surroundings, forMs: number): Call => ({
  deadline: clock.now() + forMs,
  signal,
})
