import type { Column, ColumnType, Row, Value } from '@silversmith/core'
import fc from 'fast-check'

const types: readonly ColumnType[] = [
  'text',
  'category',
  'json',
  'uint32',
  'uint64',
  'int64',
  'float64',
  'boolean',
  'timestamp',
]

export const columnOf = (type: ColumnType, nullable: boolean): Column => ({
  name: `${type}_${nullable ? 'maybe' : 'always'}`,
  type,
  nullable,
  description: type,
})

export const everyColumn = types.flatMap((type) => [columnOf(type, false), columnOf(type, true)])

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', 'a\0b', '𝔘😀', '\ud800', 'x\udc00y', 'é'.repeat(300)),
)
const few = fc.constantFrom('video', 'page', '')

const valueOf = (type: ColumnType): fc.Arbitrary<Value> => {
  switch (type) {
    case 'text':
      return text
    case 'category':
      return few
    case 'json':
      return fc.json()
    case 'uint32':
      return fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 2 ** 32 - 1, 7n))
    case 'uint64':
      return fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.maxSafeNat())
    case 'int64':
      return fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger())
    case 'float64':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'timestamp':
      return fc.oneof(fc.maxSafeInteger(), fc.constantFrom(1_636_000_000_123_456, -1, 0))
  }
}

/** A row of any values that `everyColumn` can hold. */
export const anyRow = fc.tuple(
  ...everyColumn.map(({ type, nullable }) =>
    nullable ? fc.option(valueOf(type), { nil: null }) : valueOf(type),
  ),
)

/** What a reader must see for a value that was written. */
const seen = (type: ColumnType, value: Value): unknown => {
  if (value === null) return null
  if (type === 'uint64' || type === 'int64') return BigInt(value)
  if (type === 'uint32' || type === 'timestamp') return Number(value) + 0
  return typeof value === 'string' ? Buffer.from(value).toString() : value
}

export const seenRows = (
  columns: readonly Column[],
  rows: readonly Row[],
): Record<string, unknown>[] =>
  rows.map((values) =>
    Object.fromEntries(
      columns.map(({ name, type }, at) => [name, seen(type, values[at] as Value)]),
    ),
  )
