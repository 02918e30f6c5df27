import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { benches } from './benches.ts'
import { runCommand } from './command.ts'
import type { ConvertResult } from './convert.ts'
import { UsageError } from './usage-error.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const hangMs = 600_000
const bench = (...args: string[]) =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args])

const npmPeers = ['parquetjs', 'hyparquet-writer', 'duckdb']

/** The engine of ClickHouse has no binary for some platforms. */
const present = ({ skipped }: ConvertResult): readonly string[] =>
  'clickhouse' in skipped ? npmPeers : [...npmPeers, 'clickhouse']

const figures = { cpuSeconds: expect.any(Number), peakMiB: expect.any(Number) }
const contest = (peers: readonly string[]) => ({
  ours: { ...figures, mbPerCpuSecond: expect.any(Number) },
  peers: Object.fromEntries(peers.map((name) => [name, { ...figures, ratio: expect.any(Number) }])),
})

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'silversmith-bench-test-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('npm run bench -- convert', () => {
  test(
    'compares us with what is installed, finds the same rows everywhere, and says what is skipped',
    async () => {
      const few = ['--statements', '2000', '--runs', '1', '--python', 'no-python']
      const { stdout } = await bench('convert', ...few, '--json', '--page', folder)
      const found = JSON.parse(stdout) as ConvertResult
      const peers = present(found)
      expect(found).toEqual({
        bench: 'convert',
        machine: {
          ...{ cpu: expect.any(String), cores: expect.any(Number) },
          ...{ memoryGiB: expect.any(Number), node: process.version },
        },
        commit: expect.any(String),
        input: { statements: 2000, bytes: expect.any(Number) },
        runs: 1,
        ...contest(peers),
        plain: contest(peers),
        skipped: expect.objectContaining({ 'seed-000': expect.stringContaining('--python') }),
      })
      for (const { ours, peers } of [found, found.plain])
        for (const { cpuSeconds, ratio } of Object.values(peers))
          expect(ratio).toBeCloseTo(ours.cpuSeconds / cpuSeconds, 1)
      expect((await readdir(folder)).sort()).toEqual(['convert.md', 'convert.svg'])
      const page = await readFile(join(folder, 'convert.md'), 'utf8')
      expect(page).toContain('![One file of statements to Parquet](convert.svg)')
      expect(page).toContain('npm run bench -- convert --statements 2000 --runs 1 --python PATH\n')
      expect(page).toContain('## What is not measured')
      expect(page).not.toContain(tmpdir())
      const chart = await readFile(join(folder, 'convert.svg'), 'utf8')
      expect(chart.match(/<rect x/g)).toHaveLength(4 * (1 + peers.length))
    },
    hangMs,
  )

  test('refuses statements that we reject: the others would load them', async () => {
    const input = join(folder, 'bad.jsonl')
    await writeFile(input, '{"actor":{}}\n')
    await expect(
      bench('convert', '--input', input, '--runs', '1', '--python', 'no-python'),
    ).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/rejected/) })
  })
})

test.each([
  [[], /which bench\? There are convert/],
  [['nothing'], /there is no bench "nothing"; there are convert/],
  [['constructor'], /there is no bench "constructor"/],
  [['convert', 'convert'], /one bench at a time/],
  [['convert', '--runs', '2'], /--runs must be odd/],
  [['convert', '--runs', '0'], /--runs must be a whole number from 1 on/],
  [['convert', '--statements', 'x'], /--statements must be a whole number/],
  [['convert', '--input', 'no-such-file'], /--input no-such-file is no file/],
  [['convert', '--often'], /--often/],
])('refuses %j as wrong usage', async (args, message) => {
  const outcome = runCommand(args)
  await expect(outcome).rejects.toBeInstanceOf(UsageError)
  await expect(outcome).rejects.toThrow(message)
})

test('ends with exit code 2 after wrong usage, and has said why', async () => {
  const stderr = `there is no bench "nothing"; there are ${Object.keys(benches).join(', ')}\n`
  await expect(bench('nothing')).rejects.toMatchObject({ code: 2, stdout: '', stderr })
})

test('tells its benches and their options', async () => {
  const { stdout } = await bench('--help')
  for (const part of ['convert: ', '--statements N', '--input FILE', '--runs N', '--json'])
    expect(stdout).toContain(part)
})
