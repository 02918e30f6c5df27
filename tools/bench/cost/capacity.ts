import { capacityLimits } from './capacity-limits.ts'
import type { Limit, Move, Setup } from './moves.ts'

/** What of a limit is taken at such a rate: 1 is all of it. */
export const useOf = (limit: Limit, setup: Setup, objectsPerSecond: number): number =>
  limit.demand(setup, objectsPerSecond) / limit.supply(setup)

const rateMost = 1e9
const rateLeast = 1e-3
const halvings = 100

/** Objects per second at which a limit is reached; undefined: never. */
export const reachOf = (limit: Limit, setup: Setup): number | undefined => {
  if (useOf(limit, setup, rateMost) <= 1) return undefined
  let [low, high] = [Math.log(rateLeast), Math.log(rateMost)]
  for (let n = 0; n < halvings; n += 1) {
    const middle = (low + high) / 2
    if (useOf(limit, setup, Math.exp(middle)) <= 1) low = middle
    else high = middle
  }
  return Math.exp(low)
}

const worthwhile = 0.9

/** The first of its settings that leaves less of it taken at such a rate; the last where none does. */
export const moveOf = (limit: Limit, setup: Setup, objectsPerSecond: number): Move => {
  const moves = limit.moves.map((move) => move(setup))
  const use = useOf(limit, setup, objectsPerSecond)
  const found = moves.find(
    ({ setup: moved }) => useOf(limit, moved, objectsPerSecond) < use * worthwhile,
  )
  const move = found ?? moves.at(-1)
  if (!move) throw new Error(`no setting moves ${limit.name}`)
  return move
}

export interface Reached {
  readonly limit: Limit
  /** Objects per second; undefined: never. */
  readonly reach: number | undefined
  readonly setting: string
  /** The same with that setting. */
  readonly reachMoved: number | undefined
}

const beyond = 1.01

/** All limits, the one that is reached first in front. */
export const reachAll = (setup: Setup): readonly Reached[] =>
  capacityLimits
    .map((limit): Reached => {
      const reach = reachOf(limit, setup)
      const { setting, setup: moved } = moveOf(limit, setup, (reach ?? rateMost) * beyond)
      return { limit, setting, reach, reachMoved: reachOf(limit, moved) }
    })
    .toSorted((a, b) => (a.reach ?? Infinity) - (b.reach ?? Infinity))

/** Those over their limit at such a rate, the most overrun first; when none is, the one nearest to it. */
export const hitAt = (setup: Setup, objectsPerSecond: number) => {
  const uses = capacityLimits
    .map((limit) => ({
      limit,
      use: useOf(limit, setup, objectsPerSecond),
      setting: moveOf(limit, setup, objectsPerSecond).setting,
    }))
    .toSorted((a, b) => b.use - a.use)
  const over = uses.filter(({ use }) => use > 1)
  return { over, next: uses[over.length] }
}
