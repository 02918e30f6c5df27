import { writeJson } from '../json.ts'
import { SentNumber } from '../sent-number.ts'

/**
 * JSON as Python's json.dumps writes it with sorted keys and no spaces: ASCII only, and 1.0 is not 1 (where the numbers are known
 * as sent). The same for a value however it was laid out. Fractions below 0.0001 and from 10^16 on are written as in JavaScript.
 */
export const canonicalJson = (value: unknown): string => {
  try {
    return write(value)
  } catch (error) {
    // Nested deeper than the stack.
    if (error instanceof RangeError) return writeJson(value)
    throw error
  }
}

const write = (value: unknown): string => {
  if (value instanceof SentNumber) return writeNumber(value.source)
  if (typeof value === 'string') return writeText(value)
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const object = value as Readonly<Record<string, unknown>>
  const members = Object.keys(object)
    .sort()
    .map((key) => `${writeText(key)}:${write(object[key])}`)
  return `{${members.join(',')}}`
}

const writeNumber = (source: string): string => {
  if (!/[.eE]/.test(source)) return source === '-0' ? '0' : source
  const number = Number(source)
  if (Object.is(number, -0)) return '-0.0'
  const isShort = Number.isInteger(number) && Math.abs(number) < 1e16
  return isShort ? `${number}.0` : String(number)
}

const writeText = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
