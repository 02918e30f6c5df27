import type { ColumnType, Dataset, Mapped, RecordContext, Rejection } from '@silversmith/core'
import { type JsonObject, writeJson } from './json.ts'
import { mapJsonRecord, recordRejections } from './json-record.ts'
import { type Path, pathText } from './path.ts'
import { timeAt, timeRejections } from './record-time.ts'
import { type Read, readerOf } from './read.ts'
import { isRoundedNumber } from './rounded-number.ts'
import type { Facts, Rule } from './rule.ts'
import { compileRules } from './rule.ts'

/** A record with what its columns share. */
export interface RowFacts extends Facts {
  readonly hash: string
  readonly micros: number
}

export type RowRule = Rule<RowFacts>

/** Columns that every dataset of rows has; no rule of its own may have such a name. */
export const rowColumnNames = ['timestamp', 'event_hash'] as const

const descriptionCharsMax = 100

const describe = (path: Path): string => {
  const name = pathText(path)
  const chars = [...name]
  return chars.length > descriptionCharsMax
    ? `${chars.slice(0, descriptionCharsMax).join('')}…`
    : name
}

/** A number is read digit by digit where JSON.parse would have rounded it. */
const readDigits =
  (read: Read): Read =>
  (value) =>
    read(isRoundedNumber(value) ? value.digits : value)

const readAs = (type: ColumnType): Read | undefined => {
  if (type === 'json') return writeJson
  const read = readerOf(type)
  return read && readDigits(read)
}

/**
 * The column of the value at a path, which may be absent: keys from the record down. A `json` column takes any value; what a
 * column of another type cannot hold is rescued.
 */
export const column = (
  name: string,
  type: ColumnType,
  path: readonly string[],
  description = `As sent in ${describe(path)}`,
): RowRule => {
  const read = readAs(type)
  return { name, type, description, nullable: true, from: [path], ...(read && { read }) }
}

export interface RowDataset {
  /** Of the dataset and its table. */
  readonly name: string
  /** Raise it when the same record gives another row. */
  readonly version: number
  /** `Parcels on their way, one row each`, without a full stop. */
  readonly description: string
  /** Where a record says when it happened; or the object's Last-Modified, for records that do not say it. */
  readonly time: Path | 'object'
  readonly rules: readonly RowRule[]
  readonly orderBy: Dataset['tables'][number]['orderBy']
  /** What else a record may be rejected for. Pure. */
  readonly check?: (record: JsonObject) => Rejection | undefined
  /** The reasons of `check`: reason → when. */
  readonly rejections?: Dataset['rejections']
}

/** `timestamp`, the dataset's own columns, `event_hash`. */
const rulesOf = ({ time, rules }: RowDataset): readonly RowRule[] => [
  {
    ...{ name: 'timestamp', type: 'timestamp', nullable: false },
    description:
      time === 'object'
        ? 'Last-Modified of the object: records do not say when they happened'
        : `${describe(time)} as a time, UTC`,
    from: ({ micros }) => micros,
    ...(time !== 'object' && { reads: [time] }),
  },
  ...rules,
  {
    ...{ name: 'event_hash', type: 'text', nullable: false },
    description: 'Lower-hex SHA-256 of the record as it was sent',
    from: ({ hash }) => hash,
  },
]

/** A dataset of objects that are one row each, of one table, by rules alone. Fields without a column are rescued. */
export const createRowDataset = (own: RowDataset): Dataset => {
  const { name, version, description, time, orderBy, check } = own
  const compiled = compileRules(rulesOf(own), { closed: 'all' })

  const mapObject = (record: JsonObject, { hash, objectTimeMicros }: RecordContext): Mapped => {
    const rejection = check?.(record)
    if (rejection) return { rejection }
    const found = time === 'object' ? { micros: objectTimeMicros ?? 0 } : timeAt(record, time)
    if ('rejection' in found) return found
    const { micros } = found
    const values = compiled.write({ record, hash, micros })
    return { rows: [{ table: name, timeMicros: micros, values }] }
  }

  return {
    name,
    version,
    description: `${description}. Fields it does not know and values that fit no column are in _rescued.`,
    rejections: {
      ...recordRejections,
      ...own.rejections,
      ...(time !== 'object' && timeRejections(describe(time))),
    },
    tables: [
      {
        name,
        description,
        columns: compiled.columns,
        paths: compiled.paths,
        orderBy,
        indexes: [{ column: 'event_hash', type: 'bloom_filter', granularity: 4 }],
        views: [],
      },
    ],
    map: (parsed, context) =>
      mapJsonRecord(parsed, context, (record) => mapObject(record, context), { exact: true }),
  }
}
