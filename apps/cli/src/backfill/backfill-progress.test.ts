import { noReportSum } from '@silversmith/flow'
import { expect, it } from 'vitest'
import {
  createRate,
  describeProgress,
  endedOf,
  type RunProgress,
  secondsLeftOf,
} from './backfill-progress.ts'

const none: RunProgress = {
  ...{ job: 'j', state: 'running', total: undefined, found: 0, sent: 0, loaded: 0, skipped: 0 },
  ...{ failed: 0, pending: 0, sealed: 0, perSecond: undefined, secondsLeft: undefined },
  problem: undefined,
}

it('says how much was found as long as nobody knows of how many', () => {
  expect(describeProgress({ ...none, found: 7, pending: 7 })).toBe(
    '7 objects found · loaded 0 · skipped 0 · failed 0 · pending 7',
  )
})

it('shows share, rate, time left and what became of them', () => {
  const now = { ...none, total: 1_000, found: 600, loaded: 400, skipped: 90, failed: 10 }
  expect(describeProgress({ ...now, pending: 100, perSecond: 25, secondsLeft: 20 })).toBe(
    '[##########..........] 50 % of 1000 · 25/s · 20 s left · loaded 400 · skipped 90 · failed 10 · pending 100',
  )
})

it('counts what is not in every target as not done, and tells first what it waits for', () => {
  const now = { ...none, total: 10, found: 10, loaded: 10, sealed: 5 }
  const problem = 'clickhouse does not take rows'
  expect(describeProgress({ ...now, problem })).toBe(
    '[##########..........] 50 % of 10 · clickhouse does not take rows · loaded 10 · skipped 0 · failed 0 · pending 0 · 5 not in every target',
  )
  expect(endedOf({ ...noReportSum, succeeded: 10, sealed: 5, failed: 1 })).toBe(6)
})

it('never shows more than all', () => {
  expect(describeProgress({ ...none, total: 2, loaded: 3 })).toContain('] 100 % of 2')
})

it('tells the rate of the last minute, and what is left by it', () => {
  const rateOf = createRate()
  expect(rateOf(0, 0)).toBeUndefined()
  expect(rateOf(100, 10_000)).toBe(10)
  expect(rateOf(100, 65_000)).toBe(0)
  expect(secondsLeftOf(100, 200, 10)).toBe(10)
  expect(secondsLeftOf(100, 200, 0)).toBeUndefined()
  expect(secondsLeftOf(100, undefined, 10)).toBeUndefined()
  expect(secondsLeftOf(300, 200, 10)).toBe(0)
})
