import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { runFleet } from '../command/fleet.ts'
import type { Terms } from '../command/terms.ts'
import type { Actor } from './actor.ts'
import type { AwaitPoint } from './invocation.ts'
import { noTroubles } from './troubles.ts'
import type { World } from './world.ts'
import { runWorld } from './world.ts'

const worldsCount = 2_000
const unleasedCount = 100
const processes = Math.min(4, availableParallelism())

const runAll = async (count: number, terms: Terms = {}): Promise<readonly World[]> => {
  const worlds: World[] = []
  await runFleet({
    ...{ firstSeed: 1, worlds: count, processes, terms },
    onWorld: (world) => void worlds.push(world),
    onLost: (seed, why) => expect.fail(`seed ${seed}: ${why}`),
  })
  return worlds
}

const note = (id: string): string => `{"id":"${id}","time":"2026-01-01T10:00:00Z"}\n`

describe('simulated worlds', () => {
  test(`in ${worldsCount} worlds with faults every row and rejection arrives exactly once`, async () => {
    const worlds = await runAll(worldsCount)
    expect(new Set(worlds.map(({ seed }) => seed)).size).toBe(worldsCount)
    const bad = worlds.filter(({ violations }) => violations.length > 0)
    expect(bad.map(({ seed, violations }) => ({ seed, violations }))).toEqual([])
    const total = (of: (world: World) => number): number =>
      worlds.reduce((sum, world) => sum + of(world), 0)
    // Worlds without troubles would prove nothing.
    expect(total(({ tally }) => tally.crashes)).toBeGreaterThan(worldsCount)
    expect(total(({ tally }) => tally.unknownOutcomes)).toBeGreaterThan(worldsCount * 10)
    expect(total(({ tally }) => tally.duplicatesDelivered)).toBeGreaterThan(worldsCount / 4)
    expect(total(({ tally }) => tally.partialInserts)).toBeGreaterThan(worldsCount / 10)
    expect(total(({ tally }) => tally.merges)).toBeGreaterThan(worldsCount / 10)
    expect(total(({ tally }) => tally.enqueued)).toBeGreaterThan(worldsCount / 10)
    expect(total(({ tally }) => tally.jobs)).toBeGreaterThan(worldsCount / 4)
    expect(total(({ tally }) => tally.jobSends)).toBeGreaterThan(worldsCount / 2)
    expect(total(({ tally }) => tally.chunksRebuilt)).toBeGreaterThan(worldsCount / 4)
    expect(total(({ rows }) => rows)).toBeGreaterThan(worldsCount * 10)
    const dispositions = new Set(worlds.flatMap((world) => Object.keys(world.dispositions)))
    expect([...dispositions].sort()).toEqual(
      ['empty', 'gone', 'poison', 'rows', 'too-large', 'unreadable', 'unrouted'].sort(),
    )
  })

  test('leases carry no safety: where they end under live workers nothing is lost or doubled', async () => {
    const worlds = await runAll(unleasedCount, { leaseMarginMs: -55_000 })
    const bad = worlds.flatMap(({ seed, violations }) => {
      // What works under an ended lease looks dead: it may be condemned, by name and for a person to see.
      const unsafe = violations.filter((text) => !text.includes('condemned as poison'))
      return unsafe.length > 0 ? [{ seed, violations: unsafe }] : []
    })
    expect(bad).toEqual([])
  })

  test('a world without troubles has no crash and comes to rest at once', async () => {
    const world = await runWorld(7, { troubles: noTroubles })
    expect(world.violations).toEqual([])
    expect(world.tally.crashes).toBe(0)
    expect(world.rows).toBeGreaterThan(0)
  })

  test('without faults each object is opened once, and the ledger written as often as it must be', async () => {
    const labels: string[] = []
    const keys = Array.from({ length: 6 }, (_, n) => `notes/${n}.jsonl`)
    const { violations, dispositions } = await runWorld(1, {
      script: (actor) => keys.forEach((key) => actor.put(key, note(key))),
      force: ({ label }) => void labels.push(label),
    })
    expect({ violations, dispositions }).toEqual({ violations: [], dispositions: { rows: 6 } })
    const count = (pattern: RegExp): number => labels.filter((label) => pattern.test(label)).length
    for (const key of keys) expect(count(new RegExp(`bronze.open ${key}`))).toBe(1)
    expect(count(/ledger\.write claim/)).toBe(keys.length)
    expect(count(/ledger\.write batch/)).toBe(3)
    expect(count(/clickhouse\.put/)).toBe(1)
    expect(count(/clickhouse\.has/)).toBe(0)
  })
})

describe('a script', () => {
  const script = (actor: Actor): void => {
    const version = actor.put('notes/a.jsonl', note('a'))
    actor.after(600_000, () => actor.reload(version))
    actor.after(1_200_000, () => actor.put('notes/a.jsonl', note('b')))
    actor.after(1_800_000, () => actor.putBack(version, { isTold: false }))
    actor.after(7_200_000, actor.reconcileNow)
  }

  test('is acted as it stands, and comes to rest when it is over', async () => {
    const { violations, objects, rows, tally } = await runWorld(1, { script })
    expect(violations).toEqual([])
    // Twice `a` and its two entries among the reloads, once `b`.
    expect({ objects, rows, crashes: tally.crashes }).toEqual({ objects: 2, rows: 5, crashes: 0 })
  })

  test('meets the fault it is given, at the await point of that label', async () => {
    const struck: AwaitPoint[] = []
    const { violations, tally } = await runWorld(1, {
      script,
      force: (point) => {
        if (point.label !== 'transform ledger.write batch * S @1' || point.nth > 0) return undefined
        struck.push(point)
        return 'crash-after'
      },
    })
    expect({ violations, crashes: tally.crashes }).toEqual({ violations: [], crashes: 1 })
    expect(struck).toHaveLength(1)
  })
})

describe('a seed', () => {
  test('gives the same trace each time, line by line; another seed another', async () => {
    const traceOf = async (seed: number): Promise<{ lines: string[]; world: World }> => {
      const lines: string[] = []
      const world = await runWorld(seed, { trace: (line) => void lines.push(line) })
      return { lines, world }
    }
    const seeds = [3, 14, 15, 16, 17, 18]
    let packed = 0
    for (const seed of seeds) {
      const [first, second] = [await traceOf(seed), await traceOf(seed)]
      expect(second.lines).toEqual(first.lines)
      expect(second.world).toEqual(first.world)
      packed += first.lines.some((line) => line.includes('bronze.read') && line.includes('.gz'))
        ? 1
        : 0
    }
    // Unpacking is the thread pool's work, which keeps its own time.
    expect(packed).toBeGreaterThan(0)
    expect((await traceOf(4)).world.fingerprint).not.toBe((await traceOf(3)).world.fingerprint)
  })

  test('with jobs and a rebuild gives the same trace, too', async () => {
    const traceOf = async (): Promise<readonly string[]> => {
      const lines: string[] = []
      const trace = (line: string): void => void lines.push(line)
      const { violations } = await runWorld(7, { lives: { jobs: 1, rebuild: 1 }, trace })
      expect(violations).toEqual([])
      return lines
    }
    const first = await traceOf()
    expect(await traceOf()).toEqual(first)
    const tells = (text: string): boolean => first.some((line) => line.includes(text))
    expect([tells('bulk.send'), tells('clickhouse is emptied'), tells('clickhouse.fill')]).toEqual([
      true,
      true,
      true,
    ])
  })

  test('is not disturbed by another world beside it', async () => {
    const alone = await runWorld(21)
    const [one] = await Promise.all([runWorld(21), runWorld(22)])
    expect(one).toEqual(alone)
  })
})
