import { expect, test } from 'vitest'
import { runFleet } from './fleet.ts'

test('a fleet that is stopped ends at once and has told of the worlds that were done', async () => {
  const stop = new AbortController()
  const seeds: number[] = []
  await runFleet({
    ...{ firstSeed: 1, worlds: 100_000, processes: 2, signal: stop.signal },
    onWorld: ({ seed }) => {
      seeds.push(seed)
      if (seeds.length === 3) stop.abort()
    },
    onLost: (seed, why) => expect.fail(`${seed} ${why}`),
  })
  expect(seeds.length).toBeGreaterThanOrEqual(3)
  expect(seeds.length).toBeLessThan(1_000)
})
