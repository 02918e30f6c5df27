const firstMs = 30_000
const mostMs = 3 * 3_600_000

/**
 * After how long a message that must stay on its queue comes again: half a minute at first, twice as long each time, at most three
 * hours; half of it by chance, so that what failed together does not come together. Fifty receives last for four days on
 * average, whatever is out of reach meanwhile, and nothing waits much longer than that was.
 *
 * `receives`: from 1 on. `chance`: from 0 to below 1.
 */
export const redeliveryMs = (receives: number, chance: number): number => {
  const whole = Math.min(firstMs * 2 ** Math.min(receives - 1, 20), mostMs)
  return Math.round(whole * (0.5 + chance / 2))
}
