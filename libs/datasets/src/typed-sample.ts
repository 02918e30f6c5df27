import type { Dice } from './dice.ts'

/** Good records that belong together, at least one. */
export type MakeRecords = (dice: Dice) => readonly object[]

const firstDay = Date.UTC(2026, 0, 5)
const days = 7

/** `2026-01-05T10:11:12.123456+00:00`: within a week, as Python's isoformat writes it. */
export const sampleTime = (dice: Dice): string => {
  const seconds = new Date(firstDay + dice.below(days * 86_400) * 1_000).toISOString().slice(0, 19)
  return `${seconds}.${String(dice.below(1_000_000)).padStart(6, '0')}+00:00`
}
