/** Where the date of an object comes from, the first that has one: the key's own timestamp, its partition, Last-Modified. */
export const datesFrom = ['key', 'partition', 'modified'] as const
export type DateFrom = (typeof datesFrom)[number]

export interface ObjectDate {
  /** Epoch ms; of a partition its beginning. */
  readonly at: number
  readonly from: DateFrom
  /** The partition is a day: it does not tell the hour. */
  readonly isDay: boolean
}

/** As the producers write it, with `-` or `:`; what follows the seconds may have any number of digits. */
const stamp = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)[-:](\d\d)[-:](\d\d)(?:\.(\d{1,9}))?Z(?=[_.-]|$)/
const dayPartition = /(?:^|\/)dt=(\d{4})-(\d\d)-(\d\d)\/(?:hour=(\d{1,2})\/)?/
const parts = /(?:^|\/)year=(\d{4})\/month=(\d{1,2})\/day=(\d{1,2})\/(?:hour=(\d{1,2})\/)?/

/**
 * When an object is of. The name of its file (`2026-02-11T14-05-02.123456Z_<id>.jsonl`), else its partition (`dt=2026-02-11/` or
 * `year=2026/month=02/day=11/`, with `hour=14/` or without), else Last-Modified. A text that is no date of the calendar is none.
 */
export const dateOf = (object: {
  readonly key: string
  readonly lastModified: number
}): ObjectDate => {
  const { key, lastModified } = object
  const named = instantOf(stamp.exec(key.slice(key.lastIndexOf('/') + 1)))
  if (named !== undefined) return { at: named, from: 'key', isDay: false }
  const found = dayPartition.exec(key) ?? parts.exec(key)
  const begun = instantOf(found)
  if (begun !== undefined) return { at: begun, from: 'partition', isDay: found?.[4] === undefined }
  return { at: lastModified, from: 'modified', isDay: false }
}

/** Year, month, day, hour, minute, second, fraction; what is below a millisecond is cut off. */
const instantOf = (found: RegExpExecArray | null): number | undefined => {
  if (!found) return undefined
  const [year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = '0'] =
    found.slice(1)
  const two = (text: string): string => text.padStart(2, '0')
  const ms = fraction.slice(0, 3).padEnd(3, '0')
  return readExact(
    `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}.${ms}Z`,
  )
}

/** Epoch ms of `YYYY-MM-DDTHH:MM:SS.mmmZ`; undefined: the calendar does not have it. Date.parse takes the 30th of February. */
export const readExact = (text: string): number | undefined => {
  const at = Date.parse(text)
  return Number.isFinite(at) && new Date(at).toISOString() === text ? at : undefined
}
