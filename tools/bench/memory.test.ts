import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DuckDBConnection } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from './command.ts'
import type { MemoryResult } from './memory.ts'
import { makeStatements } from './memory/made-statements.ts'
import { findWrongRows } from './memory/rows-check.ts'
import { UsageError } from './usage-error.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('main.ts', import.meta.url))

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'silversmith-bench-test-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

test('npm run bench -- memory gives small inputs of every kind to the function, and every row arrives', async () => {
  const few = ['--gigabytes', '0.005', '--objects', '12', '--days', '40', '--targets', 'silver']
  const args = ['--disable-warning=ExperimentalWarning', main, 'memory', ...few]
  const { stdout } = await run(process.execPath, [...args, '--json', '--page', folder])
  const found = JSON.parse(stdout) as MemoryResult
  const figures = {
    ...{ title: expect.any(String), bytes: expect.any(Number), peakMiB: expect.any(Number) },
    ...{ seconds: expect.any(Number), cpuSeconds: expect.any(Number), batches: 1 },
    ...{ objects: 1, statements: 1, chunks: 1, files: 1 },
  }
  expect(found).toMatchObject({
    ...{ bench: 'memory', memoryMb: 512, targets: ['silver'], peakMiBMax: 256 },
    scenarios: {
      large: { ...figures, statements: expect.any(Number) },
      many: { ...figures, objects: 12, statements: 480, chunks: 2, files: 40 },
      gzip: { ...figures, statements: expect.any(Number) },
      line: figures,
      parts: figures,
    },
  })
  const { large, many } = found.scenarios
  expect(large?.bytes).toBeLessThanOrEqual(5e6)
  expect(large?.bytes).toBeGreaterThan(4.99e6)
  for (const { peakMiB } of Object.values(found.scenarios)) expect(peakMiB).toBeGreaterThan(20)
  expect(many?.bytes).toBeGreaterThan(4e5)
  const page = await readFile(join(folder, 'memory.md'), 'utf8')
  expect(page).toContain('--max-old-space-size=461')
  expect(page).not.toContain(tmpdir())
})

/** Five rows of statements 2 to 6 as they should be, changed by a SELECT. */
const wrongRowsOf = async (change: (rows: string) => string): Promise<readonly string[]> => {
  const file = join(await mkdtemp(join(folder, 'rows-')), 'a.parquet')
  const connection = await DuckDBConnection.create()
  const rows = `(SELECT 's3://b/k' AS _source, 'v' AS _version, range AS _record, 0 AS _part,
    md5((range + 2)::VARCHAR) AS event_id FROM range(5) UNION ALL
    SELECT 's3://b/first', 'v', range, 0, md5(range::VARCHAR) FROM range(2))`
  await connection.run(`COPY (${change(rows)}) TO '${file}'`)
  connection.closeSync()
  return findWrongRows(file, [
    { source: 's3://b/first', version: 'v', statements: 2 },
    { source: 's3://b/k', version: 'v', statements: 5 },
  ])
}

const missing = '1 rows are missing'
const strange = '1 rows are there that should not be'

test.each([
  ['all', (rows: string) => `FROM ${rows}`, []],
  ['one short', (rows: string) => `FROM ${rows} WHERE _record <> 4`, [missing]],
  [
    'one twice',
    (rows: string) => `FROM ${rows} UNION ALL FROM ${rows} WHERE _record = 4`,
    [strange],
  ],
  [
    'one with the id of another',
    (rows: string) =>
      `SELECT * REPLACE (if(_record = 4, md5('0'), event_id) AS event_id) FROM ${rows}`,
    [missing, strange],
  ],
])('rows are compared by what they are: %s', async (_, change, wrong) => {
  expect(await wrongRowsOf(change)).toEqual(wrong)
})

test('statements have ids of their own, days where asked, and the size that is told', async () => {
  const statements = await makeStatements(400)
  const lines: string[] = []
  let bytes = 0
  for await (const piece of statements.pieces(19_990, 20_510)) {
    bytes += piece.length
    lines.push(...piece.toString().trimEnd().split('\n'))
  }
  expect(bytes).toBe(statements.sizeOf(20_510) - statements.sizeOf(19_990))
  const parsed = lines.map((line) => JSON.parse(line) as { id: string; timestamp: string })
  expect(new Set(parsed.map(({ id }) => id)).size).toBe(520)
  expect(new Set(parsed.map(({ timestamp }) => timestamp.slice(0, 10))).size).toBe(400)
})

test.each([
  [['memory', '--gigabytes', '0'], /--gigabytes must be a number above 0/],
  [['memory', '--gigabytes', 'x'], /--gigabytes must be/],
  [['memory', '--scenarios', 'large,none'], /there is no scenario "none"/],
  [['memory', '--targets', 'http'], /--targets are of silver,clickhouse/],
  [['memory', '--days', '1'], /--days must be a whole number from 2 on/],
])('refuses %j as wrong usage', async (args, message) => {
  const outcome = runCommand(args)
  await expect(outcome).rejects.toBeInstanceOf(UsageError)
  await expect(outcome).rejects.toThrow(message)
})
