import { defaultRoutes } from '@silversmith/datasets'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readBulkEvent } from './bulk-event.ts'
import type { Fields } from './handler.ts'

const place = {
  ...{ pipeline: 'p', buckets: ['bronze', 'xapi-production'], routes: defaultRoutes },
  invocation: '8d1e6f04-55c1-4a38-9d7c-0f4a1b2c3d44',
}
const read = (fields: Fields, buckets = place.buckets) =>
  readBulkEvent(fields, { ...place, buckets })
const example = (name: string): Fields => {
  const url = new URL(`../../../examples/events/${name}.json`, import.meta.url)
  const { mode: _mode, ...fields } = { mode: '', ...JSON.parse(readFileSync(url, 'utf8')) }
  expect(['', 'bulk']).toContain(_mode)
  return fields
}

describe('an event of the first system', () => {
  test('001-8: is a prefix of its section, and days of which the last is inside', () => {
    expect(read(example('bulk'))).toEqual({
      id: 'spring-2026',
      request: {
        ...{ bucket: 'xapi-production', prefixes: ['section/145/'], force: false },
        window: { start: Date.UTC(2026, 1, 1), end: Date.UTC(2026, 2, 1) },
      },
      budget: { objectsPerSecond: 500, concurrency: 20_000 },
      ...{ sectionId: 145, isDry: false, isReported: false, from: undefined },
    })
  })

  test('may ask for less than a day, hours, sizes and patterns', () => {
    expect(read(example('bulk-dry-run'))).toMatchObject({
      isDry: true,
      request: {
        window: {
          ...{ start: Date.UTC(2026, 1, 1, 6), end: Date.UTC(2026, 1, 8, 6) },
          ...{ hours: [6, 7, 8], keyRegex: '/video/', minBytes: 1 },
        },
      },
    })
  })

  test('001-11: that is repeated by Lambda is the same job, and one invoked again another', () => {
    expect(read({ s3_bucket: 'bronze', section_id: 1 }).id).toBe(`bulk-${place.invocation}`)
  })

  test('takes any name an execution of Step Functions has: 80 characters', () => {
    const name = 'x'.repeat(80)
    const of = (job: string) => read({ s3_bucket: 'bronze', section_id: 7, job_id: job })
    expect(of(name).id).toBe(name)
    expect(() => of(`${name}x`)).toThrow('job_id must be')
  })

  test('takes the bucket of the settings where there is one', () => {
    expect(read({ start_date: '2026-02-01' }, ['bronze']).request).toMatchObject({
      ...{ bucket: 'bronze', prefixes: ['section/'] },
    })
    const given = { s3_bucket: null, s3_prefix: 'bronze/shipments/', section_id: null }
    expect(read(given, ['bronze']).request).toMatchObject({ prefixes: ['bronze/shipments/'] })
    expect(read({ s3_prefix: 'raw', section_id: 'a b' }, ['bronze']).request).toMatchObject({
      prefixes: ['raw/a b/'],
    })
    expect(read({ s3_prefix: 'raw//', section_id: 7 }, ['bronze']).request.prefixes).toEqual([
      'raw/7/',
    ])
    expect(read({ s3_prefix: '', section_id: 7 }, ['bronze']).request.prefixes).toEqual(['7/'])
  })

  test.each([
    [{}, 'the bucket must be one of bronze, xapi-production'],
    [{ s3_bucket: 'bronze', section_id: null, force_reprocess: true }, 'must say of what'],
    [{ s3_bucket: 'another' }, 'the bucket must be one of'],
    [
      { s3_bucket: 'arn:aws:sqs:eu-west-1:1:q', force_reprocess: true },
      'messages of a queue are their own bytes',
    ],
    [{ start_date: '01.02.2026' }, 'start_date must be a day of the calendar'],
    [{ start_date: '2026-02-02', end_date: '2026-02-01' }, 'end_date must be after the start'],
    [{ key_regex: '(a+)+' }, 'key_regex must not repeat'],
    [
      { datasets: ['sqs_messages'], force_reprocess: true },
      'datasets must be a list of datasets that routes lead to',
    ],
    [{ section_id: 1.5 }, 'section_id must be'],
    [{ section_id: '../1' }, 'section_id must be'],
    [{ s3_prefix: 7 }, 's3_prefix must be a text'],
    [{ dry_run: 'true' }, 'dry_run must be true or false'],
    [{ force_reprocess: 1 }, 'force_reprocess must be true or false'],
    [{ report: 'yes' }, 'report must be true or false'],
    [{ pipeline: 'q' }, 'pipeline must be p'],
    [{ job_id: 'a/b' }, 'job_id must be a text'],
    [{ from: 'x' }, 'goes with "dry_run": true'],
    [{ budget: { objectsPerSecond: 1 } }, 'budget must be'],
    [{ budget: { concurrency: 0.5 } }, 'budget must be'],
    [{ budget: { bytes_per_second: 0 } }, 'budget must be'],
    [{ budget: [] }, 'budget must be'],
    [{ budget: { constructor: 1 } }, 'budget must be'],
    [{ end: '2026-02-01' }, '"end" is no field'],
  ])('001-8: is refused, and never everything: %j', (fields, problem) => {
    expect(() => read(fields)).toThrow(problem)
  })

  test('tells all problems at once', () => {
    expect(() => read({ start_date: 'x', end_date: 'y', hours: [] })).toThrow(
      /the bucket.*|start_date.*end_date.*hours/s,
    )
  })
})
