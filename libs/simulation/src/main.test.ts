import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

const run = (...options: readonly string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, [main, ...options], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    ),
  )

test('the command tells what it ran, as a document when asked', async () => {
  const { code, stdout } = await run('--worlds', '3', '--seed', '11', '--json')
  const report = JSON.parse(stdout) as Record<string, unknown>
  expect(report).toMatchObject({ worlds: 3, firstSeed: 11, bad: [] })
  for (const name of ['objects', 'rows', 'invocations', 'awaits'])
    expect(report[name]).toBeGreaterThan(0)
  expect(code).toBe(0)
})

test('a trace names every await point and its fate', async () => {
  const { stderr, stdout } = await run('--seed', '11', '--trace')
  expect(stderr).toMatch(/ transform\d+ ledger\.write batch \S+ S @1: ok/)
  expect(stdout).toMatch(/^worlds\s+1$/m)
  expect(stdout).toMatch(/^bad worlds\s+0$/m)
})

test.each([
  ['an unknown option', ['--wrlds', '3'], /Unknown option '--wrlds'/],
  ['no world at all', ['--worlds', '0'], /--worlds must be a whole number from 1 on, not "0"/],
  ['a seed that is none', ['--seed', '1.5'], /--seed must be a whole number from 0 on, not "1.5"/],
  ['an empty seed', ['--seed='], /--seed must be/],
  ['a trace of the usual worlds', ['--trace'], /--trace tells of one world/],
  ['a trace of several', ['--trace', '--seed', '1', '--worlds', '2'], /--trace tells of one world/],
])('%s is a usage error', async (_, options, message) => {
  const { code, stdout, stderr } = await run(...options)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(message)
  expect(stderr).toContain('usage: npm run sim')
})

test('help names every option', async () => {
  const { code, stdout } = await run('--help')
  expect(code).toBe(0)
  for (const option of ['worlds', 'seed', 'trace', 'json', 'help'])
    expect(stdout).toContain(`\n  --${option} `)
})
