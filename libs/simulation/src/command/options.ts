import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { KeysAsked } from '../bulk/keys-command.ts'
import type { SweepAsked } from '../crash-sweep/sweep-command.ts'
import { targetNames, type TargetName } from '../outage/outage-plan.ts'
import type { OutageAsked } from '../outage/outage-command.ts'
import type { MutantsAsked } from '../mutants/mutants-command.ts'
import type { WorldsAsked } from './worlds-command.ts'

export const usage =
  'npm run sim -- [--worlds N] [--seed N] [--processes N] [--trace] | --mutants [--only NAME] | ' +
  '--sweep [--pairs] [--scenario NAME] [--limit N] [--seed N] | --outage TARGET [--hours N] [--rate N] | --keys N, each with [--json]'

const worldsUsual = 1_000
const processesMax = 64

export const help = `${usage}

Runs the production code in seeded worlds of crashes, lost answers, duplicates, outages, deploys, reloads, jobs and rebuilds, and
checks every row identity. The same seed is the same world, however many run at a time.

  --worlds N       worlds, one a seed. Default: ${worldsUsual}, or 1 where --seed is given
  --seed N         seed of the first world. Default: 1
  --processes N    worlds run at a time. Default: one for each core
  --trace          tell every step on standard error; for one world
  --mutants        hunts broken versions of the code instead; docs/reference/mutants.md
  --only NAME      the mutants with that in their names
  --sweep          runs the crash sweep instead: every fault at every await point; docs/reference/scenarios.md
  --pairs          two faults a run; many: give a limit
  --scenario NAME  the scenarios with that in their names
  --limit N        runs of each scenario, drawn by the seed
  --outage TARGET  takes ${targetNames.join(' or ')} down for hours instead, while objects come; docs/benchmarks/outage.md
  --hours N        so long. Default: 6
  --rate N         objects a second, and ten times as many for a minute of each hour. Default: 1
  --keys N         walks a job over so many keys instead, and tells memory and time; docs/benchmarks/bulk.md
  --json           one JSON document on standard output
  --help           this text

Ctrl-C ends a run of worlds and tells what was done. Exit codes: 0 every world is well (and every mutant found), 1 one is not,
2 wrong usage.
`

const options = {
  worlds: { type: 'string' },
  seed: { type: 'string' },
  processes: { type: 'string' },
  trace: { type: 'boolean' },
  mutants: { type: 'boolean' },
  only: { type: 'string' },
  sweep: { type: 'boolean' },
  pairs: { type: 'boolean' },
  scenario: { type: 'string' },
  limit: { type: 'string' },
  outage: { type: 'string' },
  hours: { type: 'string' },
  rate: { type: 'string' },
  keys: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export type Asked =
  | 'help'
  | ({ readonly kind: 'worlds' } & WorldsAsked)
  | ({ readonly kind: 'mutants' } & MutantsAsked)
  | ({ readonly kind: 'sweep' } & SweepAsked)
  | ({ readonly kind: 'outage' } & OutageAsked)
  | ({ readonly kind: 'keys' } & KeysAsked)

interface Bounds {
  readonly least: number
  readonly most?: number
  readonly usual: number
}

const countOf = (
  option: string,
  text: string | undefined,
  { least, most = Number.MAX_SAFE_INTEGER, usual }: Bounds,
): number => {
  if (text === undefined) return usual
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} on` : `${least} to ${most}`
  throw new TypeError(`--${option} must be a whole number from ${range}, not "${text}"`)
}

const parse = (args: readonly string[]) => parseArgs({ args: [...args], options }).values

type Values = ReturnType<typeof parse>

/** What was asked for. @throws TypeError for what cannot be. */
export const readOptions = (args: readonly string[]): Asked => {
  const values = parse(args)
  if (values.help) return 'help'
  if (values.mutants) return readMutants(values)
  if (values.sweep) return readSweep(values)
  if (values.outage !== undefined) return readOutage(values, values.outage)
  if (values.keys !== undefined) return readKeys(values)
  refuse(values, ['only', 'pairs', 'scenario', 'limit'], 'without --mutants or --sweep')
  refuse(values, ['hours', 'rate'], 'without --outage')
  const { trace = false, json = false } = values
  const usual = values.seed === undefined ? worldsUsual : 1
  const worlds = countOf('worlds', values.worlds, { least: 1, usual })
  if (trace && worlds !== 1)
    throw new TypeError('--trace tells of one world: give its --seed, and no --worlds beyond 1')
  if (trace) refuse(values, ['processes'], 'with --trace')
  const cores = Math.min(availableParallelism(), processesMax)
  return {
    ...{ kind: 'worlds', worlds, trace, json },
    seed: countOf('seed', values.seed, { least: 0, usual: 1 }),
    processes: countOf('processes', values.processes, {
      ...{ least: 1, most: processesMax, usual: cores },
    }),
  }
}

/** An option that would be ignored is wrong usage. */
const refuse = (values: Values, names: readonly (keyof Values)[], beside: string): void => {
  const [name] = names.filter((candidate) => values[candidate] !== undefined)
  if (name !== undefined) throw new TypeError(`--${name} means nothing ${beside}`)
}

const hoursMax = 240
const rateMax = 100
const keysMax = 100_000_000

const readOutage = (values: Values, text: string): Asked => {
  const others = [
    'worlds',
    'seed',
    'processes',
    'trace',
    'only',
    'pairs',
    'scenario',
    'limit',
    'keys',
  ] as const
  refuse(values, others, 'with --outage')
  const target = targetNames.find((name): name is TargetName => name === text)
  if (!target)
    throw new TypeError(`--outage must be one of ${targetNames.join(', ')}, not "${text}"`)
  return {
    ...{ kind: 'outage', target, json: values.json ?? false },
    hours: countOf('hours', values.hours, { least: 1, most: hoursMax, usual: 6 }),
    objectsPerSecond: countOf('rate', values.rate, { least: 1, most: rateMax, usual: 1 }),
  }
}

const readKeys = (values: Values): Asked => {
  const others = ['worlds', 'seed', 'processes', 'trace', 'only', 'pairs'] as const
  refuse(values, [...others, 'scenario', 'limit', 'hours', 'rate'], 'with --keys')
  const keys = countOf('keys', values.keys, { least: 1, most: keysMax, usual: 1 })
  return { kind: 'keys', keys, json: values.json ?? false }
}

const readMutants = (values: Values): Asked => {
  const others = [
    'worlds',
    'seed',
    'processes',
    'trace',
    'sweep',
    'outage',
    'hours',
    'rate',
    'keys',
  ] as const
  refuse(values, [...others, 'pairs', 'scenario', 'limit'], 'with --mutants')
  return { kind: 'mutants', only: values.only, json: values.json ?? false }
}

const readSweep = (values: Values): Asked => {
  refuse(
    values,
    ['worlds', 'processes', 'trace', 'only', 'outage', 'hours', 'rate', 'keys'],
    'with --sweep',
  )
  const { pairs: isPaired = false, scenario, json = false } = values
  const limit =
    values.limit === undefined ? undefined : countOf('limit', values.limit, { least: 1, usual: 1 })
  const seed = countOf('seed', values.seed, { least: 0, usual: 1 })
  return { kind: 'sweep', isPaired, scenario, limit, seed, json }
}
