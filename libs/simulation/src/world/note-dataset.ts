import type { Column, Dataset, Mapped, Table, TableRow } from '@silversmith/core'

/** Releases of the mapping; they run side by side while one is rolled out, and make other rows of the same records. */
export const mappings = [1, 2] as const
export type Mapping = (typeof mappings)[number]

const column = (name: string, type: Column['type'], description: string): Column => ({
  name,
  type,
  nullable: false,
  description,
})

const id = column('id', 'text', 'Id of the note')
const time = column('time', 'timestamp', 'When it was written')
const size = column('size', 'uint32', 'Characters of its id; the second release has it')

const notesTable = (mapping: Mapping): Table => ({
  name: 'notes',
  description: 'One row per note',
  columns: mapping === 1 ? [id, time] : [id, time, size],
  orderBy: ['time'],
  indexes: [],
  views: [],
})

const marks: Table = {
  name: 'marks',
  description: 'One row per mark of a note',
  columns: [
    column('note', 'text', 'Id of the note'),
    column('mark', 'category', 'Text of the mark'),
  ],
  orderBy: ['mark'],
  indexes: [],
  views: [],
}

/** What the second release takes for a time that the first rejects. */
export const yesterdayMs = Date.UTC(2025, 11, 30)

const readTime = (value: unknown, mapping: Mapping): number => {
  if (mapping === 2 && value === 'yesterday') return yesterdayMs
  return typeof value === 'string' ? Date.parse(value) : NaN
}

const mapNote = (record: unknown, mapping: Mapping): Mapped => {
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    return { rejection: { reason: 'not_an_object' } }
  const { id, time, kind, marks: given = [] } = record as Record<string, unknown>
  if (kind === 'noise') return { discarded: 'noise' }
  if (typeof id !== 'string' || id === '')
    return { rejection: { reason: 'missing_id', path: '/id' } }
  const timeMs = readTime(time, mapping)
  if (Number.isNaN(timeMs)) return { rejection: { reason: 'invalid_time', path: '/time' } }
  if (!Array.isArray(given) || given.some((mark) => typeof mark !== 'string'))
    return { rejection: { reason: 'invalid_mark', path: '/marks' } }
  const timeMicros = timeMs * 1000
  const note = mapping === 1 ? [id, timeMicros] : [id, timeMicros, id.length]
  const rows: TableRow[] = [{ table: 'notes', timeMicros, values: note }]
  const texts = mapping === 1 ? (given as string[]) : ['released', ...(given as string[])]
  for (const mark of texts) rows.push({ table: 'marks', timeMicros, values: [id, mark] })
  return { rows }
}

/** Small, but with every outcome a record may have: rows of one or two tables, each kind of rejection, a discard. */
export const noteDatasetOf = (mapping: Mapping): Dataset => ({
  name: 'notes',
  version: mapping,
  description: 'Notes of the simulated world',
  tables: [notesTable(mapping), marks],
  map: (record) => mapNote(record, mapping),
})

export const noteDataset: Dataset = noteDatasetOf(1)
