import type { Rejection } from '@silversmith/core'
import { isAbsent } from './json.ts'
import type { JsonObject } from './json.ts'
import { type Path, pathText, valueAt } from './path.ts'
import { isWithin, parseTimestamp, plausibleTimes } from './timestamp.ts'

export type RecordTime = { readonly micros: number } | { readonly rejection: Rejection }

/** Why `recordTime` rejects. `field` says which, for people. */
export const timeRejections = (field: string) => ({
  timestamp_missing: `no ${field}, or it is null or blank`,
  timestamp_invalid: `${field} is no ISO 8601 time`,
  timestamp_out_of_range: `${field} is before 2000 or from 2100 on`,
})

/** The time of a record from the first of these fields that is there; a blank one is not. */
export const recordTime = (record: JsonObject, fields: readonly string[]): RecordTime =>
  timeAt(record, [fields.find((field) => !isBlank(record[field])) ?? (fields[0] as string)])

/**
 * The time at a place of a record. It is never made up: nothing there → `timestamp_missing`, not ISO 8601 → `timestamp_invalid`,
 * not plausible → `timestamp_out_of_range`.
 */
export const timeAt = (record: JsonObject, path: Path): RecordTime => {
  const value = valueAt(record, path, ignore)
  if (isBlank(value)) return reject('timestamp_missing', path)
  const micros = typeof value === 'string' ? parseTimestamp(value.trim()) : undefined
  if (micros === undefined) return reject('timestamp_invalid', path)
  return isWithin(plausibleTimes, micros) ? { micros } : reject('timestamp_out_of_range', path)
}

/** A value on the way that is no object is rescued by the columns. */
const ignore = (): void => undefined

const isBlank = (value: unknown): boolean =>
  isAbsent(value) || (typeof value === 'string' && value.trim() === '')

const reject = (reason: string, path: Path): RecordTime => ({
  rejection: { reason, path: pathText(path) },
})
