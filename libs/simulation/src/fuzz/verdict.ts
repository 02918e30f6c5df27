import { plausibleTimes } from '@silversmith/datasets'

/** Where a record may end: in `rows`, `discarded`, or in quarantine under one of the reasons. */
export type Verdict = ReadonlySet<string>

const one = (...names: readonly string[]): Verdict => new Set(names)

/**
 * What a dataset must make of a value, told without its code. Where a text is no time of the usual form, several ends are
 * right, but never `mapping_failed`: that is a bug of the dataset.
 */
export const verdictOf = (dataset: string, value: unknown): Verdict => {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject) return one('not_an_object')
  const fields = value as Readonly<Record<string, unknown>>
  if (dataset === 'memos') {
    return fields['kind'] === 'noise' ? one('discarded') : memoVerdict(fields)
  }
  return timeVerdict(fields, dataset === 'xapi_events' ? ['timestamp'] : ['timestamp', 'stored'])
}

const memoVerdict = ({ id, time }: Readonly<Record<string, unknown>>): Verdict => {
  if (typeof id !== 'string' || id === '') return one('missing_id')
  if (!isUsual(time)) return one('rows', 'invalid_time', 'invalid_mark')
  return isReal(time) && isPlausible(time) ? one('rows', 'invalid_mark') : one('invalid_time')
}

const isPlausible = (text: string): boolean => {
  const micros = Date.parse(text) * 1000
  return micros >= plausibleTimes.from && micros < plausibleTimes.until
}

const isUsual = (text: unknown): text is string =>
  typeof text === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)

/** Date.parse turns 30 February into 2 March. */
const isReal = (text: string): boolean => {
  const ms = Date.parse(text)
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === text.slice(0, 19)
}

const timeVerdict = (
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Verdict => {
  const isThere = (value: unknown): boolean =>
    typeof value === 'string' ? /\S/.test(value) : value !== undefined && value !== null
  const time = names.map((name) => fields[name]).find(isThere)
  if (time === undefined) return one('timestamp_missing')
  if (typeof time !== 'string') return one('timestamp_invalid')
  if (!isUsual(time)) return one('rows', 'timestamp_invalid', 'timestamp_out_of_range')
  if (!isReal(time)) return one('timestamp_invalid')
  return one(isPlausible(time) ? 'rows' : 'timestamp_out_of_range')
}
