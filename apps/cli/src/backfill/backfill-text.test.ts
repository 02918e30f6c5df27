import { type Job, noCounts } from '@silversmith/core'
import { noReportSum } from '@silversmith/flow'
import { expect, it } from 'vitest'
import { describeJob, describeSum } from './backfill-text.ts'

const job: Job = {
  ...{ kind: 'job', id: 'p/spring', generation: 0, createdAt: 0, updatedAt: 0 },
  request: { bucket: 'b', prefixes: ['section/7/'], window: {}, force: false },
  ...{ budget: { objectsPerSecond: 1, concurrency: 20 }, state: 'running' },
  parts: [
    { prefix: 'section/7/', state: 'open', slice: 0, line: 5, counts: { ...noCounts, sent: 5 } },
  ],
}

it('says that what is found is counted slice by slice, as long as a job is not through', () => {
  expect(describeJob(job)).toEqual([
    'job spring is running, begun 1970-01-01T00:00:00Z: s3://b/section/7/',
    'so far, of slices that are sent: 0 objects inside the window (0 bytes), of 0 listed',
    'sent 5, those of the slice it is at among them',
    'at most 1 object a second, 20 messages that wait',
  ])
  const parts = job.parts.map((part) => ({ ...part, state: 'done' as const }))
  expect(describeJob({ ...job, state: 'done', parts, budget: {} }).slice(1)).toEqual([
    '0 objects inside the window (0 bytes), of 0 listed',
    'sent 5',
  ])
})

it('tells of records that were rejected, and where they are', () => {
  const sum = { ...noReportSum, objects: 2, succeeded: 2, rows: 3, rejected: 1 }
  expect(describeSum(sum)).toEqual([
    'loaded 2 (3 rows), loaded before 0, failed 0, pending 0',
    '  1 record of these rejected: silversmith quarantine list',
  ])
})
