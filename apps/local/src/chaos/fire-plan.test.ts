import { expect, test } from 'vitest'
import { createDice } from './dice.ts'
import { planFire } from './fire-plan.ts'

const countOf = (kind: string, seconds: number): number =>
  planFire(createDice(7), seconds).filter((fault) => fault.kind === kind).length

test('three minutes of fire have at least 30 kills and 5 crashes of the engine', () => {
  expect(countOf('kill', 180)).toBeGreaterThanOrEqual(30)
  expect(countOf('crash-engine', 180)).toBeGreaterThanOrEqual(5)
})

test('the shortest fire has one fault of each kind', () => {
  for (const kind of ['kill', 'pause', 'crash-engine', 'pause-engine', 'end-leases'])
    expect(countOf(kind, 1)).toBe(1)
})

test('a seed is one plan, in order of time and within the fire', () => {
  const plan = planFire(createDice(7), 60)
  expect(planFire(createDice(7), 60)).toEqual(plan)
  expect(planFire(createDice(8), 60)).not.toEqual(plan)
  const times = plan.map(({ atMs }) => atMs)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(times.filter((ms) => ms < 0 || ms >= 60_000)).toEqual([])
})
