import type { Limits } from '@silversmith/core'

/** A record as the documentation says it must be found. */
export interface ReferenceRecord {
  readonly ordinal: number
  readonly line: number | null
  readonly offset: number
  readonly bytes: Buffer
  /** Why it can be no row, whatever the dataset; undefined: its dataset decides. */
  readonly reason: string | undefined
  /** What JSON.parse gives; undefined where there is a reason. */
  readonly value: unknown
}

interface Found {
  readonly line: number | null
  readonly offset: number
  readonly latin: string
  readonly isLong: boolean
  readonly broken?: string
}

/** Every record of a plain object, by splitting the whole of it as text. */
export const splitReference = (
  plain: Buffer,
  isDocument: boolean,
  { recordBytesMax }: Pick<Limits, 'recordBytesMax'>,
): readonly ReferenceRecord[] => {
  const latin = plain.toString('latin1')
  const found = isDocument ? splitDocuments(latin) : splitLines(latin, recordBytesMax)
  return found.map((one, ordinal) => {
    const bytes = Buffer.from(one.latin, 'latin1')
    const isLong = one.isLong || bytes.length > recordBytesMax
    const reason = one.broken ?? (isLong ? 'record_too_large' : undefined)
    return {
      ...{ ordinal, line: one.line, offset: one.offset, bytes },
      ...(reason === undefined ? judgeText(bytes) : { reason, value: undefined }),
    }
  })
}

const judgeText = (bytes: Buffer): { reason: string | undefined; value: unknown } => {
  const text = bytes.toString()
  if (!Buffer.from(text).equals(bytes)) return { reason: 'invalid_utf8', value: undefined }
  try {
    return { reason: undefined, value: JSON.parse(text) as unknown }
  } catch {
    return { reason: 'invalid_json', value: undefined }
  }
}

/** A line is measured with its carriage return, and one over the limit is a record though it were blank. */
const splitLines = (latin: string, recordBytesMax: number): readonly Found[] => {
  let offset = 0
  return latin.split('\n').flatMap((whole, index): readonly Found[] => {
    const start = offset
    offset += whole.length + 1
    const isLong = whole.length > recordBytesMax
    if (isLong) return [{ line: index + 1, offset: start, latin: whole, isLong }]
    if (/^[ \t\r]*$/.test(whole)) return []
    return [{ line: index + 1, offset: start, latin: whole.replace(/\r$/, ''), isLong }]
  })
}

const splitDocuments = (latin: string): readonly Found[] => {
  const found: Found[] = []
  const keep = (from: number, to: number, broken?: string): void => {
    const own = { line: null, offset: from, latin: latin.slice(from, to), isLong: false }
    found.push({ ...own, ...(broken && { broken }) })
  }
  let arrayAt = -1
  for (let at = 0; at < latin.length;) {
    const char = latin[at] as string
    if (/[ \t\r\n]/.test(char) || (char === ',' && arrayAt >= 0)) at += 1
    else if (char === '[' && arrayAt < 0) arrayAt = at++
    else if (char === ']' && arrayAt >= 0) {
      arrayAt = -1
      at += 1
    } else {
      const end = endOfValue(latin, at)
      keep(at, end ?? latin.length, end === undefined ? 'truncated_document' : undefined)
      at = end ?? latin.length
    }
  }
  if (arrayAt >= 0) keep(arrayAt, arrayAt, 'truncated_array')
  return found
}

/** Behind the value that begins here; undefined: the text ends within it. */
const endOfValue = (latin: string, from: number): number | undefined => {
  const first = latin[from] as string
  if (first === '"') return endOfString(latin, from)
  if (first === '{' || first === '[') return endOfBrackets(latin, from)
  const next = latin.slice(from + 1).search(/[ \t\r\n,{}[\]]/)
  if (/[,\]}]/.test(first)) return from + 1
  return next < 0 ? latin.length : from + 1 + next
}

const endOfString = (latin: string, from: number): number | undefined => {
  for (let at = from + 1; at < latin.length; at += latin[at] === '\\' ? 2 : 1)
    if (latin[at] === '"') return at + 1
  return undefined
}

const endOfBrackets = (latin: string, from: number): number | undefined => {
  let depth = 0
  for (let at = from; at < latin.length;) {
    const char = latin[at]
    if (char === '"') {
      const end = endOfString(latin, at)
      if (end === undefined) return undefined
      at = end
      continue
    }
    if (char === '{' || char === '[') depth += 1
    if (char === '}' || char === ']') depth -= 1
    at += 1
    if (depth === 0) return at
  }
  return undefined
}
