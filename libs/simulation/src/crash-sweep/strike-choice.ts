import type { AwaitPoint } from '../world/invocation.ts'
import { createRandom } from '../random.ts'
import type { Attempt, Strike } from './strike.ts'
import { badFates } from './strike.ts'

const attempts: readonly Attempt[] = ['first', 'second']

const singlesMade = badFates.length * attempts.length
const pairsMade = badFates.length ** 2

/** The n-th of all single strikes. */
const singleAt = (points: readonly AwaitPoint[], n: number): readonly Strike[] => {
  const [point, fate] = [points[Math.floor(n / singlesMade)]!, badFates[n % badFates.length]!]
  const attempt = attempts[Math.floor((n % singlesMade) / badFates.length)]!
  return [{ point, fate, attempt }]
}

/** The n-th of all pairs: of two points, the earlier first, and of a fate for each. */
const pairAt = (points: readonly AwaitPoint[], n: number): readonly Strike[] => {
  let first = 0
  let rest = Math.floor(n / pairsMade)
  for (let later = points.length - 1; rest >= later; later -= 1) {
    rest -= later
    first += 1
  }
  const fates = [Math.floor((n % pairsMade) / badFates.length), n % badFates.length]
  return [first, first + 1 + rest].map((at, index) => ({
    ...{ point: points[at]!, fate: badFates[fates[index]!]!, attempt: 'first' },
  }))
}

/** `count` of the numbers below `bound`, each once, in order; all when there are no more. */
const sampleBelow = (bound: number, count: number, seed: number): readonly number[] => {
  if (count >= bound) return Array.from({ length: bound }, (_, n) => n)
  const random = createRandom(seed)
  const drawn = new Set<number>()
  while (drawn.size < count) drawn.add(random.below(bound))
  return [...drawn].toSorted((a, b) => a - b)
}

/**
 * The strikes of each run: every point with every fate at every attempt, or every pair of points with every pair of fates. Beyond
 * the limit, as many drawn by the seed.
 */
export const chooseStrikes = (
  points: readonly AwaitPoint[],
  isPaired: boolean,
  limit: number,
  seed: number,
): readonly (readonly Strike[])[] => {
  const pairs = (points.length * (points.length - 1)) / 2
  const bound = isPaired ? pairs * pairsMade : points.length * singlesMade
  const at = isPaired ? pairAt : singleAt
  return sampleBelow(bound, limit, seed).map((n) => at(points, n))
}
