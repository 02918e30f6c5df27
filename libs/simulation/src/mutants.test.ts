import { describe, expect, test } from 'vitest'
import { mutants } from './mutants.ts'
import { runWorld } from './world.ts'

describe('a broken promise does not go unnoticed', () => {
  for (const { name, mutation, worldsMax } of mutants)
    test(`${name}: found within ${worldsMax} worlds`, async () => {
      let found: readonly string[] = []
      for (let seed = 1; seed <= worldsMax && found.length === 0; seed += 1)
        found = (await runWorld(seed, { mutation })).violations
      expect(found).not.toEqual([])
    }, 120_000)
})
