/** Repeatable chance: the same seed gives the same throws. */
export interface Dice {
  /** From 0 (inclusive) to 1 (exclusive). */
  roll(): number
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<Item>(items: readonly [Item, ...Item[]]): Item
}

/** Mulberry32: 32 bits of state, good enough to choose faults. */
export const createDice = (seed: number): Dice => {
  let state = seed >>> 0
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(roll() * limit)
  return {
    roll,
    below,
    chance: (probability) => roll() < probability,
    pick: (items) => items[below(items.length)] ?? items[0],
  }
}
