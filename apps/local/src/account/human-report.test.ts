import { expect, it } from 'vitest'
import { humanReport } from './human-report.ts'
import type { Report } from './report.ts'

const report: Report = {
  objects: 3,
  messages: 0,
  records: 9,
  rows: 7,
  rejected: 2,
  discarded: 0,
  rejectedByReason: { invalid_json: 2 },
  duplicates: 0,
  dispositions: { rows: 3 },
  refused: [],
  drift: [],
  datasets: {
    xapi_events: {
      records: 9,
      rows: 7,
      rejected: 2,
      discarded: 0,
      rejectedByReason: { invalid_json: 2 },
    },
  },
  tables: { raw_events: { rows: 1007, distinct: 1007 } },
  silver: {
    ...{ files: 2, rows: 7, bytes: 1500 },
    sizes: { under64KiB: 2, under1MiB: 0, under16MiB: 0, under128MiB: 0, more: 0 },
  },
  quarantine: { files: 1, records: 2, refused: {} },
  inserts: 1,
  insertRows: { under100: 1, under1000: 0, under10000: 0, under100000: 0, more: 0 },
  dlq: 0,
  seconds: 1.5,
  silverDir: '/s/silver',
  quarantineDir: '/s/quarantine',
  clickhouseUrl: null,
}

const refusedOf = (n: number) => ({
  source: `s3://bronze/${n}.gz`,
  disposition: 'unreadable',
  reason: 'the gzip stream is damaged',
})

it('tells the figures, the tables and the dead letters', () => {
  const text = humanReport(report)
  expect(text).toMatch(/^3 objects, 9 records: 7 rows, 2 rejected in 1\.5 s$/m)
  expect(text).toMatch(/^raw_events +1 007 +1 007$/m)
  expect(text).toMatch(/^DLQ +0$/m)
  expect(text).not.toContain('without rows')
})

it('ends with commands that work once the run is over: rows of the largest table, from its folder', () => {
  expect(humanReport(report)).toMatch(/^ {2}npm run silversmith -- head raw_events$/m)
  expect(humanReport(report, 'own')).toMatch(/ head raw_events --dir own$/m)
  expect(humanReport({ ...report, tables: {} })).not.toContain('npm run')
})

it('tells how large files and INSERTs are, by the classes something is in', () => {
  const text = humanReport(report)
  expect(text).toMatch(/^silver +2 files, 1\.5 kB \(under64KiB 2\): \/s\/silver$/m)
  expect(text).toMatch(/^clickhouse +1 insert \(rows: under100 1\)$/m)
})

it('tells what was discarded, and what a duplicate is', () => {
  const text = humanReport({ ...report, rows: 6, discarded: 1, duplicates: 2, dlq: 4 })
  expect(text).toMatch(/6 rows, 2 rejected, 1 discarded \(2 duplicates by content: equal lines,/)
  expect(text).toMatch(/^DLQ +4$/m)
})

it('names objects that gave no rows, the first ten, with their reasons', () => {
  const two = [refusedOf(1), { ...refusedOf(2), source: 's3://bronze/a\u001b[2Jb' }]
  const some = humanReport({ ...report, dispositions: { rows: 1, unreadable: 2 }, refused: two })
  expect(some).toMatch(
    /^objects without rows:\n {2}s3:\/\/bronze\/1\.gz {2}unreadable: the gzip stream is damaged$/m,
  )
  expect(some).toContain('s3://bronze/a\ufffd[2Jb')
  const refused = Array.from({ length: 12 }, (_, n) => refusedOf(n))
  const many = humanReport({ ...report, objects: 12, dispositions: { unreadable: 12 }, refused })
  expect(many).toContain('objects without rows, 10 of 12:')
  expect(many).toContain('/9.gz')
  expect(many).not.toContain('/10.gz')
})

it('writes no header over nothing', () => {
  const none = { objects: 0, records: 0, rows: 0, rejected: 0, rejectedByReason: {} }
  const again = humanReport({ ...report, ...none, dispositions: {}, datasets: {} })
  expect(again).not.toMatch(/^dataset/m)
  expect(again).toMatch(/^table /m)
  expect(
    humanReport({ ...report, ...none, dispositions: {}, datasets: {}, tables: {} }),
  ).not.toMatch(/^(dataset|table)/m)
})

it('asks the ClickHouse of the state it tells of', () => {
  const kept = { ...report, clickhouseUrl: 'http://127.0.0.1:1' }
  expect(humanReport(kept, 'my-state')).toMatch(/silversmith -- query "SELECT .*" --dir my-state$/m)
  expect(humanReport(kept)).toMatch(/silversmith -- query "SELECT .*"$/m)
})
