import { parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

/** What was asked for. */
export type Command =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'migrate'
      readonly plan: boolean
      /** Whose grants the plan names. */
      readonly user: string
      readonly json: boolean
    }
  | {
      readonly kind: 'invoke'
      readonly functionName: string
      /** A path, or `-` for standard input. */
      readonly event: string
      readonly dir: string
      readonly json: boolean
    }
  | {
      readonly kind: 'query'
      readonly statement: string
      readonly dir: string
      readonly json: boolean
    }
  | {
      readonly kind: 'head'
      readonly table: string
      readonly limit: number
      readonly dir: string
      readonly json: boolean
    }

export const defaultDir = '.silversmith/latest'
export const functionNames = ['ingest', 'transform', 'bulk']

/** The user of transform, where none is named. */
export const writerName = 'silversmith_writer'

export const help = `silversmith <command> [options]

  migrate                   create or alter the tables of the server that CLICKHOUSE_URL names
  migrate --plan [--user NAME]
                            only say what it would do, and which grants a user that only inserts needs;
                            NAME is ${writerName} by default
  invoke FUNCTION --event FILE
                            send an event to ${functionNames.join(', ')} of a local stack that npm start -- --keep
                            left up; FILE is JSON, - reads standard input
  query "SELECT …"          ask the ClickHouse of that stack, or the one CLICKHOUSE_URL names
  head TABLE [--limit N]    first rows of a table, from ClickHouse, else from the silver files of the last local run

  --dir DIR                 directory of the local stack. Default: ${defaultDir}
  --json                    one JSON document on standard output
  --help                    this text

CLICKHOUSE_DATABASE, CLICKHOUSE_USER and CLICKHOUSE_PASSWORD go with CLICKHOUSE_URL.
Exit codes: 0 done, 1 it failed, 2 wrong usage.
`

const definitions = {
  plan: { type: 'boolean' },
  user: { type: 'string' },
  event: { type: 'string' },
  limit: { type: 'string' },
  dir: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type OptionName = keyof typeof definitions

const optionsOf: Readonly<Record<string, readonly OptionName[]>> = {
  migrate: ['plan', 'user', 'json'],
  invoke: ['event', 'dir', 'json'],
  query: ['dir', 'json'],
  head: ['limit', 'dir', 'json'],
}

const limitDefault = 5
const limitMax = 1000

/** `--limit -1` is a wrong number, not an option of its own: as `--limit=-1` it is told so. */
const joinNegative = (args: readonly string[]): string[] =>
  args.flatMap((arg, at) => {
    if (/^-\d/.test(arg) && args[at - 1] === '--limit') return []
    const next = args[at + 1]
    return arg === '--limit' && next !== undefined && /^-\d/.test(next) ? [`${arg}=${next}`] : [arg]
  })

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: joinNegative(args), options: definitions, allowPositionals: true })
  } catch (error) {
    const [message = ''] = (error as Error).message.split('. To specify')
    throw new UsageError(`${message.replace(/\.$/, '')}; see --help`)
  }
}

const limitOf = (text: string | undefined): number => {
  const limit = text === undefined ? limitDefault : /^\d+$/.test(text) ? Number(text) : NaN
  if (limit >= 1 && limit <= limitMax) return limit
  throw new UsageError(`--limit must be a whole number from 1 to ${limitMax}, not "${text}"`)
}

/** @throws UsageError */
export const readCommandLine = (args: readonly string[]): Command => {
  const { values, positionals } = parse(args)
  const [name, argument, ...more] = positionals
  if (values.help || name === undefined || name === 'help') return { kind: 'help' }
  const allowed = optionsOf[name]
  if (!allowed)
    throw new UsageError(
      `there is no command ${name}; there are ${Object.keys(optionsOf).join(', ')}`,
    )
  const strange = Object.keys(values).find((option) => !allowed.includes(option as OptionName))
  if (strange !== undefined) throw new UsageError(`${name} takes no --${strange}; see --help`)
  const { dir = defaultDir, json = false } = values
  if (dir === '') throw new UsageError('--dir is empty')
  const needed = (what: string): string => {
    if (argument === undefined || argument.trim() === '')
      throw new UsageError(`${name} needs ${what}; see --help`)
    if (more.length > 0)
      throw new UsageError(`${name} takes one argument; put it in quotes: ${more.join(' ')}`)
    return argument
  }
  switch (name) {
    case 'migrate':
      if (argument !== undefined) throw new UsageError(`migrate takes no argument: ${argument}`)
      if (values.user !== undefined && !values.plan)
        throw new UsageError('--user goes with --plan: migrate itself grants nothing')
      if (values.user?.trim() === '') throw new UsageError('--user is empty')
      return { kind: name, plan: values.plan ?? false, user: values.user ?? writerName, json }
    case 'invoke': {
      const functionName = needed(`a function: ${functionNames.join(', ')}`)
      if (!functionNames.includes(functionName))
        throw new UsageError(
          `there is no function ${functionName}; there are ${functionNames.join(', ')}`,
        )
      if (!values.event) throw new UsageError('invoke needs --event FILE')
      return { kind: name, functionName, event: values.event, dir, json }
    }
    case 'query':
      return { kind: name, statement: needed('a statement in quotes'), dir, json }
    default:
      return {
        kind: 'head',
        table: needed('a table'),
        limit: limitOf(values.limit),
        dir,
        json,
      }
  }
}
