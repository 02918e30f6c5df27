import { hash } from 'node:crypto'
import { type Column, columnsOf, type Row } from '@silversmith/core'
import { xapiEvents } from '@silversmith/datasets'
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
  for await (const line of linesOf(path)) {
    const record = JSON.parse(line.toString()) as Record<string, unknown>
    yield plain.write({ record, hash: '', micros: 0, eventType: 'unknown' })
  }
}

const wholeRows = async function* (path: string): AsyncGenerator<Row> {
  let at = 0
  for await (const line of linesOf(path)) {
    const text = line.toString()
    const mapped = xapiEvents.map(JSON.parse(text), { hash: hash('sha256', line, 'hex'), text })
    if (!('rows' in mapped)) throw new Error('the statements of the benchmark are all good')
    for (const { values } of mapped.rows)
      yield [...values, 's3://bench/input.jsonl', 'etag', at, 0, at + 1, 'batch#0', 0, 0, 0, 1]
    at += 1
  }
}
