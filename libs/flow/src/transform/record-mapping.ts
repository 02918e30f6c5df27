import { hash } from 'node:crypto'
import {
  type Dataset,
  isValueOf,
  type Mapped,
  type StoredObject,
  type TableRow,
} from '@silversmith/core'
import { type RawRecord, textOf } from '../reading/record.ts'
import type { ReadingReason } from '../reading/reading-rejection.ts'

export const rejectFor = (reason: ReadingReason): Mapped => ({ rejection: { reason } })

/** Bad data is data: whatever is wrong with a record becomes its rejection. */
export const mapRecord = (
  dataset: Dataset,
  record: RawRecord,
  objectTimeMicros: number,
): Mapped => {
  const { mapObject } = dataset
  if (record.broken !== undefined) return { rejection: { reason: record.broken } }
  if (mapObject) return checked(dataset, () => mapObject(storedOf(record, objectTimeMicros)))
  if (record.cut) return rejectFor('record_too_large')
  const { bytes } = record
  const text = textOf(bytes)
  if (text === undefined) return rejectFor('invalid_utf8')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return rejectFor('invalid_json')
  }
  const context = { hash: hash('sha256', bytes, 'hex'), text, objectTimeMicros }
  return checked(dataset, () => dataset.map(parsed, context))
}

/** The object that is its only record. */
const storedOf = (
  { bytes, cut, sizeBytes, types }: RawRecord,
  objectTimeMicros: number,
): StoredObject => ({
  ...{ sizeBytes, contentType: types?.contentType, contentEncoding: types?.contentEncoding },
  lastModified: objectTimeMicros / 1000,
  sha256: cut?.sha256 ?? hash('sha256', bytes, 'hex'),
  body: cut ? undefined : bytes,
})

/**
 * A mapping must neither throw nor make a value of the wrong type, and its reasons are plain words. Should one do so all the same, its record is kept and the
 * others go on; the encoder would refuse the chunk, and with it the whole batch.
 */
const checked = (dataset: Dataset, map: () => Mapped): Mapped => {
  try {
    const mapped = map()
    // It is a part of the key of its file, which a listing must know again.
    if ('rejection' in mapped && !/^\w+$/.test(mapped.rejection.reason))
      return rejectFor('mapping_failed')
    const path = 'rows' in mapped ? mistypedIn(dataset, mapped.rows) : undefined
    return path === undefined ? mapped : { rejection: { reason: 'mapping_failed', path } }
  } catch {
    return rejectFor('mapping_failed')
  }
}

/** `table.column` of the first value that is not of its column's type. */
const mistypedIn = (dataset: Dataset, rows: readonly TableRow[]): string | undefined => {
  for (const { table: name, timeMicros, values } of rows) {
    const table = dataset.tables.find((candidate) => candidate.name === name)
    if (!table || !Number.isSafeInteger(timeMicros)) return name
    if (values.length !== table.columns.length) return name
    for (let at = 0; at < values.length; at += 1) {
      const [column, value] = [table.columns[at]!, values[at]]
      // Most values are null: asked first.
      if (value === null ? !column.nullable : !isValueOf(column, value))
        return `${name}.${column.name}`
    }
  }
  return undefined
}
