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
  expect(report).toMatchObject({ worlds: 3, firstSeed: 11, violations: 0, bad: [] })
  const positive = ['sources', 'rows', 'invocations', 'awaitPoints', 'worldsPerSecond']
  for (const name of [...positive, 'slowestQuiescenceSeconds', 'crashes', 'unknownOutcomes'])
    expect(report[name]).toBeGreaterThan(0)
  for (const name of ['duplicateDeliveries', 'partialInserts'])
    expect(report[name]).toBeGreaterThanOrEqual(0)
  expect(code).toBe(0)
})

test('the worlds are the same however many run at a time', async () => {
  const tellOf = async (processes: string): Promise<object> => {
    const { stdout } = await run('--worlds', '8', '--processes', processes, '--json')
    const report = JSON.parse(stdout) as Record<string, unknown>
    return { ...report, seconds: 0, worldsPerSecond: 0 }
  }
  expect(await tellOf('3')).toEqual(await tellOf('1'))
})

test('a hunt tells which mutant it killed, and in how many worlds', async () => {
  const { code, stdout } = await run('--mutants', '--only', 'expire after an hour', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    mutants: { 'staged files expire after an hour': { killed: true, worlds: 1 } },
    leases: {},
  })
  expect(code).toBe(0)
})

test('a sweep tells its counts', async () => {
  const { code, stdout } = await run('--sweep', '--scenario', 'an empty', '--limit', '9', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ scenarios: 1, runs: 9, violations: 0, bad: [] })
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
  ['a host of processes', ['--processes', '65'], /--processes must be a whole number from 1 to 64/],
  ['processes of one trace', ['--seed', '1', '--trace', '--processes', '2'], /--processes means/],
  ['a trace of the usual worlds', ['--trace'], /--trace tells of one world/],
  [
    'a mutant that is none',
    ['--mutants', '--only', 'x y'],
    /--only: no mutant is called "x y"; there are\n[^]*\nstaged files expire after an hour\n/,
  ],
  [
    'a scenario that is none',
    ['--sweep', '--scenario', 'x y'],
    /--scenario: none is called "x y"; there are\n[^]*\ntwo objects in one batch\n/,
  ],
  ['worlds of a sweep', ['--sweep', '--worlds', '3'], /--worlds means nothing with --sweep/],
  ['a seed of mutants', ['--mutants', '--seed', '3'], /--seed means nothing with --mutants/],
  ['pairs of nothing', ['--pairs'], /--pairs means nothing without --mutants or --sweep/],
  ['no run of a sweep', ['--sweep', '--limit', '0'], /--limit must be a whole number from 1 on/],
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
  for (const option of [
    'worlds',
    'seed',
    'processes',
    'trace',
    'mutants',
    'only',
    'sweep',
    'pairs',
    'scenario',
    'limit',
    'json',
    'help',
  ])
    expect(stdout).toContain(`\n  --${option} `)
})
