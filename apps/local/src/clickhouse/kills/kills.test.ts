import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { judge } from './arrival.ts'
import { runKills } from './kill-run.ts'

const kills = 30
const seed = Date.now() % 1_000_000

test(`killed ${kills} times in the middle of INSERTs, the engine has every row once after the replays (seed ${seed})`, async () => {
  const report = await runKills({ kills, seed })
  expect(report).toMatchObject({ kills, lost: 0, duplicated: 0, problems: [] })
  // Else the kills came too early or too late to prove anything.
  expect(report.killsPartly).toBeGreaterThan(0)
  expect(report.rows).toBeGreaterThan(kills * 1_000)
})

const january = Date.UTC(2026, 0) * 1_000
const february = Date.UTC(2026, 1) * 1_000
const shot = { micros: [january, january + 1, february] }

test.each([
  [
    'all rows once',
    [
      [0, [january]],
      [1, [january + 1]],
      [2, [february]],
    ],
    ['whole', 0, 0, 0, 0],
  ],
  ['nothing', [], ['absent', 3, 0, 2, 0]],
  ['a whole month', [[2, [february]]], ['partly', 2, 0, 1, 0]],
  ['half of a month', [[0, [january]]], ['partly', 2, 0, 1, 1]],
  [
    'a row twice instead of another',
    [
      [0, [january, january]],
      [2, [february]],
    ],
    ['partly', 1, 1, 0, 1],
  ],
  [
    'a row that changed',
    [
      [0, [january]],
      [1, [january]],
      [2, [february]],
    ],
    ['partly', 1, 1, 0, 1],
  ],
  [
    'a row never sent',
    [
      [0, [january]],
      [1, [january + 1]],
      [2, [february]],
      [3, [february]],
    ],
    ['whole', 0, 1, 0, 0],
  ],
] as const)(
  '%s is judged by its rows',
  (_, rows, [state, lost, duplicated, absentMonths, tornMonths]) => {
    const arrival = new Map<number, readonly number[]>(rows)
    expect(judge(shot, arrival)).toEqual({ state, lost, duplicated, absentMonths, tornMonths })
  },
)

const runMain = promisify(execFile)
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

test.each([
  [['--kills', '0'], '--kills must be a whole number from 1 on'],
  [['--seed', 'x'], '--seed must be a whole number from 0 on'],
  [['--often'], "Unknown option '--often'"],
])('the command refuses %j with exit code 2', async (args, message) => {
  await expect(runMain(process.execPath, [main, ...args])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
  })
})

test('the command kills as often as it is told and reports in JSON', async () => {
  const args = [main, '--kills', '2', '--seed', '7', '--json']
  const { stdout, stderr } = await runMain(process.execPath, args)
  expect(JSON.parse(stdout)).toMatchObject({
    seed: 7,
    kills: 2,
    lost: 0,
    duplicated: 0,
    problems: [],
  })
  expect(stderr).toContain('seed 7')
})
