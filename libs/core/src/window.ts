import { type DateFrom, dateOf, type ObjectDate, readExact } from './key-date.ts'
import { keyPatternOf, keyPatternProblem } from './key-pattern.ts'
import type { ListedObject } from './ports.ts'

/** Which objects a job is about. What is absent does not narrow it. */
export interface JobWindow {
  /** Epoch ms, itself inside. */
  readonly start?: number
  /** Epoch ms, itself outside: windows side by side have no object in common and leave none out. */
  readonly end?: number
  /** Of the day, UTC. */
  readonly hours?: readonly number[]
  readonly keyRegex?: string
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly datasets?: readonly string[]
}

/** Why an object is outside. `unknown-hour`: hours are asked for, and its partition is a day. */
export type Outside = 'date' | 'hour' | 'unknown-hour' | 'key' | 'size' | 'dataset' | 'folder'

export interface Placed {
  readonly date: ObjectDate
  readonly dateFrom: DateFrom
  /** Undefined: it is inside. */
  readonly outside: Outside | undefined
}

/** Says of each object of a listing whether it is inside. */
export const createPlacing = (
  window: JobWindow,
): ((listed: ListedObject, dataset: string | undefined) => Placed) => {
  const { start = -Infinity, end = Infinity, hours, datasets, keyRegex } = window
  const { minBytes = 0, maxBytes = Infinity } = window
  const pattern = keyRegex === undefined ? undefined : keyPatternOf(keyRegex)
  const outsideOf = (
    { object: { key }, sizeBytes }: ListedObject,
    dataset: string | undefined,
    { at, isDay }: ObjectDate,
  ): Outside | undefined => {
    if (key.endsWith('/') && sizeBytes === 0) return 'folder'
    if (at < start || at >= end) return 'date'
    if (hours && isDay) return 'unknown-hour'
    if (hours && !hours.includes(new Date(at).getUTCHours())) return 'hour'
    if (sizeBytes < minBytes || sizeBytes > maxBytes) return 'size'
    if (datasets && (dataset === undefined || !datasets.includes(dataset))) return 'dataset'
    // Last, for it costs most.
    return pattern && !pattern.test(key) ? 'key' : undefined
  }
  return (listed, dataset) => {
    const date = dateOf({ key: listed.object.key, lastModified: listed.lastModified })
    return { date, dateFrom: date.from, outside: outsideOf(listed, dataset, date) }
  }
}

/** A window as somebody gives it, by event or by command. */
export interface WindowAsked {
  /** `2026-02-11`, or a time in ISO 8601 with its zone. */
  readonly start?: unknown
  /** The same; a day is meant with all its hours. */
  readonly end?: unknown
  readonly hours?: unknown
  readonly keyRegex?: unknown
  readonly minBytes?: unknown
  readonly maxBytes?: unknown
  readonly datasets?: unknown
}

export interface WindowProblem {
  readonly field: keyof WindowAsked
  /** "must be …" */
  readonly problem: string
}

/** Null and absent are the same. `known`: names of the datasets there are. */
export const readWindow = (
  asked: WindowAsked,
  known: readonly string[],
): { readonly window: JobWindow } | { readonly problems: readonly WindowProblem[] } => {
  const problems: WindowProblem[] = []
  const read = <T>(
    field: keyof WindowAsked,
    parse: (value: unknown) => T | string,
  ): T | undefined => {
    const value = asked[field]
    if (value === undefined || value === null) return undefined
    const parsed = parse(value)
    if (typeof parsed !== 'string') return parsed
    problems.push({ field, problem: parsed })
    return undefined
  }
  const start = read('start', (value) => readBound(value, 0))
  const end = read('end', (value) => readBound(value, dayMs))
  const hours = read('hours', readHours)
  const keyRegex = read('keyRegex', readPattern)?.text
  const minBytes = read('minBytes', readBytes)
  const maxBytes = read('maxBytes', readBytes)
  const datasets = read('datasets', (value) => readDatasets(value, known))
  if (start !== undefined && end !== undefined && start >= end)
    problems.push({ field: 'end', problem: 'must be after the start: between them is nothing' })
  if (minBytes !== undefined && maxBytes !== undefined && minBytes > maxBytes)
    problems.push({ field: 'maxBytes', problem: 'must not be less than min bytes' })
  if (problems.length > 0) return { problems }
  const given = { start, end, hours, keyRegex, minBytes, maxBytes, datasets }
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return { window: Object.fromEntries(entries) }
}

const dayMs = 86_400_000

const boundProblem =
  'must be a day of the calendar (2026-02-11, UTC), or a time with its zone (2026-02-11T14:00:00Z)'

/** A day begins `lastsMs` later where it is an end. */
const readBound = (value: unknown, lastsMs: number): number | string => {
  if (typeof value !== 'string') return boundProblem
  const day = /^\d{4}-\d\d-\d\d$/.test(value) ? readExact(`${value}T00:00:00.000Z`) : undefined
  if (day !== undefined) return day + lastsMs
  const [, date = '', time = '', fraction = '', zone = ''] =
    /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(value) ?? []
  // Of the calendar, whatever the zone.
  const local = readExact(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
  const shift = zone === 'Z' ? 0 : shiftOf(zone)
  return local === undefined || shift === undefined ? boundProblem : local - shift
}

/** Ms of `+02:00`. */
const shiftOf = (zone: string): number | undefined => {
  const [hours = 99, minutes = 99] = zone.slice(1).split(':').map(Number)
  if (hours > 14 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

const isHour = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 24

const readHours = (value: unknown): readonly number[] | string => {
  if (Array.isArray(value) && value.length > 0 && value.every(isHour))
    return [...new Set<number>(value)].sort((a, b) => a - b)
  return 'must be a list of hours from 0 to 23, UTC, at least one'
}

/** In a box, for a text is a problem. */
const readPattern = (value: unknown): { readonly text: string } | string => {
  if (typeof value !== 'string') return 'must be a text'
  return keyPatternProblem(value) ?? { text: value }
}

const readBytes = (value: unknown): number | string =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : 'must be a whole number of bytes'

const readDatasets = (value: unknown, known: readonly string[]): readonly string[] | string => {
  const isKnown = (name: unknown): name is string =>
    typeof name === 'string' && known.includes(name)
  if (Array.isArray(value) && value.length > 0 && value.every(isKnown))
    return [...new Set<string>(value)].toSorted()
  return `must be a list of datasets that routes lead to; these are ${known.join(', ')}`
}
