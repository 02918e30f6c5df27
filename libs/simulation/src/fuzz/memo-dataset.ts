import type { Dataset, Mapped, Table, TableRow } from '@silversmith/core'
import { parseTimestamp, plausibleTimes } from '@silversmith/datasets'

const tableOf = (name: string, column: string): Table => ({
  ...{ name, description: '', orderBy: [], indexes: [], views: [] },
  columns: [{ name: column, type: 'text', nullable: false, description: '' }],
})

const mapMemo = (record: unknown): Mapped => {
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    return { rejection: { reason: 'not_an_object' } }
  const { id, time, kind, marks = [] } = record as Record<string, unknown>
  if (kind === 'noise') return { discarded: 'noise' }
  if (typeof id !== 'string' || id === '') return { rejection: { reason: 'missing_id' } }
  const timeMicros = typeof time === 'string' ? parseTimestamp(time) : undefined
  const { from, until } = plausibleTimes
  if (timeMicros === undefined || timeMicros < from || timeMicros >= until)
    return { rejection: { reason: 'invalid_time' } }
  if (!Array.isArray(marks) || marks.some((mark) => typeof mark !== 'string'))
    return { rejection: { reason: 'invalid_mark' } }
  const rowOf = (table: string, text: string): TableRow => ({ table, timeMicros, values: [text] })
  return { rows: [rowOf('memos', id), ...(marks as string[]).map((mark) => rowOf('marks', mark))] }
}

/** What no dataset for users does yet: it discards records, and makes rows of two tables of one. */
export const memoDataset: Dataset = {
  ...{ name: 'memos', version: 1, description: '' },
  tables: [tableOf('memos', 'id'), tableOf('marks', 'mark')],
  map: mapMemo,
}
