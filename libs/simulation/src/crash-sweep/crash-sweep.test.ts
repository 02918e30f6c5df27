import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readTables } from '../table-reader.ts'
import { runSweep } from './run-sweep.ts'
import { rehearse } from './scenario-run.ts'
import { sweepScenario } from './scenario-sweep.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { scenarioColumns, tabulateScenarios } from './scenarios-table.ts'
import { chooseStrikes } from './strike-choice.ts'
import type { Strike } from './strike.ts'
import { badFates, forceStrikes } from './strike.ts'

const names = scenarios.map(({ name }) => name)

const oneOf = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (!found) throw new RangeError(name)
  return found
}

describe('the crash sweep', () => {
  test('has twenty scenarios and more, each under a name of its own', () => {
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(20)
  })

  for (const scenario of scenarios)
    test(`undisturbed, "${scenario.name}" shows what it says and ends well`, async () => {
      const { account, points, violations } = await rehearse(scenario)
      expect({ shows: scenario.shows(account), violations, account }).toMatchObject({
        shows: true,
        violations: [],
      })
      expect(points.length).toBeGreaterThan(10)
    })

  test('one fault at any await point loses nothing and doubles nothing', async () => {
    const report = await runSweep(names, { isPaired: false, seed: 1 })
    expect(report.bad).toEqual([])
    expect(report.scenarios).toBe(names.length)
    expect(report.runs).toBeGreaterThanOrEqual(2_000)
    expect(report.struck / report.runs).toBeGreaterThan(0.9)
  })

  test('two faults at any two await points lose nothing and double nothing', async () => {
    const report = await runSweep(names, { isPaired: true, limit: 20, seed: 1 })
    expect(report.bad).toEqual([])
  })

  test('every point meets every fate at both attempts, every pair of points every pair of fates', () => {
    const points = ['a', 'b', 'c', 'd'].map((label, n) => ({ label, n, nth: 0 }))
    const tell = (strikes: readonly Strike[]): string =>
      strikes.map(({ point, fate, attempt }) => `${point.label} ${fate} ${attempt}`).join()
    const singles = chooseStrikes(points, false, Infinity, 1).map(tell)
    expect(new Set(singles).size).toBe(4 * badFates.length * 2)
    const pairs = chooseStrikes(points, true, Infinity, 1)
    expect(new Set(pairs.map(tell)).size).toBe(6 * badFates.length ** 2)
    for (const [early, late] of pairs) expect(early!.point.label < late!.point.label).toBe(true)
    const some = chooseStrikes(points, true, 10, 7).map(tell)
    expect(new Set(some).size).toBe(10)
    expect(chooseStrikes(points, true, 10, 7).map(tell)).toEqual(some)
    expect(chooseStrikes(points, true, 10, 8).map(tell)).not.toEqual(some)
  })

  test('a bad run is told with its strikes', async () => {
    const scenario = oneOf('ClickHouse taking rows and never answering, then well')
    const forgetful: Scenario = { ...scenario, mutation: { windowBlocks: 0 } }
    const { bad } = await sweepScenario(forgetful, { isPaired: false, limit: 200, seed: 1 })
    expect(bad.length).toBeGreaterThan(0)
    expect(bad[0]).toMatchObject({ scenario: scenario.name })
    expect(bad.map(({ violations }) => violations[0]).join()).toContain('duplicate row')
  })
})

test('the reference names every scenario', () => {
  const path = new URL('../../../../docs/reference/scenarios.md', import.meta.url)
  const [table] = readTables(readFileSync(path, 'utf8'))
  expect(table).toEqual([scenarioColumns, ...tabulateScenarios(scenarios)])
})

describe('a strike', () => {
  const point = { label: 'transform ledger.read', nth: 1 }

  test('meets the call it is meant for and no other', () => {
    const { force, struck } = forceStrikes([{ point, fate: 'pause', attempt: 'first' }], {})
    expect(force({ n: 3, label: point.label, nth: 0 })).toBeUndefined()
    expect(force({ n: 4, label: 'sweep ledger.read', nth: 1 })).toBeUndefined()
    expect(struck()).toBe(0)
    expect(force({ n: 5, ...point })).toBe('pause')
    expect(struck()).toBe(1)
  })

  test('at the second attempt loses the first request and meets the repetition', () => {
    const { force, struck } = forceStrikes([{ point, fate: 'crash-after', attempt: 'second' }], {})
    expect(force({ n: 5, ...point })).toBe('request-lost')
    expect(struck()).toBe(0)
    expect(force({ n: 6, label: 'transform store.read', nth: 0 })).toBeUndefined()
    expect(force({ n: 7, label: point.label, nth: 2 })).toBe('crash-after')
    expect(force({ n: 8, label: point.label, nth: 3 })).toBeUndefined()
    expect(struck()).toBe(1)
  })
})
