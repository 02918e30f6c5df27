import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from './command.ts'
import type { SmallResult } from './small.ts'
import { checkExact, type SmallRun } from './small/small-run.ts'
import { UsageError } from './usage-error.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const hangMs = 600_000
const objects = 45
const days = 30

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'silversmith-bench-test-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

const sum = (histogram: Readonly<Record<string, number>>): number =>
  Object.values(histogram).reduce((all, one) => all + one, 0)

const expectWhole = (found: SmallRun): void => {
  expect(found).toMatchObject({ objects, rows: 2 * objects, bytes: expect.any(Number) })
  expect(found.inserts).toBe(sum(found.insertRows))
  expect(found.silverFiles).toBe(sum(found.silverSizes))
  const { ingest, transform, clickhouse, services } = found.spent
  expect(transform.requests?.['S3 GET object']?.count).toBe(objects)
  expect(transform.requests?.['ClickHouse INSERT']?.count).toBe(found.inserts)
  expect(transform.requests?.['DynamoDB write']?.count).toBeGreaterThanOrEqual(objects)
  expect(ingest.requests?.['SQS SendMessageBatch']?.count).toBeGreaterThan(0)
  for (const spent of [ingest, transform, clickhouse, services])
    expect(spent.cpuSeconds).toEqual(expect.any(Number))
  expect(transform.cpuSeconds).toBeGreaterThan(0)
}

test(
  'loads objects of one day and of many, exactly, and tells what the work was',
  async () => {
    const args = ['small', '--objects', String(objects), '--json', '--page', folder]
    const { stdout } = await run(process.execPath, [
      ...['--disable-warning=ExperimentalWarning', main, ...args],
    ])
    const { oneDay, manyDays } = JSON.parse(stdout) as SmallResult
    expectWhole(oneDay)
    expectWhole(manyDays)
    expect(oneDay).toMatchObject({ days: 1, silverFiles: oneDay.batches, insertsMost: 1 })
    expect(manyDays.days).toBe(days)
    expect(manyDays.silverFiles).toBeGreaterThanOrEqual(days)
    // The days are of two months.
    expect(manyDays.inserts).toBeLessThanOrEqual(2 * manyDays.batches)
    const page = await readFile(join(folder, 'small.md'), 'utf8')
    expect(page).toMatch(/\| transform +\| S3 GET object +\| +45 \|/)
    expect(page).toContain('## What is not measured')
    expect(page).not.toContain(tmpdir())
  },
  hangMs,
)

test('notices what is lost in one place, doubled, or nobody’s', () => {
  const due = { rows: new Set(['a', 'b']), quarantine: new Set<string>() }
  const whole = { clickhouse: ['a', 'b'], silver: ['a', 'b'], quarantine: [] }
  expect(() => checkExact(due, whole)).not.toThrow()
  const broken = [
    [{ silver: ['a'] }, 'silver: 1 lost, such as b'],
    [{ clickhouse: ['a', 'a', 'b'] }, 'clickhouse: 1 duplicated, such as a'],
    [{ clickhouse: ['a', 'b', 'c'] }, 'clickhouse: 1 extra, such as c'],
    [{ quarantine: ['d'] }, 'quarantine: 1 extra, such as d'],
  ] as const
  for (const [part, told] of broken)
    expect(() => checkExact(due, { ...whole, ...part })).toThrow(told)
})

test('refuses a number of objects that is none', async () => {
  const outcome = runCommand(['small', '--objects', '0'])
  await expect(outcome).rejects.toBeInstanceOf(UsageError)
  await expect(outcome).rejects.toThrow(/--objects must be a whole number/)
})
