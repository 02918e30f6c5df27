import type { Column, Dataset, Mapped, TableRow } from '@silversmith/core'

const column = (name: string, type: Column['type'], description: string): Column => ({
  name,
  type,
  nullable: false,
  description,
})

const notes = {
  name: 'notes',
  description: 'One row per note',
  columns: [
    column('id', 'text', 'Id of the note'),
    column('time', 'timestamp', 'When it was written'),
  ],
  orderBy: ['time'],
  indexes: [],
  views: [],
}

const marks = {
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

/** Small, but with every outcome a record may have: rows of one or two tables, each kind of rejection, a discard. */
export const noteDataset: Dataset = {
  name: 'notes',
  version: 1,
  description: 'Notes of the simulated world',
  tables: [notes, marks],
  map: (record): Mapped => {
    if (typeof record !== 'object' || record === null || Array.isArray(record))
      return { rejection: { reason: 'not_an_object' } }
    const { id, time, kind, marks: given = [] } = record as Record<string, unknown>
    if (kind === 'noise') return { discarded: 'noise' }
    if (typeof id !== 'string' || id === '')
      return { rejection: { reason: 'missing_id', path: '/id' } }
    const timeMs = typeof time === 'string' ? Date.parse(time) : NaN
    if (Number.isNaN(timeMs)) return { rejection: { reason: 'invalid_time', path: '/time' } }
    if (!Array.isArray(given) || given.some((mark) => typeof mark !== 'string'))
      return { rejection: { reason: 'invalid_mark', path: '/marks' } }
    const timeMicros = timeMs * 1000
    const rows: TableRow[] = [{ table: 'notes', timeMicros, values: [id, timeMicros] }]
    for (const mark of given as string[])
      rows.push({ table: 'marks', timeMicros, values: [id, mark] })
    return { rows }
  },
}
