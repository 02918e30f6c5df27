import {
  type Column,
  type ColumnType,
  dateMax,
  dateMin,
  type Field,
  type Row,
  timestampMin,
  type Value,
} from '@silversmith/core'
import fc from 'fast-check'

const decimals: readonly ColumnType[] = [
  { decimal: { precision: 9, scale: 2 } },
  { decimal: { precision: 18, scale: 0 } },
  { decimal: { precision: 38, scale: 10 } },
]

export const scalars: readonly ColumnType[] = [
  ...(['text', 'category', 'json', 'binary', 'uuid', 'uint32', 'uint64', 'int64'] as const),
  ...(['float64', 'boolean', 'timestamp', 'date'] as const),
  ...decimals,
]

const nested: readonly ColumnType[] = [
  { list: { type: 'text', nullable: true } },
  { map: { type: 'float64', nullable: true } },
  { struct: { a: { type: 'uint32', nullable: true }, b: { type: 'text', nullable: false } } },
  {
    list: {
      nullable: false,
      type: {
        struct: {
          name: { type: 'category', nullable: true },
          tags: { type: { list: { type: 'int64', nullable: false } }, nullable: false },
          by: { type: { map: { type: 'uuid', nullable: true } }, nullable: false },
        },
      },
    },
  },
]

export const columnOf = (type: ColumnType, nullable: boolean, name?: string): Column => ({
  name: name ?? `${typeof type === 'string' ? type : 'column'}_${nullable ? 'maybe' : 'always'}`,
  type,
  nullable,
  description: 'any',
})

/** Every scalar type, with nulls and without, and nested ones. */
export const everyColumn: readonly Column[] = [
  ...scalars.flatMap((type, at) => [
    columnOf(type, false, `c${at}_always`),
    columnOf(type, true, `c${at}_maybe`),
  ]),
  ...nested.map((type, at) => columnOf(type, false, `n${at}`)),
]

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', 'a\0b', '𝔘😀', '\ud800', 'x\udc00y', 'é'.repeat(300)),
)
const few = fc.constantFrom('video', 'page', '')

const anyOf = (type: ColumnType): fc.Arbitrary<Value> => {
  switch (type) {
    case 'text':
      return text
    case 'category':
      return few
    case 'json':
      return fc.json()
    case 'binary':
      return fc.uint8Array({ maxLength: 20 })
    case 'uuid':
      return fc.uuid()
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
      return fc.oneof(
        fc.integer({ min: timestampMin, max: Number.MAX_SAFE_INTEGER }),
        fc.constantFrom(1_636_000_000_123_456, -1, 0, timestampMin, Number.MAX_SAFE_INTEGER),
      )
    case 'date':
      return fc.oneof(
        fc.integer({ min: dateMin, max: dateMax }),
        fc.constantFrom(dateMin, -1, 0, dateMax),
      )
    default:
      return anyOfParts(type)
  }
}

const anyOfParts = (type: Exclude<ColumnType, string>): fc.Arbitrary<Value> => {
  if ('decimal' in type) {
    const max = 10n ** BigInt(type.decimal.precision) - 1n
    return fc.oneof(fc.bigInt({ min: -max, max }), fc.constantFrom(0, -1, max, -max))
  }
  if ('list' in type) return fc.array(valueOf(type.list), { maxLength: 4 })
  if ('map' in type) {
    const pair = fc.tuple(fc.string({ maxLength: 5 }), valueOf(type.map))
    return fc
      .uniqueArray(pair, { maxLength: 4, selector: ([key]) => key })
      .map((pairs) => new Map(pairs))
  }
  const fields = Object.entries(type.struct).map(([name, field]) => [name, valueOf(field)] as const)
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true })
}

const valueOf = ({ type, nullable }: Field): fc.Arbitrary<Value> =>
  nullable ? fc.option(anyOf(type), { nil: null }) : anyOf(type)

export const rowOf = (columns: readonly Column[]): fc.Arbitrary<Row> =>
  fc.tuple(...columns.map(valueOf))

/** A row of any values that `everyColumn` can hold. */
export const anyRow = rowOf(everyColumn)

const { type: anyType } = fc.letrec<{ type: ColumnType; field: Field }>((tie) => ({
  field: tie('type').chain((type) =>
    fc.record({
      type: fc.constant(type),
      nullable: isScalarType(type) ? fc.boolean() : fc.constant(false),
    }),
  ),
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: fc.constantFrom(...scalars) },
    { weight: 1, arbitrary: fc.record({ list: tie('field') }) },
    { weight: 1, arbitrary: fc.record({ map: tie('field') }) },
    {
      weight: 1,
      arbitrary: fc.array(tie('field'), { minLength: 1, maxLength: 3 }).map((fields) => ({
        struct: Object.fromEntries(fields.map((field, at) => [`f${at}`, field])),
      })),
    },
  ),
}))

const isScalarType = (type: ColumnType): boolean => typeof type === 'string' || 'decimal' in type

/** Columns of any types, nested ones among them, and rows for them. */
export const anyTable: fc.Arbitrary<{
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}> = fc
  .array(fc.tuple(anyType, fc.boolean()), { minLength: 1, maxLength: 8 })
  .map((types) =>
    types.map(([type, nullable], at) => columnOf(type, nullable && isScalarType(type), `c${at}`)),
  )
  .chain((columns) =>
    fc.record({ columns: fc.constant(columns), rows: fc.array(rowOf(columns), { maxLength: 25 }) }),
  )

/** How a reader gives decimals: as units, or as hyparquet does: units as a double, times a power of ten. */
export type DecimalForm = 'units' | 'double'

/** What `readParquet` must give for a value that was written; other readers, too, but for decimals. */
export const seen = (
  type: ColumnType,
  value: Value | undefined,
  decimals: DecimalForm = 'double',
): unknown => {
  if (value === null || value === undefined) return null
  if (typeof type === 'string') {
    if (type === 'uint64' || type === 'int64') return BigInt(value as number)
    if (type === 'uint32' || type === 'timestamp' || type === 'date') return Number(value) + 0
    return typeof value === 'string' ? Buffer.from(value).toString() : value
  }
  if ('decimal' in type) {
    if (decimals === 'units') return BigInt(value as number)
    return Number(value) * 10 ** -type.decimal.scale
  }
  if ('list' in type)
    return (value as readonly Value[]).map((one) => seen(type.list.type, one, decimals))
  if ('map' in type)
    return Object.fromEntries(
      [...(value as ReadonlyMap<string, Value>)].map(([key, one]) => [
        Buffer.from(key).toString(),
        seen(type.map.type, one, decimals),
      ]),
    )
  const own = value as Readonly<Record<string, Value>>
  return Object.fromEntries(
    Object.entries(type.struct).map(([name, field]) => [
      name,
      seen(field.type, own[name], decimals),
    ]),
  )
}

export const seenRows = (
  columns: readonly Column[],
  rows: readonly Row[],
  decimals: DecimalForm = 'double',
): Record<string, unknown>[] =>
  rows.map((values) =>
    Object.fromEntries(
      columns.map(({ name, type }, at) => [name, seen(type, values[at], decimals)]),
    ),
  )
