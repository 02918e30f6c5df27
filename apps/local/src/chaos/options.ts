import { parseArgs } from 'node:util'
import { unreadable, UsageError } from '../usage-error.ts'

export interface Options {
  readonly minutes: number
  /** ClickHouse is away so long, and nothing else happens. */
  readonly outage: boolean
  /** And a job loads what was there before. */
  readonly backfill: boolean
  readonly seed: number
  /** Undefined: a folder of its own, removed when all is well. */
  readonly dir: string | undefined
  readonly json: boolean
}

const minutesUsual = 3
const minutesMax = 24 * 60
const seedMax = 2 ** 32 - 1

export const help = `npm run chaos -- [options]

Runs the local stack under fire: objects are uploaded, every event comes twice, processes of the functions and ClickHouse are
killed and paused, connections break, leases end early. Then it lets the stack come to rest and compares every row in
ClickHouse, in the Parquet files and in quarantine with what the objects hold.

  --outage     in place of the fire ClickHouse is away for those minutes, while objects go on coming: none may become a dead
               letter, and silver must have them in time
  --backfill   with --outage: all the while a job loads objects that were there before, with a budget
  --minutes N  of fire. Default: ${minutesUsual}; parts of a minute are allowed
  --seed N     decides objects and faults, not how they meet. Default: another one each time
  --dir DIR    a new or empty folder for the state, kept. Default: a temporary one, kept when something is wrong
  --json       one JSON document, last on stdout
  --help       this text

Exit codes: 0 all well, 1 not, 2 wrong usage.
`

const parse = (args: readonly string[]) => {
  try {
    const options = {
      minutes: { type: 'string' },
      outage: { type: 'boolean' },
      backfill: { type: 'boolean' },
      seed: { type: 'string' },
      dir: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const
    return parseArgs({ args: [...args], options, strict: true }).values
  } catch (error) {
    throw unreadable(error)
  }
}

const numberOf = (option: string, text: string, pattern: RegExp, max: number): number => {
  const value = pattern.test(text) ? Number(text) : NaN
  if (value >= 0 && value <= max) return value
  throw new UsageError(`--${option} must be a number up to ${max}, not "${text}"`)
}

/** @throws UsageError naming the option that cannot be taken. */
export const readOptions = (args: readonly string[], anySeed: () => number): Options | 'help' => {
  const given = parse(args)
  const { minutes = String(minutesUsual), seed, dir, json = false } = given
  const { outage = false, backfill = false } = given
  if (given.help) return 'help'
  if (backfill && !outage) throw new UsageError('--backfill goes with --outage')
  if (dir?.trim() === '') throw new UsageError('--dir is empty')
  const asked = numberOf('minutes', minutes, /^\d+(\.\d+)?$/, minutesMax)
  if (asked === 0) throw new UsageError('--minutes must be more than 0')
  return {
    minutes: asked,
    ...{ outage, backfill },
    seed: seed === undefined ? anySeed() : numberOf('seed', seed, /^\d+$/, seedMax),
    dir,
    json,
  }
}
