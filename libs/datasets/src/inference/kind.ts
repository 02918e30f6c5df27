import { isObject } from '../json.ts'
import { readDate, readTimestamp } from '../read.ts'
import { SentNumber } from '../sent-number.ts'
import { isUuid } from '../uuid.ts'

/** A number's digits without zeros at either end, and the power of ten of the last of them. */
export interface Digits {
  readonly significant: string
  readonly exponent: number
}

export const digitsOf = (source: string): Digits => {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  return {
    significant,
    exponent:
      significant === ''
        ? 0
        : Number(exponent) - fraction.length + digits.length - significant.length,
  }
}

const textOf = (number: number): string => (Object.is(number, -0) ? '-0' : String(number))

/** A double gives the number back, every digit of it. */
const isDouble = (source: string): boolean => {
  const number = Number(source)
  if (!Number.isFinite(number)) return false
  const [sent, kept] = [digitsOf(source), digitsOf(textOf(number))]
  return sent.significant === kept.significant && sent.exponent === kept.exponent
}

const int64End = 2n ** 63n

const isInt64 = (source: string): boolean => {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(source)) return false
  const whole = BigInt(source)
  return whole >= -int64End && whole < int64End
}

/** Text that a column of microseconds gives back, but for its offset. */
const isTime = (text: string): boolean =>
  !/[.,]\d{7}/.test(text) && text === text.trim() && readTimestamp(text) !== undefined

/** Types that a column may be inferred to have; of those that hold all its values the first. */
export const kinds = [
  'boolean',
  'int64',
  'float64',
  'decimal',
  'uuid',
  'date',
  'timestamp',
  'text',
  'json',
] as const
export type Kind = (typeof kinds)[number]

/** Whether a column of the kind gives the value back as it was sent. Of `decimal` only what a single value can say. */
export const isOfKind = (kind: Kind, value: unknown): boolean => {
  if (kind === 'json') return true
  if (value instanceof SentNumber) return isNumberOfKind(kind, value.source)
  if (typeof value === 'number') return isNumberOfKind(kind, textOf(value))
  if (typeof value === 'boolean') return kind === 'boolean' || kind === 'text'
  if (typeof value !== 'string') return false
  switch (kind) {
    case 'uuid':
      return isUuid(value) && value === value.toLowerCase()
    case 'date':
      return readDate(value) !== undefined
    case 'timestamp':
      return isTime(value)
    default:
      return kind === 'text' && value.isWellFormed()
  }
}

const isNumberOfKind = (kind: Kind, source: string): boolean => {
  switch (kind) {
    case 'int64':
      return isInt64(source)
    case 'float64':
      return isDouble(source)
    case 'decimal':
      // The sign of a zero is lost.
      return digitsOf(source).significant !== '' || !source.startsWith('-')
    case 'text':
      return isInt64(source) || (isDouble(source) && String(Number(source)) === source)
    default:
      return false
  }
}

/** An object of JSON, as `parseAsSent` gives it. */
export const isSentObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) && !(value instanceof SentNumber)
