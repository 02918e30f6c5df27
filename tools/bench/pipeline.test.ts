import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startClickHouse } from '@silversmith/local'
import { runCommand } from './command.ts'
import type { PipelineResult } from './pipeline.ts'
import { behindSecondsMax, judgeStep } from './pipeline/ramp.ts'
import { percentile, summarize } from './pipeline/steady-run.ts'
import { findWrong } from './pipeline/whole-objects.ts'
import { UsageError } from './usage-error.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const hangMs = 600_000

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'silversmith-bench-test-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

test(
  'takes the time of every object, climbs, and finds every row in its place',
  async () => {
    const few = ['--rate', '5', '--seconds', '2', '--step', '1', '--most', '4']
    const { stdout } = await run(process.execPath, [
      ...['--disable-warning=ExperimentalWarning', main, 'pipeline', ...few],
      ...['--json', '--page', folder],
    ])
    const { latency, small, large, exactObjects } = JSON.parse(stdout) as PipelineResult
    expect(latency).toMatchObject({ rate: 5, seconds: 2, objects: 10 })
    const { p50Ms, p90Ms, p99Ms, mostMs, histogram } = latency
    expect([p50Ms, p90Ms, p99Ms, mostMs]).toEqual(
      [p50Ms, p90Ms, p99Ms, mostMs].toSorted((a, b) => a - b),
    )
    expect(p50Ms).toBeGreaterThan(0)
    expect(histogram.reduce((sum, { objects }) => sum + objects, 0)).toBe(10)
    for (const ramp of [small, large]) {
      expect(ramp.steps).toMatchObject([{ rate: 4, through: expect.any(Number) }])
      expect(ramp.rowsPerSecond).toBe(ramp.objectsPerSecond * ramp.statementsPerObject)
    }
    // Each ramp: 3 s to warm up and one step, 4 a second.
    expect(exactObjects).toBe(10 + 2 * (12 + 4))
    const page = await readFile(join(folder, 'pipeline.md'), 'utf8')
    expect(page).toContain('| p99')
    expect(page).toContain('npm run bench -- pipeline --rate 5 --seconds 2 --step 1 --most 4\n')
  },
  hangMs,
)

test(
  'notices what is lost, doubled, of other records, or nobody’s',
  async () => {
    const engine = await startClickHouse({ dir: join(folder, 'engine') })
    try {
      const rows = (source: string, records: readonly number[]): string =>
        records.map((record) => `('${source}', 'v', ${record}, 0)`).join(', ')
      const values = [
        rows('whole', [0, 1]),
        rows('lost', [0]),
        rows('doubled', [0, 1, 1]),
        rows('doubledForLost', [0, 0]),
        rows('other', [0, 2]),
        rows('nobody', [0]),
      ]
      const from = `VALUES('_source String, _version String, _record UInt32, _part UInt32', ${values.join(', ')})`
      const names = ['whole', 'lost', 'doubled', 'doubledForLost', 'other', 'gone']
      const due = new Map(names.map((name) => [`${name} v`, 2]))
      const wrong = await findWrong(engine.url, from, due)
      expect(wrong.map((line) => line.split(' ')[0])).toEqual([
        ...['lost', 'doubled', 'doubledForLost', 'other', 'gone', 'nobody'],
      ])
    } finally {
      await engine.close()
    }
  },
  hangMs,
)

test('a rate is sustained as long as little is left when its step ends', () => {
  expect(judgeStep(10, 20, 22)).toEqual({
    ...{ rate: 10, behindSeconds: 2, through: 9.1, isSustained: true },
  })
  expect(judgeStep(30, 20, 60)).toMatchObject({ through: 10, isSustained: false })
  expect(judgeStep(10, 20, 20 + behindSecondsMax).isSustained).toBe(true)
})

test('percentiles are times that were taken', () => {
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(2)
  expect(percentile([7], 0.99)).toBe(7)
  const hundred = Array.from({ length: 100 }, (_, n) => (n + 1) * 10)
  expect(summarize(hundred.toReversed())).toMatchObject({ p50Ms: 500, p99Ms: 990, mostMs: 1_000 })
})

test.each([
  [['--rate', '0'], /--rate/],
  [['--seconds', 'x'], /--seconds/],
  [['--step', '0'], /--step/],
  [['--most', '0'], /--most/],
])('refuses %j', async (args, message) => {
  const outcome = runCommand(['pipeline', ...args])
  await expect(outcome).rejects.toBeInstanceOf(UsageError)
  await expect(outcome).rejects.toThrow(message)
})
