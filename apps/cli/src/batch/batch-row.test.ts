import type { Batch } from '@silversmith/core'
import { expect, it } from 'vitest'
import { writeDuration, writeMoment } from '../text/age.ts'
import { batchRow, isFailing, problemLines } from './batch-row.ts'
import { createProgress } from '../progress.ts'

const now = Date.UTC(2026, 0, 2)
/** Opened 2026-01-01T00:00:00Z. */
const id = '01KDVDNA00AAAAAAAAAAAAAAAA'
const forming: Batch = {
  ...{ kind: 'batch', id, pipeline: 'p', state: 'F', owner: 'o' },
  ...{ leaseUntil: now + 90_000, sourceCount: 3 },
}
const sealed: Batch = {
  ...{ ...forming, state: 'S', leaseUntil: now - 3_600_000, failures: 4 },
  manifest: { key: 'k', sha256: 's', chunks: 5, rows: 700 },
  done: { silver: 5 },
  problems: { clickhouse: 'TARGET_DENIED: no GRANT' },
}

it('tells of a batch how far each target is and when it is tried next', () => {
  expect(batchRow(forming, ['silver'], now)).toEqual({
    ...{ batch: id, state: 'forming', age: '1 d', sources: 3, rows: null, chunks: null },
    ...{ done: '', 'next try': 'in 1 min' },
  })
  expect(batchRow(sealed, ['silver', 'clickhouse'], now)).toMatchObject({
    ...{ state: 'sealed', rows: 700, chunks: 5, done: 'clickhouse 0/5, silver 5/5' },
    'next try': '1 h ago',
  })
  expect(problemLines(sealed)).toEqual([`${id} clickhouse (4 failures): TARGET_DENIED: no GRANT`])
  expect(problemLines({ ...sealed, failures: 1 })).toEqual([
    `${id} clickhouse (1 failure): TARGET_DENIED: no GRANT`,
  ])
  expect([isFailing(forming), isFailing(sealed)]).toEqual([false, true])
  const committed: Batch = { ...sealed, state: 'C', problems: {} }
  expect(batchRow(committed, ['silver'], now)).toMatchObject({ done: 'silver 5/5', 'next try': '' })
  const refused = { ...committed, rejected: { clickhouse: 2 } }
  expect(batchRow(refused, ['silver', 'clickhouse'], now)).toMatchObject({
    done: 'clickhouse 3/5 (2 rejected), silver 5/5',
  })
  const aborted: Batch = { ...forming, state: 'A', end: 'lost' }
  expect(batchRow(aborted, [], now)).toMatchObject({ state: 'aborted (lost)', 'next try': '' })
})

it('writes times in the largest unit that fits', () => {
  const day = 86_400_000
  expect([0, 59_999, 60_000, day - 1, 3 * day].map(writeDuration)).toEqual([
    ...['0 s', '59 s', '1 min', '23 h', '3 d'],
  ])
  expect([now, now + 7_200_000, now - day].map((at) => writeMoment(at, now))).toEqual([
    ...['now', 'in 2 h', '1 d ago'],
  ])
})

it('shows progress to a person only, in one line that goes away', () => {
  const shownOn = (isTTY: boolean): string[] => {
    const written: string[] = []
    const progress = createProgress({ isTTY, columns: 6, write: (text) => written.push(text) })
    progress.end()
    progress.show('twelve letters')
    progress.end()
    return written
  }
  expect(shownOn(true)).toEqual(['\r\u001b[2Ktwelv', '\r\u001b[2K'])
  expect(shownOn(false)).toEqual([])
})
