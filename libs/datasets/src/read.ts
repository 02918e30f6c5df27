import {
  type ColumnType,
  dateMax,
  dateMin,
  type DecimalType,
  type PlainType,
  type Value,
} from '@silversmith/core'
import { isObject, writeJson } from './json.ts'
import { exactDigits, isRounded, isRoundedNumber } from './rounded-number.ts'
import { isWithin, parseTimestamp, plausibleTimes } from './timestamp.ts'
import { isUuid } from './uuid.ts'

/** A present JSON value → the column's value; undefined when it is not of that kind. */
export type Read = (value: unknown) => Value | undefined

/** Text as it is. One with half a surrogate pair is refused: UTF-8 cannot hold it, and it would become another. */
export const readPlainText = (value: unknown): string | undefined =>
  typeof value === 'string' && value.isWellFormed() ? value : undefined

/** As `readPlainText`; numbers and booleans as JSON writes them. A rounded number is refused: two ids could become one. */
export const readText = (value: unknown): string | undefined => {
  if (typeof value === 'string') return readPlainText(value)
  if (typeof value === 'number')
    return isRounded(value) ? undefined : Object.is(value, -0) ? '-0' : String(value)
  return typeof value === 'boolean' ? String(value) : undefined
}

/** As `readPlainText`; anything else as its JSON text. Refuses a rounded number. */
export const readTextOrJson: Read = (value) => {
  if (typeof value === 'string') return readPlainText(value)
  return isRounded(value) ? undefined : writeJson(value)
}

/** JSON text of an object or array. */
export const readJson: Read = (value) =>
  isObject(value) || Array.isArray(value) ? writeJson(value) : undefined

/** JSON text of a list. */
export const readList: Read = (value) => (Array.isArray(value) ? writeJson(value) : undefined)

const uint64Max = 2n ** 64n - 1n
const uint64DigitsMax = 20

/** Whole numbers from 0 and their decimal digits as text. A number above 2^53 was already rounded: refused. */
export const readUint64: Read = (value) => {
  if (typeof value === 'number')
    // + 0: whole numbers have one zero.
    return Number.isSafeInteger(value) && value >= 0 ? value + 0 : undefined
  if (typeof value !== 'string' || value.length > uint64DigitsMax || !/^\d+$/.test(value))
    return undefined
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  const big = BigInt(value)
  return big <= uint64Max ? big : undefined
}

const uint32Max = 2 ** 32 - 1

export const readUint32: Read = (value) => {
  const whole = readUint64(value)
  return typeof whole === 'number' && whole <= uint32Max ? whole : undefined
}

const int64Digits = /^[+-]?\d{1,19}$/
const int64End = 2n ** 63n

/** Whole numbers and their decimal digits as text. A number beyond 2^53 is refused where only what it was rounded to is known. */
export const readInt64: Read = (value) => {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  const digits = isRoundedNumber(value) ? value.digits : value
  if (typeof digits !== 'string' || !int64Digits.test(digits)) return undefined
  const number = Number(digits)
  if (Number.isSafeInteger(number)) return number
  const big = BigInt(digits)
  return big >= -int64End && big < int64End ? big : undefined
}

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

/** Finite numbers and their decimal text, as near as a double comes. */
export const readFloat64: Read = (value) => {
  const text = isRoundedNumber(value) ? value.digits : value
  const number = typeof text === 'string' && decimal.test(text.trim()) ? Number(text.trim()) : text
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** No number of 38 digits needs more, with sign, point and exponent. */
const decimalCharsMax = 64

/** Sign, digits before and behind the point, exponent. */
const decimalParts = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/

/**
 * Numbers and their decimal text, never rounded: refused are more digits behind the point than the scale, more in all than the
 * precision, and numbers of more than 15 digits where only a double is known of them.
 */
export const readDecimal =
  ({ precision, scale }: DecimalType['decimal']): Read =>
  (value) => {
    const sent = isRoundedNumber(value) ? value.digits : value
    const text = typeof sent === 'string' || typeof sent === 'number' ? String(sent).trim() : ''
    if (text.length > decimalCharsMax || !decimal.test(text)) return undefined
    const [, sign = '', whole = '', fraction = '', exponent = '0'] = decimalParts.exec(text) ?? []
    const digits = (whole + fraction).replace(/^0+/, '')
    const significant = digits.replace(/0+$/, '')
    if (significant === '') return 0
    if (typeof value === 'number' && significant.length > exactDigits) return undefined
    // The number is `significant` × 10^-scale × 10^shift.
    const shift = scale + Number(exponent) - fraction.length + digits.length - significant.length
    if (shift < 0 || significant.length + shift > precision) return undefined
    const units = BigInt(`${sign === '-' ? '-' : ''}${significant}${'0'.repeat(shift)}`)
    const number = Number(units)
    return Number.isSafeInteger(number) ? number : units
  }

const booleanWords: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [1, true],
  ['true', true],
  ['t', true],
  ['yes', true],
  ['y', true],
  ['1', true],
  [false, false],
  [0, false],
  ['false', false],
  ['f', false],
  ['no', false],
  ['n', false],
  ['0', false],
])

export const readBoolean: Read = (value) =>
  booleanWords.get(typeof value === 'string' ? value.trim().toLowerCase() : value)

/** A plausible ISO 8601 time. */
export const readTimestamp: Read = (value) => {
  const micros = typeof value === 'string' ? parseTimestamp(value.trim()) : undefined
  return micros !== undefined && isWithin(plausibleTimes, micros) ? micros : undefined
}

const secondsPerDay = 86_400
const microsPerSecond = 1_000_000

/** `2026-02-11`, of a year from 1900 to 2299. */
export const readDate: Read = (value) => {
  const micros =
    typeof value === 'string' && dateText.test(value) ? parseTimestamp(value) : undefined
  const day = micros === undefined ? NaN : micros / (secondsPerDay * microsPerSecond)
  return day >= dateMin && day <= dateMax ? day : undefined
}

const dateText = /^\d{4}-\d{2}-\d{2}$/

/** In lower case. */
export const readUuid: Read = (value) =>
  typeof value === 'string' && isUuid(value) ? value.toLowerCase() : undefined

/** A list counts as its length: hints are sent as a list of their ids. */
export const readCount: Read = (value) => (Array.isArray(value) ? value.length : readUint32(value))

const preferredLanguages = ['en-US', 'en', 'en-GB', 'und'] as const

/** An xAPI language map in one language, English where there is it; plain text as it is. */
export const readLanguageMap: Read = (value) => {
  if (!isObject(value)) return readPlainText(value)
  for (const language of preferredLanguages) {
    const text = readPlainText(value[language])
    if (text !== undefined) return text
  }
  return Object.values(value).find((text) => readPlainText(text) !== undefined) as
    string | undefined
}

const plainReaders: Readonly<Partial<Record<PlainType, Read>>> = {
  text: readText,
  category: readText,
  json: readJson,
  uint32: readUint32,
  uint64: readUint64,
  int64: readInt64,
  float64: readFloat64,
  boolean: readBoolean,
  timestamp: readTimestamp,
  date: readDate,
  uuid: readUuid,
}

/** How a column of this type is read when its rule says nothing else; undefined where only the rule can say it. */
export const readerOf = (type: ColumnType): Read | undefined => {
  if (typeof type === 'string') return plainReaders[type]
  return 'decimal' in type ? readDecimal(type.decimal) : undefined
}
