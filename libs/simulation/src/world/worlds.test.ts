import { describe, expect, test } from 'vitest'
import type { World } from './world.ts'
import { runWorld } from './world.ts'
import { noTroubles } from './troubles.ts'

const worldsCount = 100
const firstSeed = 1
const seeds = Array.from({ length: worldsCount }, (_, index) => firstSeed + index)

describe('simulated worlds', () => {
  test(`in ${worldsCount} worlds with faults every row and rejection arrives exactly once`, async () => {
    const worlds: World[] = []
    for (const seed of seeds) worlds.push(await runWorld(seed))
    const bad = worlds.filter(({ violations }) => violations.length > 0)
    expect(bad.map(({ seed, violations }) => ({ seed, violations }))).toEqual([])
    const total = (of: (world: World) => number): number =>
      worlds.reduce((sum, world) => sum + of(world), 0)
    // Worlds without troubles would prove nothing.
    expect(total(({ tally }) => tally.crashes)).toBeGreaterThan(worldsCount)
    expect(total(({ tally }) => tally.unknownOutcomes)).toBeGreaterThan(worldsCount)
    expect(total(({ tally }) => tally.duplicatesDelivered)).toBeGreaterThan(0)
    expect(total(({ tally }) => tally.partialInserts)).toBeGreaterThan(0)
    expect(total(({ rows }) => rows)).toBeGreaterThan(worldsCount * 10)
    const dispositions = new Set(worlds.flatMap((world) => Object.keys(world.dispositions)))
    expect([...dispositions].sort()).toEqual(
      ['empty', 'gone', 'poison', 'rows', 'too-large', 'unreadable', 'unrouted'].sort(),
    )
  }, 240_000)

  test('leases carry no safety: where they end under live workers nothing is lost or doubled', async () => {
    const mutation = { leaseMarginMs: -55_000 }
    const bad: { readonly seed: number; readonly violations: readonly string[] }[] = []
    for (const seed of seeds.slice(0, 50)) {
      const { violations } = await runWorld(seed, { mutation })
      // What works under an ended lease looks dead: it may be condemned, by name and for a person to see.
      const unsafe = violations.filter((text) => !text.includes('condemned as poison'))
      if (unsafe.length > 0) bad.push({ seed, violations: unsafe })
    }
    expect(bad).toEqual([])
  }, 120_000)

  test('a world without troubles has no crash and comes to rest at once', async () => {
    const world = await runWorld(7, { troubles: noTroubles })
    expect(world.violations).toEqual([])
    expect(world.tally.crashes).toBe(0)
    expect(world.rows).toBeGreaterThan(0)
  })

  test('the same seed gives the same trace, line by line; another seed another', async () => {
    const traceOf = async (seed: number): Promise<{ lines: string[]; world: World }> => {
      const lines: string[] = []
      const world = await runWorld(seed, { trace: (line) => void lines.push(line) })
      return { lines, world }
    }
    for (const seed of [3, 14, 15]) {
      const [first, second] = [await traceOf(seed), await traceOf(seed)]
      expect(second.lines).toEqual(first.lines)
      expect(second.world).toEqual(first.world)
    }
    expect((await traceOf(4)).world.fingerprint).not.toBe((await traceOf(3)).world.fingerprint)
  })

  test('two worlds at once do not disturb each other', async () => {
    const alone = await runWorld(21)
    const [one] = await Promise.all([runWorld(21), runWorld(22)])
    expect(one).toEqual(alone)
  })
})
