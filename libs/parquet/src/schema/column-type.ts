import { dateMax, dateMin, type PlainType, type ScalarType, timestampMin } from '@silversmith/core'

export type Physical =
  'BOOLEAN' | 'INT32' | 'INT64' | 'DOUBLE' | 'BYTE_ARRAY' | 'FIXED_LEN_BYTE_ARRAY'

/** How a scalar type lies in a file: Parquet's physical type and, where there is one, its converted type. */
export interface Form {
  readonly physical: Physical
  readonly converted?: 'UTF8' | 'DATE' | 'TIMESTAMP_MICROS' | 'UINT_32' | 'UINT_64' | 'DECIMAL'
}

const plainForms: Readonly<Record<PlainType, Form>> = {
  text: { physical: 'BYTE_ARRAY', converted: 'UTF8' },
  category: { physical: 'BYTE_ARRAY', converted: 'UTF8' },
  json: { physical: 'BYTE_ARRAY', converted: 'UTF8' },
  binary: { physical: 'BYTE_ARRAY' },
  uuid: { physical: 'FIXED_LEN_BYTE_ARRAY' },
  uint32: { physical: 'INT32', converted: 'UINT_32' },
  uint64: { physical: 'INT64', converted: 'UINT_64' },
  int64: { physical: 'INT64' },
  float64: { physical: 'DOUBLE' },
  boolean: { physical: 'BOOLEAN' },
  timestamp: { physical: 'INT64', converted: 'TIMESTAMP_MICROS' },
  date: { physical: 'INT32', converted: 'DATE' },
}

/** Bytes of a FIXED_LEN_BYTE_ARRAY: a UUID, or a decimal too large for an INT64. */
export const fixedBytes = 16

export const formOf = (type: ScalarType): Form => {
  if (typeof type === 'string') return plainForms[type]
  const { precision } = type.decimal
  const physical = precision <= 9 ? 'INT32' : precision <= 18 ? 'INT64' : 'FIXED_LEN_BYTE_ARRAY'
  return { physical, converted: 'DECIMAL' }
}

export const isText = (type: ScalarType): boolean => formOf(type).converted === 'UTF8'

/** For messages. */
export const nameOfType = (type: ScalarType): string =>
  typeof type === 'string' ? type : `decimal(${type.decimal.precision}, ${type.decimal.scale})`

/** Whole numbers a type takes. */
export interface IntegerRange {
  readonly min: bigint
  readonly max: bigint
  /** The part of the range that numbers hold exactly. */
  readonly numberMin: number
  readonly numberMax: number
}

const safe = Number.MAX_SAFE_INTEGER

const rangeOf = (min: bigint, max: bigint): IntegerRange => ({
  ...{ min, max },
  numberMin: Math.max(Number(min), -safe),
  numberMax: Math.min(Number(max), safe),
})

export const integerRangeOf = (type: ScalarType): IntegerRange => {
  switch (type) {
    case 'uint32':
      return rangeOf(0n, 2n ** 32n - 1n)
    case 'uint64':
      return rangeOf(0n, 2n ** 64n - 1n)
    case 'date':
      return rangeOf(BigInt(dateMin), BigInt(dateMax))
    case 'timestamp':
      return rangeOf(BigInt(timestampMin), BigInt(safe))
    default: {
      if (typeof type === 'string') return rangeOf(-(2n ** 63n), 2n ** 63n - 1n)
      const max = 10n ** BigInt(type.decimal.precision) - 1n
      return rangeOf(-max, max)
    }
  }
}
