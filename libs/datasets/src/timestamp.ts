const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/

const secondsPerDay = 86_400
const microsPerSecond = 1_000_000

/**
 * ISO 8601 (extended form) → whole microseconds since the epoch, UTC. Digits below a microsecond are cut off; a time
 * without offset is UTC; a date without time is its midnight. Undefined for anything else: a day that does not exist,
 * hour 24, a leap second, an offset over 23:59.
 */
export const parseTimestamp = (text: string): number | undefined =>
  parseUsual(text) ?? parseAny(text)

const parseAny = (text: string): number | undefined => {
  const parts = pattern.exec(text)
  if (!parts) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = parts
  const date = daysOf(Number(year), Number(month), Number(day))
  const time = secondsOf(Number(hour), Number(minute), Number(second))
  const offset = offsetSeconds(zone)
  if (date === undefined || time === undefined || offset === undefined) return undefined
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'))
  return (date * secondsPerDay + time - offset) * microsPerSecond + micros
}

/** Lengths of `2026-01-05T10:11:12Z` and of the longest fraction that counts. */
const usualLength = 20
const usualLengthMax = 27
const [zero, dash, colon, dot, letterT, letterZ] = Array.from('0-:.TZ', (char) =>
  char.charCodeAt(0),
)

/** What nearly all producers send, without a regular expression; undefined for everything else. */
const parseUsual = (text: string): number | undefined => {
  const end = text.length - 1
  if (
    end < usualLength - 1 ||
    end >= usualLengthMax ||
    text.charCodeAt(4) !== dash ||
    text.charCodeAt(7) !== dash ||
    text.charCodeAt(10) !== letterT ||
    text.charCodeAt(13) !== colon ||
    text.charCodeAt(16) !== colon ||
    text.charCodeAt(end) !== letterZ ||
    (end > usualLength - 1 && text.charCodeAt(usualLength - 1) !== dot)
  )
    return undefined
  const date = daysOf(digitsIn(text, 0, 4), digitsIn(text, 5, 7), digitsIn(text, 8, 10))
  const time = secondsOf(digitsIn(text, 11, 13), digitsIn(text, 14, 16), digitsIn(text, 17, 19))
  const fraction = end === usualLength - 1 ? 0 : digitsIn(text, usualLength, end)
  if (date === undefined || time === undefined) return undefined
  const micros = fraction * 10 ** (usualLengthMax - 1 - Math.max(end, usualLength))
  const whole = (date * secondsPerDay + time) * microsPerSecond + micros
  return Number.isNaN(whole) ? undefined : whole
}

/** NaN unless there are digits only, and at least one. */
const digitsIn = (text: string, from: number, to: number): number => {
  let number = from < to ? 0 : NaN
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - (zero as number)
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : NaN
  }
  return number
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** Days since the epoch in the proleptic Gregorian calendar; Date.UTC would read years below 100 as 19xx. */
const daysOf = (year: number, month: number, day: number): number | undefined => {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const last = month === 2 && leap ? 29 : monthDays[month - 1]
  if (last === undefined || day < 1 || day > last) return undefined
  // Years begin in March, so that the leap day is the last of its year.
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

const secondsOf = (hour: number, minute: number, second: number): number | undefined =>
  hour < 24 && minute < 60 && second < 60 ? hour * 3_600 + minute * 60 + second : undefined

const offsetSeconds = (zone: string | undefined): number | undefined => {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const digits = zone.slice(1).replace(':', '')
  const seconds = secondsOf(Number(digits.slice(0, 2)), Number(digits.slice(2) || '0'), 0)
  return seconds === undefined ? undefined : zone.startsWith('-') ? 0 - seconds : seconds
}

/** From (inclusive) and until (exclusive), in microseconds: times outside it are mistakes of a clock or a unit. */
export interface TimeRange {
  readonly from: number
  readonly until: number
}

export const plausibleTimes: TimeRange = {
  from: Date.UTC(2000, 0, 1) * 1_000,
  until: Date.UTC(2100, 0, 1) * 1_000,
}

export const isWithin = (range: TimeRange, micros: number): boolean =>
  micros >= range.from && micros < range.until
