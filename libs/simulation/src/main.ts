import { parseArgs } from 'node:util'
import type { SweepAsked } from './crash-sweep/sweep-command.ts'
import { runSweepCommand } from './crash-sweep/sweep-command.ts'
import type { MutantsAsked } from './mutants/mutants-command.ts'
import { runMutantsCommand } from './mutants/mutants-command.ts'
import type { World } from './world/world.ts'
import { runWorld } from './world/world.ts'

const usage =
  'npm run sim -- [--worlds N] [--seed N] [--trace] | --mutants [--only NAME] | --sweep [--pairs] [--scenario NAME] [--limit N] [--seed N], each with [--json]'

const worldsUsual = 1_000

const help = `${usage}

Runs the production code in seeded worlds of crashes, lost answers, duplicates and outages, and checks every row identity.

  --worlds N  worlds, one a seed. Default: ${worldsUsual}, or 1 where --seed is given
  --seed N    seed of the first world. Default: 1
  --trace     tell every step on standard error; for one world
  --mutants   hunts broken versions of the code instead; docs/reference/mutants.md
  --only NAME the mutants with that in their names
  --sweep     runs the crash sweep instead: every fault at every await point; docs/reference/scenarios.md
  --pairs     two faults a run; many: give a limit
  --scenario NAME  the scenarios with that in their names
  --limit N   runs of each scenario, drawn by the seed
  --json      one JSON document on standard output
  --help      this text

Exit codes: 0 every world is well (and every mutant found), 1 one is not, 2 wrong usage.
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
  option: 'worlds' | 'seed' | 'limit',
  text: string | undefined,
  least: number,
  otherwise: number,
): number => {
  if (text === undefined) return otherwise
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new TypeError(`--${option} must be a whole number from ${least} on, not "${text}"`)
}

type Asked =
  | 'help'
  | {
      readonly kind: 'worlds'
      readonly worlds: number
      readonly seed: number
      readonly trace: boolean
      readonly json: boolean
    }
  | ({ readonly kind: 'mutants' } & MutantsAsked)
  | ({ readonly kind: 'sweep' } & SweepAsked)

const parseOptions = () => parseArgs({ options }).values

/** What was asked for. @throws TypeError for what cannot be. */
const readOptions = (): Asked => {
  const values = parseOptions()
  if (values.help) return 'help'
  if (values.mutants) return readMutants(values)
  if (values.sweep) return readSweep(values)
  refuse(values, ['only', 'pairs', 'scenario', 'limit'], 'without --mutants or --sweep')
  const { trace = false, json = false } = values
  const worlds = countOf('worlds', values.worlds, 1, values.seed === undefined ? worldsUsual : 1)
  if (trace && worlds !== 1)
    throw new TypeError('--trace tells of one world: give its --seed, and no --worlds beyond 1')
  return { kind: 'worlds', worlds, seed: countOf('seed', values.seed, 0, 1), trace, json }
}

type Values = ReturnType<typeof parseOptions>

/** An option that would be ignored is wrong usage. */
const refuse = (values: Values, names: readonly (keyof Values)[], beside: string): void => {
  const [name] = names.filter((candidate) => values[candidate] !== undefined)
  if (name !== undefined) throw new TypeError(`--${name} means nothing ${beside}`)
}

const readMutants = (values: Values): Asked => {
  const others = ['worlds', 'seed', 'trace', 'sweep', 'pairs', 'scenario', 'limit'] as const
  refuse(values, others, 'with --mutants')
  return { kind: 'mutants', only: values.only, json: values.json ?? false }
}

const readSweep = (values: Values): Asked => {
  refuse(values, ['worlds', 'trace', 'only'], 'with --sweep')
  const { pairs: isPaired = false, scenario, json = false } = values
  const limit = values.limit === undefined ? undefined : countOf('limit', values.limit, 1, 1)
  return {
    kind: 'sweep',
    isPaired,
    scenario,
    limit,
    seed: countOf('seed', values.seed, 0, 1),
    json,
  }
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
  mutants: { type: 'boolean' },
  only: { type: 'string' },
  sweep: { type: 'boolean' },
  pairs: { type: 'boolean' },
  scenario: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

try {
  const asked = readOptions()
  if (asked === 'help') process.stdout.write(help)
  else if (asked.kind === 'mutants') process.exitCode = await runMutantsCommand(asked)
  else if (asked.kind === 'sweep') process.exitCode = await runSweepCommand(asked)
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
