import { UsageError } from '../usage-error.ts'

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

/** Ms of `90s`, `30m`, `2h`. @throws UsageError */
export const readDuration = (option: string, text: string): number => {
  const [, count, unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? []
  const size = unitMs[unit]
  if (count !== undefined && size !== undefined) return Number(count) * size
  throw new UsageError(`--${option} must be a time such as 90s, 30m or 2h, not "${text}"`)
}
