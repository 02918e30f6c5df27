/**
 * Scalar types; each has one Parquet and one ClickHouse form. `category` is text of few distinct values; `json` is text that
 * holds JSON; `binary` is any bytes; `uuid` is text of 36 characters; `timestamp` is a number of whole microseconds since the
 * epoch, UTC, from 1900 on (exact in a double until the year 2255); `date` is a number of days since the epoch, 1900 to 2299.
 */
export type PlainType =
  | 'text'
  | 'category'
  | 'json'
  | 'binary'
  | 'uuid'
  | 'uint32'
  | 'uint64'
  | 'int64'
  | 'float64'
  | 'boolean'
  | 'timestamp'
  | 'date'

/** Exact decimal numbers: a value is its number of units of 10^-scale, a safe integer or a bigint. Precision is 1 to 38 digits. */
export interface DecimalType {
  readonly decimal: { readonly precision: number; readonly scale: number }
}

export type ScalarType = PlainType | DecimalType

/** A part of a nested type. Only scalars may be null. */
export interface Field {
  readonly type: ColumnType
  readonly nullable: boolean
}

/** A value is an array. */
export interface ListType {
  readonly list: Field
}

/** Text keys; a value is a Map. */
export interface MapType {
  readonly map: Field
}

/** A value is an object with exactly these fields. */
export interface StructType {
  readonly struct: Readonly<Record<string, Field>>
}

/** A column of a nested type is never null: an empty list or map says that there is nothing. */
export type ColumnType = ScalarType | ListType | MapType | StructType

export interface Column extends Field {
  readonly name: string
  readonly description: string
  /** Where in a record its value comes from, of which the first that has one counts; for the reference. */
  readonly paths?: readonly string[]
}

/** uint64 and int64 may be numbers (safe integers) or bigints. */
export type Scalar = string | number | bigint | boolean | Uint8Array | null

export type Value = Scalar | readonly Value[] | ReadonlyMap<string, Value> | StructValue

export interface StructValue {
  readonly [field: string]: Value
}

/** Values in the order of the table's columns. */
export type Row = readonly Value[]

export interface Table {
  readonly name: string
  /** Name of the dataset's table beside which this one is filled; it keeps its name where CLICKHOUSE_TABLE renames that one. */
  readonly beside?: string
  readonly description: string
  /** The dataset's own columns; every table also carries `lineageColumns`, which the flow fills. */
  readonly columns: readonly Column[]
  /** A category column of few values: how many rows have which is counted. */
  readonly kinds?: string
  /** JSON paths that columns are read from, as `_rescued` would name them: what is rescued there is of another type. */
  readonly paths?: readonly string[]
  /** Columns that serve queries, first in ORDER BY; the row identity follows. */
  readonly orderBy: readonly string[]
  /**
   * Days, counted from the day of a row's `timestamp`, after which it may go: ClickHouse deletes it by and by. Absent: rows are kept
   * for ever. Silver is for a lifecycle rule of the bucket.
   */
  readonly retentionDays?: number
  /** ClickHouse skip indexes, e.g. `{ column: 'user_id', type: 'bloom_filter' }`. */
  readonly indexes: readonly {
    readonly column: string
    readonly type: string
    readonly granularity: number
  }[]
  /** Extra DDL this table's users expect, `{table}` stands for the view of its rows that count; e.g. views. */
  readonly views: readonly {
    readonly name: string
    readonly description: string
    readonly select: string
  }[]
}

/** One row for one table. `timeMicros` decides its partitions: silver day, ClickHouse month. */
export interface TableRow {
  readonly table: string
  readonly timeMicros: number
  readonly values: Row
}

/** Why a record cannot be loaded: a code for grouping, a path for finding it. Never the value: reasons reach logs. */
export interface Rejection {
  readonly reason: string
  readonly path?: string
}

/** What became of one record: its rows, a rejection of the whole record, or a deliberate discard with its reason. */
export type Mapped =
  | { readonly rows: readonly TableRow[] }
  | { readonly rejection: Rejection }
  | { readonly discarded: string }

export interface RecordContext {
  /** Lower-hex SHA-256 of the record's raw bytes. */
  readonly hash: string
  /** The record's raw text, for datasets that keep it whole: JSON.stringify of what JSON.parse gave rounds large numbers. */
  readonly text?: string
  /** Last-Modified of the object the record came from: the only time there is for records that say none. */
  readonly objectTimeMicros?: number
}

/** A whole object: its bytes as they are stored, and what S3 tells of it. */
export interface StoredObject {
  readonly sizeBytes: number
  /** Epoch ms, S3's Last-Modified. */
  readonly lastModified: number
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  /** Lower-hex SHA-256 of all its bytes. */
  readonly sha256: string
  /** Undefined: more than `recordBytesMax`. */
  readonly body: Uint8Array | undefined
}

/** Everything known of one kind of data. Parquet schema, ClickHouse DDL, docs and validation come from it. */
export interface Dataset {
  readonly name: string
  /** Raised when the mapping changes; written to every row as `_dataset_version`. */
  readonly version: number
  readonly description: string
  readonly tables: readonly Table[]
  /** Why the mapping rejects a record: reason → when. */
  readonly rejections?: Readonly<Record<string, string>>
  /** Pure. `record` is what JSON.parse gave; anything, not only objects. MUST NOT throw for any JSON value. */
  readonly map: (record: unknown, context: RecordContext) => Mapped
  /**
   * Set: an object is one record, whatever its bytes; it is neither unpacked nor parsed, and `map` is not called. Pure; MUST NOT
   * throw.
   */
  readonly mapObject?: (object: StoredObject) => Mapped
}

const lineage = (
  name: string,
  type: ColumnType,
  description: string,
  nullable = false,
): Column => ({
  name,
  type,
  nullable,
  description,
})

/** Columns of every table, after the dataset's own, in this order. Row identity = `rowIdentity`. */
export const lineageColumns: readonly Column[] = [
  lineage('_source', 'text', 'Object the row came from, s3://bucket/key'),
  lineage('_version', 'text', 'Version of that object: versionId, else etag'),
  lineage('_record', 'uint64', '0-based ordinal of the record in the object'),
  lineage('_part', 'uint32', '0-based ordinal of the row within its record'),
  lineage('_line', 'uint64', '1-based physical line, where the object has lines', true),
  lineage('_chunk', 'category', 'Chunk that carried the row, <batch>#<n>'),
  lineage('_generation', 'uint32', '0, raised only by a deliberate reload'),
  lineage('_object_time', 'timestamp', 'Last-Modified of the object'),
  lineage('_loaded_at', 'timestamp', 'Start of the batch that read the record'),
  lineage('_dataset_version', 'uint32', 'Version of the mapping that made the row'),
]

/** What makes a row one row, for ever: equal lines are different rows. */
export const rowIdentity = ['_source', '_version', '_record', '_part'] as const

export const columnsOf = (table: Table): readonly Column[] => [...table.columns, ...lineageColumns]

/** True when `value` is what the field's type says; the encoder refuses anything else, and with it a whole chunk. */
export const isValueOf = ({ type, nullable }: Field, value: unknown): boolean => {
  if (value === null) return nullable
  switch (type) {
    case 'text':
    case 'category':
    case 'json':
      return typeof value === 'string'
    case 'binary':
      return value instanceof Uint8Array
    case 'uuid':
      return typeof value === 'string' && uuid.test(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'float64':
      return typeof value === 'number'
    case 'uint32':
      return isWhole(value) && value >= 0 && value < 2 ** 32
    case 'uint64':
      return isWhole(value) && value >= 0 && value < 2n ** 64n
    case 'int64':
      return isWhole(value) && value >= -(2n ** 63n) && value < 2n ** 63n
    case 'timestamp':
      return isWhole(value) && typeof value === 'number' && value >= timestampMin
    case 'date':
      return isWhole(value) && typeof value === 'number' && value >= dateMin && value <= dateMax
    default:
      return isOfParts(type, value)
  }
}

const isOfParts = (type: Exclude<ColumnType, PlainType>, value: unknown): boolean => {
  if ('decimal' in type) {
    const end = 10n ** BigInt(type.decimal.precision)
    return isWhole(value) && value > -end && value < end
  }
  if ('list' in type) return Array.isArray(value) && value.every((one) => isValueOf(type.list, one))
  if ('map' in type) {
    return (
      value instanceof Map &&
      [...(value as ReadonlyMap<unknown, unknown>)].every(
        ([key, one]) => typeof key === 'string' && isValueOf(type.map, one),
      )
    )
  }
  if (typeof value !== 'object' || value === null) return false
  const fields = Object.entries(type.struct)
  return (
    Object.keys(value).length === fields.length &&
    fields.every(([name, field]) => isValueOf(field, (value as Record<string, unknown>)[name]))
  )
}

/** ClickHouse's DateTime64 and Date32 begin with 1900-01-01; dates end with 2299-12-31, timestamps with what a double holds. */
export const timestampMin = Date.UTC(1900, 0, 1) * 1000
export const dateMin = Date.UTC(1900, 0, 1) / 86_400_000
export const dateMax = Date.UTC(2299, 11, 31) / 86_400_000

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

const isWhole = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || Number.isSafeInteger(value)
