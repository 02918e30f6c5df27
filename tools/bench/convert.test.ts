import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const hangMs = 600_000

const contest = (...peers: string[]) => ({
  ours: {
    cpuSeconds: expect.any(Number),
    peakMiB: expect.any(Number),
    mbPerCpuSecond: expect.any(Number),
  },
  peers: Object.fromEntries(
    peers.map((name) => [
      name,
      { cpuSeconds: expect.any(Number), peakMiB: expect.any(Number), ratio: expect.any(Number) },
    ]),
  ),
})

test(
  'the conversion is compared with what is installed, and what is not is said',
  async () => {
    const args = [
      'convert',
      '--statements',
      '300',
      '--runs',
      '1',
      '--python',
      'no-python',
      '--json',
    ]
    const { stdout } = await run(process.execPath, [main, ...args])
    const peers = ['parquetjs', 'hyparquet-writer', 'DuckDB']
    expect(JSON.parse(stdout)).toMatchObject({
      bench: 'convert',
      input: { statements: 300 },
      runs: 1,
      ...contest(...peers),
      plain: contest(...peers),
      skipped: { 'seed 000 (Python)': expect.stringContaining('--python') },
    })
  },
  hangMs,
)

test.each([
  [['nothing'], /there is no bench "nothing"; there are convert/],
  [['convert', '--runs', '2'], /--runs must be odd/],
  [['convert', '--statements', 'x'], /--statements must be a whole number/],
  [['convert', '--often'], /--often/],
])('refuses %j with exit code 2', async (args, message) => {
  await expect(run(process.execPath, [main, ...args])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(message),
  })
})
