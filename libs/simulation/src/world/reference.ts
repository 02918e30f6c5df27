import { unpackReference } from '../fuzz/gzip-reference.ts'
import type { ReferenceRecord } from '../fuzz/record-reference.ts'
import { splitReference } from '../fuzz/record-reference.ts'
import type { Mapping } from './note-dataset.ts'
import { decompressedBytesMax, objectBytesMax, recordBytesMax } from './note-object.ts'

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

/** By the release that read it. */
export type Expectation = Readonly<Record<Mapping, Expected>>

export interface StoredObject {
  readonly key: string
  readonly bytes: Uint8Array
  readonly contentEncoding?: string | undefined
}

const nothing = { records: 0, accepted: 0, discarded: 0, rows: [], rejections: [] }
const same = (expected: Expected): Expectation => ({ 1: expected, 2: expected })

/**
 * A second opinion on a note object: written on its own, slow and plain, sharing no code with the production path. Takes
 * the whole object at once, unpacks and splits it, and judges each record in the order the docs give.
 */
export const readReference = ({ key, bytes, contentEncoding }: StoredObject): Expectation => {
  if (bytes.length > objectBytesMax) return same({ ...nothing, disposition: 'too-large' })
  const unpacked = unpackReference(Buffer.from(bytes), contentEncoding)
  if (!('plain' in unpacked)) return same({ ...nothing, disposition: 'unreadable' })
  const { plain, markBytes } = unpacked
  if (plain.length + markBytes > decompressedBytesMax)
    return same({ ...nothing, disposition: 'too-large' })
  const isDocument = /json(\.gz)?$/.test(key)
  const records = splitReference(plain, isDocument, { recordBytesMax })
  return { 1: judgeRecords(records, 1), 2: judgeRecords(records, 2) }
}

/** A message is one record, and no limit of objects is its. */
export const readMessageReference = (body: string): Expectation => {
  const bytes = Buffer.from(body)
  const record = { ordinal: 0, line: null, offset: 0, bytes, ...parseReference(body) }
  return { 1: judgeRecords([record], 1), 2: judgeRecords([record], 2) }
}

const parseReference = (body: string): Pick<ReferenceRecord, 'reason' | 'value'> => {
  try {
    return { reason: undefined, value: JSON.parse(body) as unknown }
  } catch {
    return { reason: 'invalid_json', value: undefined }
  }
}

const judgeRecords = (records: readonly ReferenceRecord[], mapping: Mapping): Expected => {
  const rows: string[] = []
  const rejections: string[] = []
  let accepted = 0
  let discarded = 0
  for (const { ordinal, line, reason, value } of records) {
    const verdict = reason ?? judgeNote(value, mapping)
    if (verdict === 'noise') discarded += 1
    else if (typeof verdict === 'string') rejections.push(`${ordinal} ${verdict}`)
    else {
      accepted += 1
      verdict.forEach((row, part) => rows.push(`${ordinal}/${part} line ${line} ${row}`))
    }
  }
  return {
    disposition: rows.length > 0 ? 'rows' : 'empty',
    ...{ records: records.length, accepted, discarded, rows, rejections },
  }
}

const judgeNote = (value: unknown, mapping: Mapping): string | readonly string[] => {
  if (Object.prototype.toString.call(value) !== '[object Object]') return 'not_an_object'
  const note = value as { id?: unknown; time?: unknown; kind?: unknown; marks?: unknown[] }
  if (note.kind === 'noise') return 'noise'
  if (!note.id) return 'missing_id'
  const isTime = /^\d{4}-\d\d-\d\dT/.test(String(note.time))
  if (!isTime && !(mapping === 2 && note.time === 'yesterday')) return 'invalid_time'
  const marks = note.marks ?? []
  if (marks.some((mark) => typeof mark !== 'string')) return 'invalid_mark'
  const id = String(note.id)
  const name = mapping === 1 ? id : `${id} of size ${id.length}`
  const rows = [`notes ${name}`, ...marks.map((mark) => `marks ${String(mark)}`)]
  if (mapping === 2) rows.splice(1, 0, 'marks released')
  return rows
}
