import { createHash } from 'node:crypto'

/** Seeded randomness: the same path gives the same draws, whatever was drawn elsewhere. */
export interface Draws {
  /** In [0, 1). */
  fraction(): number
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  chance(probability: number): boolean
}

export const createDraws = (...path: readonly (string | number)[]): Draws => {
  let count = 0
  const fraction = (): number => {
    count += 1
    const hash = createHash('sha256').update([...path, count].join('/'))
    return hash.digest().readUInt32BE(0) / 2 ** 32
  }
  return {
    fraction,
    between: (least, most) => least + Math.floor(fraction() * (most - least + 1)),
    chance: (probability) => fraction() < probability,
  }
}
