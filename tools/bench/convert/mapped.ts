import { hash } from 'node:crypto'
import { type Column, columnsOf, type Row } from '@silversmith/core'
import { xapiEvents } from '@silversmith/datasets'
import { textOf } from '@silversmith/flow'
import { linesOf } from './lines.ts'
import { plain } from './plain-columns.ts'

export interface MappedFile {
  readonly columns: readonly Column[]
  rows(): AsyncGenerator<Row>
}

const [table] = xapiEvents.tables

/** The rows our mapping makes, for writers that have none of their own. `plain`: 18 columns, no hash, no lineage. */
export const mappedFile = (path: string, isPlain: boolean): MappedFile => {
  if (!table) throw new Error('xapi_events has a table')
  return isPlain
    ? { columns: plain.columns, rows: () => plainRows(path) }
    : { columns: columnsOf(table), rows: () => wholeRows(path) }
}

const plainRows = async function* (path: string): AsyncGenerator<Row> {
  for await (const lines of linesOf(path))
    for (const { bytes } of lines) {
      const record = JSON.parse(textOf(bytes) ?? '') as Record<string, unknown>
      yield plain.write({ record, hash: '', micros: 0, eventType: 'unknown' })
    }
}

const source = ['s3://bench/input.jsonl', 'etag']

const wholeRows = async function* (path: string): AsyncGenerator<Row> {
  for await (const lines of linesOf(path))
    for (const { bytes, ordinal, line } of lines) {
      const text = textOf(bytes) ?? ''
      const mapped = xapiEvents.map(JSON.parse(text), { hash: hash('sha256', bytes, 'hex'), text })
      if (!('rows' in mapped)) throw new Error('the statements of the benchmark are all good')
      for (const { values } of mapped.rows)
        yield [...values, ...source, ordinal, 0, line, 'batch#0', 0, 0, 0, xapiEvents.version]
    }
}
