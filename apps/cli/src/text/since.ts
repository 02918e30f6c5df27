import type { Since } from '../command.ts'
import { UsageError } from '../usage-error.ts'

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A moment of the command line. @throws UsageError */
export const readMoment = (
  option: 'since' | 'until' | 'start' | 'end',
  text: string | undefined,
): Since | undefined => {
  if (text === undefined) return undefined
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const size = unitMs[unit]
  if (count !== undefined && size !== undefined) return { agoMs: Number(count) * size }
  const at = /^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : NaN
  // Date.parse takes the 30th of February for a day of March.
  if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 10))) return { at }
  throw new UsageError(
    `--${option} must be a day such as 2026-01-01, a time such as 2026-01-01T12:00:00Z, or 30m, 24h, 7d, not "${text}"`,
  )
}

/** Epoch ms. */
export const momentOf = (moment: Since, now: number): number =>
  'at' in moment ? moment.at : now - moment.agoMs

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
