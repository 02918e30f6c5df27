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

/** Beyond 2^53 two numbers may become one. Infinity is what JSON.parse made of a number no double reaches. */
export const isRounded = (value: unknown): boolean =>
  value instanceof RoundedNumber ||
  (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)

/** Finds every text with such a number: it has 16 digits or an exponent. May find others. */
const largeNumber = /[[:,\s]-?(?:\d{16}|[\d.]+[eE]\+?\d)/

/** Node's JSON.parse tells a reviver the source text of each number; its types do not know that. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

/**
 * The record with a RoundedNumber for every number that JSON.parse rounded; the record itself when it has none, and when its
 * text is not known or nested so deep (thousands of levels) that the numbers cannot be found again.
 */
export const keepDigits = <Parsed>(record: Parsed, text: string | undefined): Parsed => {
  if (text === undefined || !largeNumber.test(text)) return record
  try {
    return parseWithSource(text, (_key, value, { source }) =>
      typeof value === 'number' && isRounded(value) && source !== undefined
        ? new RoundedNumber(source)
        : value,
    ) as Parsed
  } catch {
    return record
  }
}
