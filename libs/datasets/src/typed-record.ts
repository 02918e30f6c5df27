import type { ColumnType, Dataset } from '@silversmith/core'
import { isAbsent } from './json.ts'
import { createRowDataset, type RowRule } from './row-dataset.ts'

/** The column of a field that may be absent. */
export const field = (name: string, type: ColumnType, description: string): RowRule => ({
  ...{ name, type, description, nullable: true },
  from: [[name]],
})

const typeField = 'record_type'
const timeField = 'event_time'

/** Columns that every typed record has before its own. */
const rulesOf = (name: string): readonly RowRule[] => [
  {
    ...{ name: typeField, type: 'category', nullable: false },
    description: `Always ${name}`,
    from: () => name,
    reads: [[typeField]],
  },
  {
    ...{ name: timeField, type: 'text', nullable: false },
    description: 'When it happened, as sent, with its offset',
    from: [[timeField]],
  },
]

export interface TypedRecord {
  /** Of the dataset and its table; what `record_type` says. */
  readonly name: string
  readonly version: number
  /** `Parcels on their way, one row each`, without a full stop. */
  readonly description: string
  /** Columns of its own; none is read by a function. */
  readonly rules: readonly RowRule[]
  readonly orderBy: Dataset['tables'][number]['orderBy']
}

/** A dataset of flat records that say their type and their time. */
export const createTypedDataset = ({ name, rules, ...own }: TypedRecord): Dataset =>
  createRowDataset({
    ...{ ...own, name, time: [timeField] },
    rules: [...rulesOf(name), ...rules],
    // Only the key of its object says what a record without a type is.
    check: (record) =>
      isAbsent(record[typeField]) || record[typeField] === name
        ? undefined
        : { reason: 'record_type_mismatch', path: typeField },
    rejections: { record_type_mismatch: `record_type is there and not ${name}` },
  })
