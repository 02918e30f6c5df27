import { readFile } from 'node:fs/promises'
import { figureMeanings, limitMeanings, type Numbers, priceMeanings } from '@silversmith/flow/cost'
import { UsageError } from '../usage-error.ts'

/** A file of numbers: each with its value and where that comes from. */
export interface Source<Meanings> {
  /** When the numbers were taken. */
  readonly date: string
  readonly numbers: Numbers<Meanings>
  readonly from: Readonly<Record<keyof Meanings, string>>
  /** What else the file says of itself, e.g. its region. */
  readonly about: Readonly<Record<string, unknown>>
}

interface Wanted<Meanings> {
  /** The option that names the file. */
  readonly option: string
  readonly meanings: Meanings
  /** Entries beside `date` and `numbers`. */
  readonly about: readonly string[]
  /** Whether a number may be 0. */
  readonly mayBeFree: boolean
}

export const wantedMeasured: Wanted<typeof figureMeanings> = {
  ...{ option: 'measured', meanings: figureMeanings, about: ['machine', 'commit'] },
  mayBeFree: false,
}
export const wantedPrices: Wanted<typeof priceMeanings> = {
  ...{ option: 'prices', meanings: priceMeanings, about: ['region'], mayBeFree: true },
}
export const wantedLimits: Wanted<typeof limitMeanings> = {
  ...{ option: 'limits', meanings: limitMeanings, about: [], mayBeFree: false },
}

/** @throws UsageError when there is no such file. */
export const readNumbers = async <Meanings extends Readonly<Record<string, string>>>(
  path: string,
  wanted: Wanted<Meanings>,
): Promise<Source<Meanings>> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--${wanted.option} ${path} cannot be read: ${(error as Error).message}`)
  })
  return parseNumbers(text, wanted)
}

/** @throws UsageError that names every entry too many, missing or no number. */
export const parseNumbers = <Meanings extends Readonly<Record<string, string>>>(
  text: string,
  { option, meanings, about, mayBeFree }: Wanted<Meanings>,
): Source<Meanings> => {
  const whole = parseObject(text)
  if (!whole) throw new UsageError(`--${option} takes a file with a JSON object`)
  const { date, numbers, ...more } = whole
  const entries = isObject(numbers) ? numbers : {}
  const problems = [
    ...nameProblems('', Object.keys(whole), ['date', 'numbers', ...about]),
    ...nameProblems('numbers.', Object.keys(entries), Object.keys(meanings)),
    ...Object.entries(entries).flatMap(([name, entry]) => valueProblems(name, entry, mayBeFree)),
  ]
  if (problems.length > 0) throw new UsageError(`--${option}: ${problems.join('; ')}`)
  const known = Object.entries(entries as Record<string, Entry>)
  return {
    ...{ date: String(date), about: more },
    numbers: Object.fromEntries(known.map(([name, { value }]) => [name, value])),
    from: Object.fromEntries(known.map(([name, { from }]) => [name, from])),
  } as Source<Meanings>
}

interface Entry {
  readonly value: number
  readonly from: string
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

const nameProblems = (
  place: string,
  given: readonly string[],
  known: readonly string[],
): readonly string[] => [
  ...given.filter((name) => !known.includes(name)).map((name) => `${place}${name} is not known`),
  ...known.filter((name) => !given.includes(name)).map((name) => `${place}${name} is missing`),
]

const valueProblems = (name: string, entry: unknown, mayBeFree: boolean): readonly string[] => {
  const { value, from } = isObject(entry) ? entry : {}
  const isNumber = typeof value === 'number' && Number.isFinite(value)
  return [
    ...(isNumber && (value > 0 || (mayBeFree && value === 0))
      ? []
      : [`numbers.${name}.value must be a number ${mayBeFree ? 'from 0 on' : 'above 0'}`]),
    ...(typeof from === 'string' && from !== ''
      ? []
      : [`numbers.${name}.from must say where the value comes from`]),
  ]
}
