import type { Finding, FindingKind, ReconcileReport } from '@silversmith/flow'
import { expect, it } from 'vitest'
import { addReport, describeSum, isWrong } from './reconcile-sum.ts'

const reportOf = (
  counts: Partial<ReconcileReport['counts']>,
  findings: readonly Finding[] = [],
): ReconcileReport => ({
  counts: {
    ...{ matched: 0, recent: 0, missing: 0, stuck: 0, setAside: 0, unrouted: 0, enqueued: 0 },
    ...{ chunksMatched: 0, chunksMissing: 0, chunksExtra: 0, ...counts },
  },
  ...{ findings, truncated: false, targets: ['silver'] },
})
const findingOf = (kind: FindingKind, more: Partial<Finding> = {}): Finding => ({
  ...{ kind, why: 'why', mend: 'mend', ...more },
})

it('ends well with what was set aside, and shows it all the same', () => {
  const found = findingOf('source-set-aside', { url: 's3://b/k', version: 'v' })
  const sum = addReport(reportOf({ matched: 2 }), reportOf({ setAside: 1 }, [found]))
  expect(isWrong(sum)).toBe(false)
  const text = describeSum(sum, false)
  expect(text).toMatch(/setAside +1/)
  expect(text).toContain('source-set-aside: 1\n  s3://b/k (v): why\n    mend')
  expect(text).toMatch(/nothing is missing, stuck or too much; set aside and never loaded: 1$/)
})

it('calls nothing well that was not there or is too young to tell', () => {
  const empty = /there was no object to look at: is the prefix right, and --since\?/
  expect(describeSum(reportOf({}), false)).toMatch(empty)
  expect(describeSum(reportOf({}), true)).toMatch(empty)
  expect(describeSum(reportOf({}), false)).not.toContain('nothing is missing')
  const young = describeSum(reportOf({ matched: 5, recent: 2 }), false)
  expect(young).toMatch(/\n2 are recent: they may still be on their way, look again in an hour$/)
  expect(young).not.toContain('nothing is missing')
  expect(describeSum(reportOf({ matched: 5 }), false)).toMatch(/nothing is missing/)
})

it('names the targets that were compared, and does not end well when one was not', () => {
  expect(describeSum(reportOf({}), false)).toContain('\ntargets compared: silver\n')
  expect(describeSum({ ...reportOf({}), targets: [] }, false)).toContain('targets compared: none')
  const sum = reportOf({}, [findingOf('target-not-compared', { target: 'clickhouse' })])
  expect(isWrong(sum)).toBe(true)
  expect(describeSum(sum, false)).toContain('target-not-compared: 1\n  clickhouse: why')
})

it('names what a finding is about', () => {
  const batch = { batch: 'B', target: 'silver', table: 'notes' }
  const text = describeSum(
    reportOf({ chunksMissing: 1, stuck: 1 }, [
      findingOf('chunk-missing', { ...batch, chunk: 'B#1' }),
      findingOf('batch-stuck', { batch: 'B' }),
    ]),
    false,
  )
  expect(text).toContain('  B#1 in silver: why')
  expect(text).toContain('  batch B: why')
})
