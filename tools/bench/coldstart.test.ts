import { expect, test } from 'vitest'
import { functionNames } from '../bundle.ts'
import { coldstart, type ColdStartResult, compareStarts } from './coldstart.ts'
import { runCommand } from './command.ts'
import type { Start } from './coldstart/one-start.ts'

const start = { ms: expect.any(Number), cpuMs: expect.any(Number), peakMiB: expect.any(Number) }

test('starts every function as its zip has it beside an empty one, and explains every zip', async () => {
  const { document, text, page } = await coldstart.run({ runs: '1' }, () => undefined)
  const { empty, functions, packages } = document as unknown as ColdStartResult
  expect(empty).toEqual(start)
  expect(Object.keys(functions).toSorted()).toEqual([...functionNames].toSorted())
  for (const name of functionNames) {
    const { ratio, zipBytes, parts, ...rest } = functions[name]
    expect(rest).toEqual({ ...start, msRatio: expect.any(Number) })
    expect(ratio).toBeGreaterThan(1)
    expect(zipBytes).toBeLessThan(5 * 1024 ** 2)
    expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1)
    for (const { why } of parts) expect(why).not.toBe('')
    for (const { share } of parts.slice(0, -1)) expect(share).toBeGreaterThanOrEqual(0.02)
    expect(text).toContain(`${name}: `)
  }
  expect(packages.map(({ file }) => file)).toContain('arm64/transform.zip')
  for (const { file } of packages) expect(page.body).toContain(`| ${file} |`)
  expect(page.charts.map(({ bars }) => bars.length)).toEqual([4, 3])
  expect(page.body).toContain('| an empty handler |')
})

test('a ratio is of two starts of one round', () => {
  const round = (empty: number, own: number): ReadonlyMap<string, Start> =>
    new Map([
      ['empty', { ms: empty, cpuMs: empty, peakMiB: 1 }],
      ['own', { ms: own, cpuMs: 2 * own, peakMiB: 3 }],
    ])
  expect(compareStarts([round(1, 3), round(10, 30), round(2, 8)], 'own')).toEqual({
    ...{ ms: 8, cpuMs: 16, peakMiB: 3, ratio: 6, msRatio: 3 },
  })
  expect(() => compareStarts([round(1, 3)], 'other')).toThrow('other missed a round')
})

test('refuses an even number of rounds', async () => {
  await expect(runCommand(['coldstart', '--runs', '2'])).rejects.toThrow(/--runs must be odd/)
})
