import { Fault } from './fault.ts'

/** What a text means as a setting, or what is wrong with it ("must be …"; without the value, which may be secret). */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }

export type Parser<T> = (text: string) => Parsed<T>

interface SettingFacts<T> {
  readonly name: string
  /** Older names of the same setting. */
  readonly aliases?: readonly string[]
  readonly parse: Parser<T>
  /** Never shown: neither in problems nor in the effective settings. */
  readonly secret?: boolean
  readonly description: string
}

/** One named setting. An empty text counts as not given. */
export type Setting<T> =
  (SettingFacts<T> & { readonly required: true }) | (SettingFacts<T> & { readonly default: T })

/** A name that other houses know and this one does not take: why, and what to do instead. */
export interface RefusedSetting {
  readonly name: string
  readonly reason: string
  readonly instead: string
}

export type Environment = Readonly<Record<string, string | undefined>>

type Settings = Readonly<Record<string, Setting<unknown>>>

export type SettingValues<Table extends Settings> = {
  readonly [Key in keyof Table]: Table[Key] extends Setting<infer Value> ? Value : never
}

/** Keeps the value's type of a setting inside a table. */
export const setting = <T>(facts: Setting<T>): Setting<T> => facts

/**
 * Reads a whole table of settings.
 *
 * @throws Fault SETTINGS_INVALID whose message lists every problem, one per line, not only the first.
 */
export const readSettings = <Table extends Settings>(
  table: Table,
  environment: Environment,
  refused: readonly RefusedSetting[] = [],
): SettingValues<Table> => {
  const { values, problems } = inspectSettings(table, environment, refused)
  if (problems.length > 0) throw settingsInvalid(problems)
  return values
}

/** As `readSettings`, for callers that add problems of their own before they give up. */
export const inspectSettings = <Table extends Settings>(
  table: Table,
  environment: Environment,
  refused: readonly RefusedSetting[] = [],
): { readonly values: SettingValues<Table>; readonly problems: readonly string[] } => {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [key, one] of Object.entries(table)) {
    const read = readOne(one, environment)
    if ('problem' in read) problems.push(read.problem)
    else values[key] = read.value
  }
  for (const { name, reason, instead } of refused) {
    if (textOf(environment, name) === undefined) continue
    problems.push(`${name} is not taken: ${reason}. Instead: ${instead}`)
  }
  return { values: values as SettingValues<Table>, problems }
}

/** One fault for any number of problems. */
export const settingsInvalid = (problems: readonly string[]): Fault =>
  new Fault(
    'SETTINGS_INVALID',
    `${problems.length} ${problems.length === 1 ? 'setting needs' : 'settings need'} attention:\n${problems
      .map((problem) => `- ${problem}`)
      .join('\n')}`,
  )

/** What is in force, for the one line a function logs at its start. Secrets are `set` or `not set`. */
export const effectiveSettings = <Table extends Settings>(
  table: Table,
  values: SettingValues<Table>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(table).map(([key, { secret }]) => {
      const value = values[key]
      return [key, secret ? (value === undefined ? 'not set' : 'set') : value]
    }),
  )

const textOf = (environment: Environment, name: string): string | undefined =>
  environment[name]?.trim() || undefined

const readOne = (one: Setting<unknown>, environment: Environment): Parsed<unknown> => {
  const names = [one.name, ...(one.aliases ?? [])]
  const given = names.filter((name) => textOf(environment, name) !== undefined)
  const [name, ...others] = given
  if (name === undefined)
    return 'default' in one
      ? { value: one.default }
      : { problem: `${names.join(' or ')} is missing: ${one.description}` }
  const text = textOf(environment, name) ?? ''
  const rival = others.find((other) => textOf(environment, other) !== text)
  if (rival) return { problem: `${name} and ${rival} name the same setting and differ: give one` }
  const parsed = one.parse(text)
  if ('value' in parsed) return parsed
  return {
    problem: `${name} ${parsed.problem}${one.secret ? '' : `, not ${JSON.stringify(text)}`}`,
  }
}
