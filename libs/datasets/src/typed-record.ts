import type { ColumnType, Dataset, Mapped, RecordContext } from '@silversmith/core'
import { isAbsent, type JsonObject } from './json.ts'
import { mapJsonRecord, recordRejections } from './json-record.ts'
import { recordTime, timeRejections } from './record-time.ts'
import type { Facts, Rule } from './rule.ts'
import { compileRules } from './rule.ts'

/** A flat record that says its type and its time, with what its columns share. */
export interface TypedFacts extends Facts {
  readonly hash: string
  readonly micros: number
}

export type TypedRule = Rule<TypedFacts>

/** The column of a field that may be absent. */
export const field = (name: string, type: ColumnType, description: string): TypedRule => ({
  ...{ name, type, description, nullable: true },
  from: [[name]],
})

const typeField = 'record_type'
const timeField = 'event_time'

/** Columns of every typed record, before and after its own. */
const rulesOf = (name: string, own: readonly TypedRule[]): readonly TypedRule[] => [
  {
    ...{ name: 'timestamp', type: 'timestamp', nullable: false },
    description: 'event_time as a time, UTC',
    from: ({ micros }) => micros,
    reads: [[timeField]],
  },
  {
    ...{ name: typeField, type: 'category', nullable: false },
    description: `Always ${name}`,
    from: () => name,
  },
  {
    ...{ name: timeField, type: 'text', nullable: false },
    description: 'When it happened, as sent, with its offset',
    from: [[timeField]],
  },
  ...own,
  {
    ...{ name: 'event_hash', type: 'text', nullable: false },
    description: 'Lower-hex SHA-256 of the record as it was sent',
    from: ({ hash }) => hash,
  },
]

export interface TypedRecord {
  /** Of the dataset and its table; what `record_type` says. */
  readonly name: string
  readonly version: number
  /** `Parcels on their way, one row each`, without a full stop. */
  readonly description: string
  /** Columns of its own; none is read by a function. */
  readonly rules: readonly TypedRule[]
  readonly orderBy: Dataset['tables'][number]['orderBy']
}

/** A dataset of flat records: one row each, of one table. Fields it does not know are rescued. */
export const createTypedDataset = (type: TypedRecord): Dataset => {
  const { name, version, description, orderBy } = type
  const compiled = compileRules(rulesOf(name, type.rules), { knownFields: [typeField] })

  const mapObject = (record: JsonObject, { hash }: RecordContext): Mapped => {
    // Only the key of its object says what a record without a type is.
    if (!isAbsent(record[typeField]) && record[typeField] !== name)
      return { rejection: { reason: 'record_type_mismatch', path: typeField } }
    const time = recordTime(record, [timeField])
    if ('rejection' in time) return time
    const { micros } = time
    const values = compiled.write({ record, hash, micros })
    return { rows: [{ table: name, timeMicros: micros, values }] }
  }

  return {
    name,
    version,
    description: `${description}. Fields it does not know and values that fit no column are in _rescued.`,
    rejections: {
      ...recordRejections,
      record_type_mismatch: `record_type is there and not ${name}`,
      ...timeRejections(timeField),
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
