import { describe, expect, test } from 'vitest'
import { regressions } from './regressions.ts'
import { runWorld } from './world.ts'

describe('once bad', () => {
  test.each(regressions.map((regression) => [regression.name, regression] as const))(
    '%s',
    async (_, { seed, options }) => {
      expect((await runWorld(seed, options)).violations).toEqual([])
    },
  )
})
