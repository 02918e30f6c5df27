import { parseArgs } from 'node:util'
import type { World } from './world/world.ts'
import { runWorld } from './world/world.ts'

const usage = 'npm run sim -- [--worlds N] [--seed N] [--trace] [--json]'

const worldsUsual = 1_000

const help = `${usage}

Runs the production code in seeded worlds of crashes, lost answers, duplicates and outages, and checks every row identity.

  --worlds N  worlds, one a seed. Default: ${worldsUsual}, or 1 where --seed is given
  --seed N    seed of the first world. Default: 1
  --trace     tell every step on standard error; for one world
  --json      one JSON document on standard output
  --help      this text

Exit codes: 0 every world is well, 1 one is bad, 2 wrong usage.
`

/** Worlds of a run, and sums over them. */
export interface Report {
  readonly worlds: number
  readonly firstSeed: number
  readonly objects: number
  readonly rows: number
  readonly invocations: number
  readonly awaits: number
  readonly crashes: number
  readonly unknownOutcomes: number
  readonly duplicatesDelivered: number
  readonly partialInserts: number
  readonly dispositions: Readonly<Record<string, number>>
  readonly slowestRestMinutes: number
  readonly seconds: number
  readonly bad: readonly { readonly seed: number; readonly violations: readonly string[] }[]
}

const countOf = (
  option: 'worlds' | 'seed',
  text: string | undefined,
  least: number,
  otherwise: number,
): number => {
  if (text === undefined) return otherwise
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new TypeError(`--${option} must be a whole number from ${least} on, not "${text}"`)
}

/** What was asked for. @throws TypeError for what cannot be. */
const readOptions = ():
  { worlds: number; seed: number; trace: boolean; json: boolean } | 'help' => {
  const { values } = parseArgs({ options })
  if (values.help) return 'help'
  const { trace = false, json = false } = values
  const worlds = countOf('worlds', values.worlds, 1, values.seed === undefined ? worldsUsual : 1)
  if (trace && worlds !== 1)
    throw new TypeError('--trace tells of one world: give its --seed, and no --worlds beyond 1')
  return { worlds, seed: countOf('seed', values.seed, 0, 1), trace, json }
}

const run = async (worlds: number, firstSeed: number, isTraced: boolean): Promise<Report> => {
  const startedAt = performance.now()
  const done: World[] = []
  const options = isTraced
    ? { trace: (line: string): void => void process.stderr.write(`${line}\n`) }
    : {}
  for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) {
    const world = await runWorld(seed, options)
    done.push(world)
    if (world.violations.length > 0)
      process.stderr.write(`seed ${seed} is bad: ${world.violations[0]}\n`)
  }
  const sum = (of: (world: World) => number): number =>
    done.reduce((total, world) => total + of(world), 0)
  const dispositions: Record<string, number> = {}
  for (const world of done)
    for (const [name, count] of Object.entries(world.dispositions))
      dispositions[name] = (dispositions[name] ?? 0) + count
  return {
    worlds,
    firstSeed,
    objects: sum(({ objects }) => objects),
    rows: sum(({ rows }) => rows),
    invocations: sum(({ tally }) => tally.invocations),
    awaits: sum(({ tally }) => tally.awaits),
    crashes: sum(({ tally }) => tally.crashes),
    unknownOutcomes: sum(({ tally }) => tally.unknownOutcomes),
    duplicatesDelivered: sum(({ tally }) => tally.duplicatesDelivered),
    partialInserts: sum(({ tally }) => tally.partialInserts),
    dispositions,
    slowestRestMinutes: Math.round(Math.max(0, ...done.map(({ restMs }) => restMs)) / 60_000),
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    bad: done
      .filter(({ violations }) => violations.length > 0)
      .map(({ seed, violations }) => ({ seed, violations })),
  }
}

const print = (report: Report): void => {
  const { bad, dispositions, ...numbers } = report
  for (const [name, value] of Object.entries(numbers))
    process.stdout.write(`${name.padEnd(20)} ${value}\n`)
  for (const [name, value] of Object.entries(dispositions))
    process.stdout.write(`${`sealed as ${name}`.padEnd(20)} ${value}\n`)
  process.stdout.write(`${'bad worlds'.padEnd(20)} ${bad.length}\n`)
  for (const { seed, violations } of bad) {
    process.stdout.write(`\nseed ${seed}: npm run sim -- --seed ${seed} --trace\n`)
    for (const violation of violations) process.stdout.write(`  ${violation}\n`)
  }
}

const options = {
  worlds: { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

try {
  const asked = readOptions()
  if (asked === 'help') process.stdout.write(help)
  else {
    const report = await run(asked.worlds, asked.seed, asked.trace)
    if (asked.json) process.stdout.write(`${JSON.stringify(report)}\n`)
    else print(report)
    process.exitCode = report.bad.length > 0 ? 1 : 0
  }
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\nusage: ${usage}\n`)
  process.exitCode = 2
}
