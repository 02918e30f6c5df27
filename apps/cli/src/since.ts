import type { Since } from './command.ts'
import { UsageError } from './usage-error.ts'

/** Epoch ms. @throws UsageError for a time to come, since which nothing can be. */
export const startOf = (
  since: Since | undefined,
  now: number,
  option = 'since',
): number | undefined => {
  if (since === undefined) return undefined
  if (!('at' in since)) return now - since.agoMs
  if (since.at <= now) return since.at
  throw new UsageError(`--${option} ${new Date(since.at).toISOString()} is in the future`)
}
