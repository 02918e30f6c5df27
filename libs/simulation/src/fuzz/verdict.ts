import { plausibleTimes } from '@silversmith/datasets'

/** Where a record may end: in `rows`, `discarded`, or in quarantine under one of the reasons. */
export type Verdict = ReadonlySet<string>

const one = (...names: readonly string[]): Verdict => new Set(names)

/**
 * What a dataset must make of a value and its text, told without its code. Where a text is no time of the usual form, several
 * ends are right, but never `mapping_failed`: that is a bug of the dataset.
 */
export const verdictOf = (dataset: string, value: unknown, text: string): Verdict => {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject) return one('not_an_object')
  const fields = value as Readonly<Record<string, unknown>>
  if (dataset === 'memos') {
    return fields['kind'] === 'noise' ? one('discarded') : memoVerdict(fields)
  }
  if (countNames(text) !== countKeys(fields)) return one('duplicate_key')
  if (dataset === 'xapi_events') return timeVerdict(fields, ['timestamp'])
  const time = timeVerdict(fields, ['timestamp', 'stored'])
  if (!time.has('rows') || isStatement(fields)) return time
  return new Set([...time].flatMap((end) => (end === 'rows' ? partReasons : [end])))
}

/** Texts with a colon behind them. */
const countNames = (text: string): number =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/gs)].filter(([, colon]) => colon !== undefined).length

const countKeys = (root: unknown): number => {
  let keys = 0
  const values = [root]
  while (values.length > 0) {
    const value = values.pop()
    if (typeof value !== 'object' || value === null) continue
    const inner = Object.values(value)
    if (!Array.isArray(value)) keys += inner.length
    for (const one of inner) values.push(one)
  }
  return keys
}

const partReasons = ['actor', 'verb', 'object'].flatMap((part) => [
  `${part}_missing`,
  `${part}_invalid`,
])

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

const isText = (value: unknown): boolean => typeof value === 'string' && /\S/.test(value)

const isNamed = (agent: Fields): boolean =>
  ['mbox', 'mbox_sha1sum', 'openid', 'account'].some(
    (name) => agent[name] !== undefined && agent[name] !== null,
  ) ||
  (agent['objectType'] === 'Group' && Array.isArray(agent['member']))

/** Whether it says who did what to what. */
const isStatement = ({ actor, verb, object }: Fields): boolean => {
  if (!isNamed(fieldsOf(actor)) || !isText(fieldsOf(verb)['id'])) return false
  const target = fieldsOf(object)
  const type = target['objectType']
  if (type === 'Agent' || type === 'Group') return isNamed(target)
  if (type !== 'SubStatement') return isText(target['id'])
  const inner = target['object']
  return (
    isNamed(fieldsOf(target['actor'])) &&
    isText(fieldsOf(target['verb'])['id']) &&
    typeof inner === 'object' &&
    inner !== null &&
    !Array.isArray(inner)
  )
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
