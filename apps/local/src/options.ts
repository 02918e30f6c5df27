import { parseArgs } from 'node:util'
import { unreadable, UsageError } from './usage-error.ts'

export interface Options {
  /** Paths and `s3://bucket/prefix`; none: generated sample data. */
  readonly inputs: readonly string[]
  /** Files of messages that are data themselves. */
  readonly messages: readonly string[]
  /** Objects of the input taken. */
  readonly limit: number | undefined
  /** Lines of each uploaded object; undefined: the input's own objects. */
  readonly splitLines: number | undefined
  /** Routes every object. */
  readonly dataset: string | undefined
  readonly targets: readonly string[]
  /** State that a later run continues; undefined: made anew, or that of the server that is written to. */
  readonly dir: string | undefined
  /** Deliveries of each S3 event. */
  readonly duplicateEvents: number
  readonly keep: boolean
  readonly migrate: boolean
  readonly json: boolean
}

export interface Known {
  readonly datasets: readonly string[]
  /** The environment names a ClickHouse to use. */
  readonly hasServer: boolean
}

/** Targets the local stack can run. */
export const localTargets = ['silver', 'clickhouse'] as const

const counts = { limit: 1_000_000_000, splitLines: 10_000_000, duplicateEvents: 100 }
const counted: readonly string[] = ['--limit', '--split-lines', '--duplicate-events']

export const help = ({ datasets }: Known): string => `npm start -- [options]

Runs the pipeline on this machine until nothing is left to do, and says what arrived where.
Without --input and --messages it loads sample data that it generates.

  --input PATH          a file, or a folder with all files below it; may be given several times.
                        An object's key is its path relative to PATH; .gz files are read as they are.
  --input s3://B/PREFIX objects of a bucket, read only, with your own credentials; they keep their keys
  --messages FILE       messages sent to a queue whose messages are data, rows of sqs_messages; one a line, as Lambda spells
                        them: {"body": …, "messageAttributes": {NAME: {"stringValue" or "binaryValue" (base64), "dataType"}}}
  --limit N             take at most N objects of the input
  --split-lines N       upload the input as objects of N lines (gzip is unpacked)
  --dataset NAME        every object is of this dataset: ${datasets.join(', ')}
  --target LIST         ${localTargets.join(',')} (both by default)
  --dir DIR             keep the state in DIR; a second run continues it. Default: .silversmith/latest, made anew;
                        with CLICKHOUSE_URL: .silversmith/server-<hash of server and database>, kept, so that a
                        second run loads nothing twice
  --duplicate-events N  deliver every S3 event N times, shuffled, and every batch of messages N times
  --keep                leave everything running until Ctrl-C, with a live page
  --migrate             create or alter the tables of the server that CLICKHOUSE_URL names
  --json                one JSON document, last on stdout
  --help                this text

CLICKHOUSE_URL (CLICKHOUSE_DATABASE, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD) names a server to use instead of the
embedded engine; AWS_ENDPOINT_URL_S3, _SQS and _DYNAMODB do the same for those services.

Exit codes: 0 all accounted for (rejected records included), 1 something is not, 2 wrong usage.
`

const definitions = {
  input: { type: 'string', multiple: true },
  messages: { type: 'string', multiple: true },
  limit: { type: 'string' },
  'split-lines': { type: 'string' },
  dataset: { type: 'string' },
  target: { type: 'string', multiple: true },
  dir: { type: 'string' },
  'duplicate-events': { type: 'string' },
  keep: { type: 'boolean' },
  migrate: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** `--limit -1` is a wrong number, not an option of its own: as `--limit=-1` it is told so. */
const joinNegative = (args: readonly string[]): string[] =>
  args.flatMap((arg, at) => {
    const isCount = (name: string | undefined) => counted.includes(name ?? '')
    if (/^-\d/.test(arg) && isCount(args[at - 1])) return []
    const next = args[at + 1]
    return isCount(arg) && next !== undefined && /^-\d/.test(next) ? [`${arg}=${next}`] : [arg]
  })

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: joinNegative(args), options: definitions, strict: true }).values
  } catch (error) {
    throw unreadable(error)
  }
}

const countOf = (option: string, text: string | undefined, max: number): number | undefined => {
  if (text === undefined) return undefined
  const count = /^\d+$/.test(text) ? Number(text) : NaN
  if (count >= 1 && count <= max) return count
  throw new UsageError(`--${option} must be a whole number from 1 to ${max}, not "${text}"`)
}

const notEmpty = (option: string, text: string | undefined): string | undefined => {
  if (text !== undefined && text.trim() === '') throw new UsageError(`--${option} is empty`)
  return text
}

const targetsOf = (lists: readonly string[] | undefined): readonly string[] => {
  if (lists === undefined) return localTargets
  const names = lists.flatMap((list) => list.split(',')).map((name) => name.trim())
  const strange = names.find((name) => !(localTargets as readonly string[]).includes(name))
  if (strange !== undefined)
    throw new UsageError(
      `--target knows ${localTargets.join(' and ')} on this machine, not "${strange}"`,
    )
  return localTargets.filter((target) => names.includes(target))
}

const datasetOf = (name: string | undefined, known: Known): string | undefined => {
  if (name === undefined || known.datasets.includes(name)) return name
  throw new UsageError(`--dataset knows ${known.datasets.join(', ')}, not "${name}"`)
}

/** @throws UsageError naming the option that cannot be taken. */
export const readOptions = (args: readonly string[], known: Known): Options | 'help' => {
  const values = parse(args)
  if (values.help) return 'help'
  for (const input of values.input ?? []) notEmpty('input', input)
  for (const file of values.messages ?? []) notEmpty('messages', file)
  if (values.migrate && !known.hasServer)
    throw new UsageError('--migrate goes with CLICKHOUSE_URL: the engine of this run needs none')
  return {
    inputs: values.input ?? [],
    messages: values.messages ?? [],
    limit: countOf('limit', values.limit, counts.limit),
    splitLines: countOf('split-lines', values['split-lines'], counts.splitLines),
    dataset: datasetOf(values.dataset, known),
    targets: targetsOf(values.target),
    dir: notEmpty('dir', values.dir),
    duplicateEvents:
      countOf('duplicate-events', values['duplicate-events'], counts.duplicateEvents) ?? 1,
    keep: values.keep ?? false,
    migrate: values.migrate ?? false,
    json: values.json ?? false,
  }
}
