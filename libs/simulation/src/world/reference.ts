import { objectBytesMax, recordBytesMax } from './note-object.ts'

/** What one object must give, whatever happens on the way. Lines are `<record>/<part>` and what identifies the content. */
export interface Expected {
  readonly disposition: 'rows' | 'empty' | 'too-large' | 'unreadable'
  readonly records: number
  readonly accepted: number
  readonly discarded: number
  readonly rows: readonly string[]
  /** `<record> <reason>` */
  readonly rejections: readonly string[]
}

const nothing = { records: 0, accepted: 0, discarded: 0, rows: [], rejections: [] }

/**
 * A second opinion on a note object: written on its own, slow and plain, sharing no code with the production path. Takes
 * the whole object at once, splits it as text bytes, and judges each line in the order the docs give.
 */
export const readReference = (bytes: Uint8Array, contentEncoding: string | undefined): Expected => {
  if (bytes.length > objectBytesMax) return { ...nothing, disposition: 'too-large' }
  if (contentEncoding !== undefined) return { ...nothing, disposition: 'unreadable' }
  const latin = Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
  const rows: string[] = []
  const rejections: string[] = []
  let record = 0
  let accepted = 0
  let discarded = 0
  latin.split('\n').forEach((line, index) => {
    if (/^[ \t\r]*$/.test(line)) return
    const verdict = judgeLine(line)
    if (verdict === 'noise') discarded += 1
    else if (typeof verdict === 'string') rejections.push(`${record} ${verdict}`)
    else {
      accepted += 1
      verdict.forEach((row, part) => rows.push(`${record}/${part} line ${index + 1} ${row}`))
    }
    record += 1
  })
  return {
    disposition: rows.length > 0 ? 'rows' : 'empty',
    ...{ records: record, accepted, discarded, rows, rejections },
  }
}

const judgeLine = (latin: string): string | readonly string[] => {
  if (latin.length > recordBytesMax) return 'record_too_large'
  const raw = Buffer.from(latin, 'latin1')
  const text = raw.toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(raw)) return 'invalid_utf8'
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'invalid_json'
  }
  if (Object.prototype.toString.call(value) !== '[object Object]') return 'not_an_object'
  const note = value as { id?: unknown; time?: unknown; kind?: unknown; marks?: unknown[] }
  if (note.kind === 'noise') return 'noise'
  if (!note.id) return 'missing_id'
  if (!/^\d{4}-\d\d-\d\dT/.test(String(note.time))) return 'invalid_time'
  const marks = note.marks ?? []
  if (marks.some((mark) => typeof mark !== 'string')) return 'invalid_mark'
  return [`notes ${String(note.id)}`, ...marks.map((mark) => `marks ${String(mark)}`)]
}
