import { describe, expect, test } from 'vitest'
import { problemsOf } from './outage-command.ts'
import { targetNames } from './outage-plan.ts'
import { type OutageReport, runOutage } from './outage.ts'

/** Most batches one sweep sends in its nth minute after the breaker closed. */
const rampMax = [25, 50, 100, 200, 400]

describe('a target that is down for six hours, at an object a second and bursts of ten', () => {
  test.each(targetNames)('%s', async (target) => {
    const report = await runOutage({ target, hours: 6, objectsPerSecond: 1 })
    expect(problemsOf(report)).toEqual([])
    const { objects, targets, callsWhileOpen, probes, ramp, batchesWaiting } = report
    expect(objects).toBeGreaterThan(6 * 3_600)
    for (const name of targetNames)
      expect(targets[name]).toMatchObject({ rows: objects, lost: 0, doubled: 0 })
    // A probe every five minutes, of five calls, and not one call of the batches that wait.
    expect(probes).toBeGreaterThan(50)
    expect(callsWhileOpen).toBeLessThan(probes * 6)
    expect(batchesWaiting).toBeGreaterThan(1_000)
    const sent = ramp.filter((count) => count > 1)
    for (const [minute, most] of rampMax.entries()) expect(sent[minute]).toBeLessThanOrEqual(most)
    expect(sent.slice(0, 3)).toEqual(rampMax.slice(0, 3))
    // Half an hour at most until a batch is looked at, and the ramp.
    expect(report.catchUpSeconds).toBeLessThan(40 * 60)
  })
})

test('what goes wrong is told', () => {
  const arrived = { rows: 9, lost: 0, doubled: 0, withinThreeMinutes: 1 }
  const report = (more: object) =>
    ({
      ...{ target: 'clickhouse', deadLetters: 0 },
      targets: { silver: arrived, clickhouse: { ...arrived, withinThreeMinutes: 0.1 } },
      ...more,
    }) as unknown as OutageReport
  expect(problemsOf(report({}))).toEqual([])
  expect(problemsOf(report({ deadLetters: 2 }))).toEqual(['2 messages died'])
  const targets = {
    silver: { ...arrived, lost: 1, withinThreeMinutes: 0.5 },
    clickhouse: { ...arrived, doubled: 3 },
  }
  expect(problemsOf(report({ targets }))).toEqual([
    'silver lacks 1 rows',
    'silver waited for clickhouse: 0.5 within 3 minutes',
    'clickhouse has 3 rows twice',
  ])
})
