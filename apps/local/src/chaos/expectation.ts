import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import type { MadeObject } from './made-object.ts'

/** An object as it stands in the bucket. */
export interface StoredObject extends MadeObject {
  /** `s3://bucket/key` */
  readonly source: string
  readonly version: string
}

/** What must come of an object, in the words of `Arrived`. */
export interface Expectation {
  readonly rows: readonly string[]
  readonly quarantine: readonly string[]
}

/** Written for the objects that are made here, from the description of the dataset and not from its code. */
const reasonOf = (line: string): string | undefined => {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    return 'invalid_json'
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'not_an_object'
  const { timestamp } = record as { timestamp?: string }
  if (timestamp === undefined) return 'timestamp_missing'
  const time = new Date(timestamp)
  // Date takes the 30th of February for the 2nd of March.
  if (Number.isNaN(time.getTime()) || time.toISOString().slice(0, 10) !== timestamp.slice(0, 10))
    return 'timestamp_invalid'
  const year = time.getUTCFullYear()
  return year < 2000 || year >= 2100 ? 'timestamp_out_of_range' : undefined
}

const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex')

/** Reads an object the plain way, all at once. */
export const expect = ({ source, version, key, body }: StoredObject): Expectation => {
  const text = (key.endsWith('.gz') ? gunzipSync(body) : body).toString('utf8')
  const rows: string[] = []
  const quarantine: string[] = []
  text
    .split('\n')
    .filter((line) => line !== '')
    .forEach((line, record) => {
      const reason = reasonOf(line)
      const fields = [source, version, record, reason ?? 0, hashOf(line)]
      ;(reason === undefined ? rows : quarantine).push(fields.join(' '))
    })
  return { rows, quarantine }
}
