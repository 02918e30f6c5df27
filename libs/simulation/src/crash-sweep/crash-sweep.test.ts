import { describe, expect, test } from 'vitest'
import type { AwaitPoint } from '../world/invocation.ts'
import type { Fate } from '../world/troubles.ts'
import { fates, noTroubles } from '../world/troubles.ts'
import { runWorld } from '../world/world.ts'

/** A quiet world, where objects are written over, put back and loaded again. */
const troubles = { ...noTroubles, overwrite: 0.3, reupload: 0.3, reload: 0.3 }
const seed = 2
const pointsMax = 160
/** Every fourth point, each fate beginning at another one, keeps the run short. */
const stride = 4
const badFates = fates.filter((fate) => fate !== 'ok')

describe('one fault, at await points all along a run', () => {
  for (const [index, fate] of badFates.entries())
    test(`${fate}: nothing is lost, nothing is there twice`, async () => {
      const quiet = await runWorld(seed, { troubles })
      expect(quiet.violations).toEqual([])
      const points = Math.min(quiet.tally.awaits, pointsMax)
      const bad: { readonly point: number; readonly violations: readonly string[] }[] = []
      for (let point = index % stride; point < points; point += stride) {
        const force = ({ n }: AwaitPoint): Fate | undefined => (n === point ? fate : undefined)
        const { violations } = await runWorld(seed, { troubles, force })
        if (violations.length > 0) bad.push({ point, violations })
      }
      expect(points).toBeGreaterThan(50)
      expect(bad).toEqual([])
    }, 120_000)
})
