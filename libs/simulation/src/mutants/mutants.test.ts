import { describe, expect, test } from 'vitest'
import { mutants } from './mutants.ts'
import { runWorld } from '../world/world.ts'

describe('a broken promise does not go unnoticed', () => {
  for (const { name, mutation, worldsMax } of mutants)
    test(`${name}: found within ${worldsMax} worlds`, async () => {
      let found: readonly string[] = []
      for (let seed = 1; seed <= worldsMax && found.length === 0; seed += 1) {
        const { violations } = await runWorld(seed, { mutation })
        // Only the mutation may be to blame.
        const isGoodWithout = async (): Promise<boolean> =>
          (await runWorld(seed)).violations.length === 0
        if (violations.length > 0 && (await isGoodWithout())) found = violations
      }
      expect(found).not.toEqual([])
    }, 120_000)
})
