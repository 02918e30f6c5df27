import type { ColumnType } from '@silversmith/core'

/** How each column type lies in a file: Parquet's physical type and, where there is one, its converted type. */
export const forms = {
  text: { physical: 'BYTE_ARRAY', converted: 'UTF8' },
  category: { physical: 'BYTE_ARRAY', converted: 'UTF8' },
  json: { physical: 'BYTE_ARRAY', converted: 'UTF8' },
  uint32: { physical: 'INT32', converted: 'UINT_32' },
  uint64: { physical: 'INT64', converted: 'UINT_64' },
  int64: { physical: 'INT64', converted: undefined },
  float64: { physical: 'DOUBLE', converted: undefined },
  boolean: { physical: 'BOOLEAN', converted: undefined },
  timestamp: { physical: 'INT64', converted: 'TIMESTAMP_MICROS' },
} as const satisfies Record<ColumnType, { physical: string; converted: string | undefined }>

export type TextType = 'text' | 'category' | 'json'
export type IntegerType = 'uint32' | 'uint64' | 'int64' | 'timestamp'

export const isText = (type: ColumnType): type is TextType => forms[type].physical === 'BYTE_ARRAY'

interface IntegerRange {
  readonly min: bigint
  readonly max: bigint
  /** The part of the range a number can hold exactly. */
  readonly numberMin: number
  readonly numberMax: number
}

const safe = Number.MAX_SAFE_INTEGER
const ranges: Record<IntegerType, IntegerRange> = {
  uint32: { min: 0n, max: 2n ** 32n - 1n, numberMin: 0, numberMax: 2 ** 32 - 1 },
  uint64: { min: 0n, max: 2n ** 64n - 1n, numberMin: 0, numberMax: safe },
  int64: { min: -(2n ** 63n), max: 2n ** 63n - 1n, numberMin: -safe, numberMax: safe },
  timestamp: {
    min: BigInt(-safe),
    max: BigInt(safe),
    numberMin: -safe,
    numberMax: safe,
  },
}

/** True for a whole number that the type holds exactly. */
export const fitsInteger = (type: IntegerType, value: unknown): value is number | bigint => {
  const range = ranges[type]
  return typeof value === 'number'
    ? Number.isInteger(value) && value >= range.numberMin && value <= range.numberMax
    : typeof value === 'bigint' && value >= range.min && value <= range.max
}
