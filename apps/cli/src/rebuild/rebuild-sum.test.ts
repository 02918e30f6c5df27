import type { TableRebuildCounts, TableRebuildFinding, TableRebuildReport } from '@silversmith/flow'
import { expect, it } from 'vitest'
import { readCommandLine } from '../command-line.ts'
import { UsageError } from '../usage-error.ts'
import { addReport, describeSum, isWhole } from './rebuild-sum.ts'

const none: TableRebuildCounts = {
  ...{ batches: 0, chunksFilled: 0, rowsFilled: 0, chunksThere: 0, rowsThere: 0 },
  ...{ chunksExpired: 0, chunksRejected: 0, chunksErased: 0, chunksLeft: 0, adopted: 0 },
}
const reportOf = (
  counts: Partial<TableRebuildCounts>,
  more: Partial<TableRebuildReport> = {},
): TableRebuildReport => ({
  counts: { ...none, ...counts },
  findings: [],
  findingCount: 0,
  ...more,
})
const finding: TableRebuildFinding = {
  ...{ batch: 'B', chunk: 'B#1', table: 't', why: 'no file', mend: 'put it back' },
  kind: 'file-lost',
}
const textOf = (report: TableRebuildReport, dryRun = false): string =>
  describeSum({ sum: addReport(undefined, report), target: 'clickhouse', dryRun })

it('adds what several calls did, and ends as the last of them', () => {
  const found = { findings: [finding], findingCount: 1 }
  const first = addReport(
    undefined,
    reportOf({ chunksFilled: 2, rowsFilled: 9 }, { next: 'p', ...found }),
  )
  expect(isWhole(first)).toBe(false)
  const sum = addReport(first, reportOf({ chunksFilled: 1, rowsFilled: 1 }))
  expect(sum).toMatchObject({
    counts: { chunksFilled: 3, rowsFilled: 10 },
    ...{ isDone: true, findings: [finding], findingCount: 1 },
  })
  expect(isWhole(sum)).toBe(false)
  expect(isWhole(addReport(undefined, reportOf({ chunksThere: 1 })))).toBe(true)
})

it('tells a person what was done, what is left, and what to do', () => {
  const text = textOf(
    reportOf(
      { batches: 1, chunksFilled: 1, rowsFilled: 5, adopted: 2, chunksLeft: 1 },
      {
        ...{ findings: [finding], findingCount: 22, next: 'p' },
        problem: { message: 'TARGET_DENIED: who?', mayPass: false },
      },
    ),
  )
  for (const line of [
    '1 batch looked at',
    '1 chunk, 5 rows, filled into clickhouse',
    '1 chunk not filled, see below',
    '2 objects adopted from another system',
    'file-lost B#1: no file\n  put it back',
    '… and 21 more findings',
    'stopped: TARGET_DENIED: who?',
    'not complete: run the same again',
  ])
    expect(text).toContain(line)
})

it('says that a plan changed nothing, and what waits for the sweep', () => {
  const plan = textOf(reportOf({ chunksFilled: 1 }), true)
  expect(plan).toContain('would be filled into clickhouse')
  expect(plan).toMatch(/nothing was changed; --yes does it$/)
  const waiting = textOf(reportOf({}, { next: 'p', waiting: 2 }))
  expect(waiting).toMatch(/2 batches sealed and not applied yet: the sweep does that/)
  expect(waiting).not.toContain('not complete')
})

it('is asked for by name of what it fills from, and only plans without --yes', () => {
  expect(readCommandLine(['rebuild', '--from', 'silver', '--table', 'shipments'])).toMatchObject({
    ...{ kind: 'rebuild', table: 'shipments', since: undefined, dryRun: true },
  })
  expect(readCommandLine(['rebuild', '--from', 'silver', '--yes'])).toMatchObject({ dryRun: false })
  for (const args of [[], ['--from', 'bronze'], ['--from', 'silver', '--table', '']])
    expect(() => readCommandLine(['rebuild', ...args])).toThrow(UsageError)
})
