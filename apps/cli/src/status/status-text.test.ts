import type { EventMapping } from '@silversmith/core'
import { expect, it } from 'vitest'
import type { Status } from './status.ts'
import { describeStatus } from './status-text.ts'

const at = Date.UTC(2026, 10, 21, 12)
const mapping: EventMapping = {
  ...{ id: 'm', queueArn: 'arn:aws:sqs:eu-west-1:1:objects', state: 'disabled', changedAt: at },
  functionName: 'arn:aws:lambda:eu-west-1:123456789012:function:transform',
}
const status: Status = {
  ...{ pipeline: 'p', at, unseen: [], attention: [], quarantine: [], breakers: [] },
  queues: [
    {
      ...{ queue: 'objects', queueArn: mapping.queueArn, ready: 7, delayed: 0, inFlight: 2 },
      ...{ dead: undefined, mappings: [mapping] },
    },
  ],
  open: { work: [], problems: [], isCut: false },
  lastHour: undefined,
}

it('tells an idle pipeline in few lines', () => {
  expect(describeStatus(status).split('\n')).toEqual([
    'pipeline p, 2026-11-21T12:00:00Z',
    '',
    'queue     feeds       mapping    ready   delayed   in flight   dead letters',
    'objects   transform   disabled       7         0           2   ?',
    '',
    'no open batches',
    '',
    'breakers: all closed, no failures',
    '',
    'quarantine: no files',
    '',
    'all is well',
  ])
})

it('tells an outage: batches by age, whole problems, when a breaker is tried, and last what needs a person', () => {
  const problem = `TARGET_UNAVAILABLE: ${'no answer '.repeat(12)}`
  const text = describeStatus({
    ...status,
    open: {
      work: [
        {
          ...{ state: 'failing', batches: 3, rows: 90, young: 1, middling: 2, old: 0 },
          ...{ oldestAt: at - 1_200_000, nextAt: at + 120_000 },
        },
      ],
      problems: [{ target: 'clickhouse', code: 'X', batches: 3, example: problem, batch: 'B' }],
      isCut: false,
    },
    breakers: [
      {
        ...{ target: 'clickhouse', table: 'raw_events', state: 'open', failures: 3, problem },
        ...{ openedAt: at - 60_000, retryAt: at + 240_000 },
      },
    ],
    lastHour: {
      ...{ since: at, sealed: 200, committed: 197, rows: 5_000, chunks: 200, isCut: false },
      ...{ batchesRead: 100, objects: 400, records: 2_600, rejected: 6, discarded: 0 },
      ...{ dispositions: {}, rejectedByReason: { 'd/late': 5 } },
      lag: { objects: 390, halfMs: 3_200, most95Ms: 9_000, longestMs: 61_000 },
    },
    quarantine: [
      { dataset: 'd', reason: 'old', files: 1_000, open: 990, isCut: true, lastDay: '2026-01-01' },
      { dataset: 'd', reason: 'late', files: 4, open: 4, isCut: false, lastDay: '2026-11-21' },
    ],
    unseen: ['mappings of objects: QUEUE_DENIED: no'],
    attention: ['dead letters: about 4'],
  })
  const lines = text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))
  expect(lines).toEqual(
    expect.arrayContaining([
      'failing | 3 | 90 | 1 | 2 | 0 | 20 min ago | in 2 min',
      `clickhouse keeps 3 batches: ${problem}`,
      `clickhouse, table raw_events: ${problem}`,
      'last hour: 200 batches sealed, 197 of them committed, 5000 rows of all tables',
      '400 objects with 2600 records, 6 rejected, in the newest 100 of them',
      'from object to queryable: half of them within 3 s, 95 % within 9 s, the longest 1 min (390 objects)',
      'd | late | 4 | 4 | 2026-11-21 | 5',
      'd | old | 1000+ | 990 | 0',
      'last hour: rejections, here and above; a record that a replay leaves rejected counts again. The others are files',
    ]),
  )
  expect(lines.findIndex((line) => /late/.test(line))).toBeLessThan(
    lines.findIndex((line) => /old .*1000/.test(line)),
  )
  expect(lines.slice(-5)).toEqual([
    ...['could not be looked at', ' | mappings of objects: QUEUE_DENIED: no', ''],
    ...['needs a person', ' | dead letters: about 4'],
  ])
})
