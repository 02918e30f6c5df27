import { parseWithSource } from './sent-number.ts'

/** A JSON number too large for a double to hold exactly: its digits as they were sent. In JSON it is text. */
export class RoundedNumber {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }

  toJSON(): string {
    return this.digits
  }
}

let areThere = false

/** Asked for every object of every record, while there are such numbers only in the second mapping of a record that has one. */
export const isRoundedNumber = (value: unknown): value is RoundedNumber =>
  areThere && value instanceof RoundedNumber

/** Beyond 2^53 two numbers may become one. Infinity is what JSON.parse made of a number no double reaches. */
export const isRounded = (value: unknown): boolean =>
  isRoundedNumber(value) || (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)

let areMissed = false

/** Said of a rounded number whose digits would have been written had they been known. */
export const missDigits = (): void => void (areMissed = true)

/** A double holds any decimal number of so many digits, and gives it back. */
export const exactDigits = 15

/** More digits than `exactDigits` in a row, or as many and a point: of a number, or of a text, which is looked at in vain. */
const manyDigits = /\d[\d.]{15}/

/** Of `-0.00123e5`: 3. Zeros behind the last other digit count. */
const countDigits = (source: string): number =>
  source
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '').length

export interface DigitOptions {
  /** Whether numbers of more than 15 digits are kept as well, of whatever size: where they must not be rounded at all. */
  readonly exact?: boolean
}

/**
 * Maps a record, and once more when digits were missed, then with a RoundedNumber for every number that JSON.parse rounded:
 * to look for them in the text of every record would take longer than the mapping. `map` must be pure. The text may be unknown.
 */
export const mapWithDigits = <Parsed, Result>(
  record: Parsed,
  text: string | undefined,
  map: (record: Parsed) => Result,
  { exact = false }: DigitOptions = {},
): Result => {
  areMissed = false
  const result = map(record)
  if (text === undefined || !(areMissed || (exact && manyDigits.test(text)))) return result
  areThere = true
  try {
    return map(keepDigits(record, text, exact))
  } finally {
    areThere = false
  }
}

/** The record itself when it is nested so deep (thousands of levels) that the numbers cannot be found again. */
const keepDigits = <Parsed>(record: Parsed, text: string, exact: boolean): Parsed => {
  try {
    return parseWithSource(text, (_key, value, { source }) =>
      typeof value === 'number' &&
      source !== undefined &&
      (isRounded(value) || (exact && countDigits(source) > exactDigits))
        ? new RoundedNumber(source)
        : value,
    ) as Parsed
  } catch {
    return record
  }
}
