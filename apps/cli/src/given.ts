import { parseArgs } from 'node:util'
import { joinNegative } from './text/negative-number.ts'
import { unreadable, UsageError } from './usage-error.ts'

const definitions = {
  plan: { type: 'boolean' },
  user: { type: 'string' },
  table: { type: 'string' },
  event: { type: 'string' },
  limit: { type: 'string' },
  type: { type: 'string' },
  count: { type: 'string' },
  seed: { type: 'string' },
  format: { type: 'string' },
  out: { type: 'string' },
  prefix: { type: 'string', multiple: true },
  via: { type: 'string' },
  bucket: { type: 'string' },
  start: { type: 'string' },
  end: { type: 'string' },
  to: { type: 'string' },
  rate: { type: 'string' },
  force: { type: 'boolean' },
  since: { type: 'string' },
  until: { type: 'string' },
  dataset: { type: 'string' },
  time: { type: 'string' },
  path: { type: 'string', multiple: true },
  reason: { type: 'string' },
  where: { type: 'string' },
  text: { type: 'string', multiple: true },
  from: { type: 'string' },
  enqueue: { type: 'boolean' },
  'set-aside': { type: 'boolean' },
  'trust-table': { type: 'boolean' },
  state: { type: 'string' },
  target: { type: 'string' },
  deadline: { type: 'string' },
  record: { type: 'string' },
  version: { type: 'string' },
  all: { type: 'boolean' },
  job: { type: 'string' },
  section: { type: 'string', multiple: true },
  hours: { type: 'string' },
  'key-regex': { type: 'string' },
  'min-bytes': { type: 'string' },
  'max-bytes': { type: 'string' },
  'objects-per-second': { type: 'string' },
  'bytes-per-second': { type: 'string' },
  concurrency: { type: 'string' },
  csv: { type: 'string' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean' },
  dir: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export type OptionName = keyof typeof definitions

const numberOptions = [
  ...['--limit', '--count', '--seed', '--record', '--rate', '--min-bytes', '--max-bytes'],
  ...['--objects-per-second', '--bytes-per-second', '--concurrency'],
]

export const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: joinNegative(args, numberOptions),
      options: definitions,
      allowPositionals: true,
    })
  } catch (error) {
    throw unreadable(error)
  }
}

/** A command line, taken apart. */
export interface Given {
  readonly name: string
  readonly args: readonly string[]
  readonly values: ReturnType<typeof parse>['values']
}

/** From 1, but for seeds and records. */
export const numberOf = (
  { values }: Given,
  option: 'limit' | 'count' | 'seed' | 'record' | 'rate',
  byDefault: number,
  max: number,
): number => {
  const text = values[option]
  const number = text === undefined ? byDefault : /^\d+$/.test(text) ? Number(text) : NaN
  const min = option === 'seed' || option === 'record' ? 0 : 1
  if (number >= min && number <= max) return number
  throw new UsageError(`--${option} must be a whole number from ${min} to ${max}, not "${text}"`)
}

/** What `command-line.ts` knows of a command. */
export interface Reader<Read> {
  readonly options: readonly OptionName[]
  readonly read: (given: Given) => Read
}

export const argument = ({ name, args }: Given, what: string): string => {
  const [first, ...more] = args
  if (first === undefined || first.trim() === '')
    throw new UsageError(`${name} needs ${what}; see --help`)
  if (more.length > 0)
    throw new UsageError(`${name} takes one argument; put it in quotes: ${more.join(' ')}`)
  return first
}

export const refuseArguments = ({ name, args }: Given): void => {
  if (args.length > 0) throw new UsageError(`${name} takes no argument: ${args.join(' ')}`)
}

export const oneOf = <Word extends string>(
  option: string,
  text: string,
  words: readonly Word[],
): Word => {
  const word = words.find((one) => one === text)
  if (word !== undefined) return word
  throw new UsageError(`--${option} must be one of ${words.join(', ')}, not "${text}"`)
}

export const placeOptions = ['dir', 'json'] as const
export const changingOptions = ['dry-run', 'yes', ...placeOptions] as const

export const place = ({ values }: Given) => ({ dir: values.dir, json: values.json ?? false })
export const changing = (given: Given) => ({
  ...place(given),
  dryRun: given.values['dry-run'] === true || given.values.yes !== true,
})
