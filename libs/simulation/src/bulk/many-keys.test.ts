import { expect, test } from 'vitest'
import { growthOf, problemsOf } from './keys-command.ts'
import { type KeysReport, walkManyKeys } from './many-keys.ts'

test('001-11: a walk sends every key once, slice by slice', async () => {
  const report = await walkManyKeys(20_500)
  expect(report).toMatchObject({ keys: 20_500, sent: 20_500, wrong: 0, slices: 21 })
  expect(report.marks.map(({ keys }) => keys)).toEqual(
    Array.from({ length: 10 }, (_, n) => (n + 1) * 2_050),
  )
  expect(report.sliceBytes).toBeLessThan(20_500 * 500)
})

test('what goes wrong is told', () => {
  const mark = { keys: 1, seconds: 1, rssMib: 100 }
  const report: KeysReport = {
    ...{ keys: 2, sent: 2, wrong: 0, slices: 1, sliceBytes: 1, calls: 1 },
    marks: [mark, { ...mark, rssMib: 149 }],
  }
  expect([growthOf(report), problemsOf(report)]).toEqual([49, []])
  expect(problemsOf({ ...report, wrong: 3, marks: [mark, { ...mark, rssMib: 151 }] })).toEqual([
    '3 keys were sent twice or not at all',
    'memory grew by 51.0 MiB',
  ])
})
