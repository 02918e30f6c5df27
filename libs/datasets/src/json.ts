import { isRounded, isRoundedNumber, missDigits } from './rounded-number.ts'

/** A JSON object as JSON.parse gives it. */
export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRoundedNumber(value)

/** Absent and null say the same: there is no value. */
export const isAbsent = (value: unknown): value is null | undefined =>
  value === null || value === undefined

/**
 * JSON text of any value JSON.parse gave, however deeply nested. A RoundedNumber is written as text, digit by digit: readers of
 * JSON would round or refuse the number. So is Infinity, which JSON.stringify would make null. -0 keeps its sign.
 */
export const writeJson = (value: unknown): string => {
  try {
    const text = JSON.stringify(value) ?? 'null'
    return needsCare.test(text) ? (JSON.stringify(value, keepNumber) ?? 'null') : text
  } catch (error) {
    // V8 recurses in JSON.stringify, but not in JSON.parse.
    if (error instanceof RangeError) return writeDeepJson(value)
    throw error
  }
}

/** What is written of every number that was rounded, of Infinity and of -0; may be written of others. */
const needsCare = /\d{16}|\d[eE]|null|(?:^|[[:,])0(?:$|[\],}])/

/** Text that JSON.stringify writes as it is; TypeScript does not know it yet. */
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => object }
const minusZero = rawJSON('-0')

const keepNumber = (_key: string, value: unknown): unknown => {
  if (Object.is(value, -0)) return minusZero
  if (typeof value !== 'number' || !isRounded(value)) return value
  missDigits()
  return Number.isFinite(value) ? value : String(value)
}

/** A piece of finished text, or a value still to be written. */
type Pending = { readonly text: string } | { readonly value: unknown }

const writeDeepJson = (root: unknown): string => {
  const written: string[] = []
  const pending: Pending[] = [{ value: root }]
  for (let next = pending.pop(); next; next = pending.pop()) {
    if ('text' in next) written.push(next.text)
    else if (Array.isArray(next.value)) pushParts(pending, '[', ']', next.value.map(elementOf))
    else if (isObject(next.value))
      pushParts(pending, '{', '}', Object.entries(next.value).map(memberOf))
    else written.push(JSON.stringify(keepNumber('', next.value)) ?? 'null')
  }
  return written.join('')
}

const elementOf = (value: unknown): readonly Pending[] => [{ value }]

const memberOf = ([key, value]: readonly [string, unknown]): readonly Pending[] => [
  { text: `${JSON.stringify(key)}:` },
  { value },
]

/** Last first: `pending` is a stack. */
const pushParts = (
  pending: Pending[],
  open: string,
  close: string,
  parts: readonly (readonly Pending[])[],
): void => {
  pending.push({ text: close })
  for (let at = parts.length - 1; at >= 0; at--) {
    for (const part of [...(parts[at] ?? [])].reverse()) pending.push(part)
    if (at > 0) pending.push({ text: ',' })
  }
  pending.push({ text: open })
}
