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
  const { stderr, stdout } = await run('--worlds', '1', '--seed', '11', '--trace')
  expect(stderr).toMatch(/ transform\d+ ledger\.write batch \S+ S @1: ok/)
  expect(stdout).toMatch(/^bad worlds\s+0$/m)
})

test('an unknown option is a usage error', async () => {
  const { code, stderr } = await run('--wrlds', '3')
  expect(code).toBe(2)
  expect(stderr).toContain('usage: npm run sim')
})
