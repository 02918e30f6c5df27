import type { Column, ColumnType, Row, Value } from '@silversmith/core'
import { type FileMetaData, parquetMetadata } from 'hyparquet'
import { checkParquet } from './parquet-check.ts'
import { readPlainRows } from './parquet-rows.ts'

/** What a file of ours holds, in the form in which it was written. */
export interface ParquetTable {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

/**
 * All of a file, such that `encodeParquet` of it makes a file that holds the same: decimals and maps as they were, digit by digit
 * and pair by pair. The file may have fewer columns than are known, and in another order.
 *
 * Throws a TypeError for a column that none of these is, a RangeError when the file's schema is not that of its columns.
 */
export const readParquetTable = async (
  bytes: Uint8Array,
  known: readonly Column[],
): Promise<ParquetTable> => {
  const file = new Uint8Array(bytes).buffer
  const metadata = parquetMetadata(file)
  const columns = columnNames(metadata).map((name) => {
    const column = known.find((one) => one.name === name)
    if (column) return column
    throw new TypeError(`The file has a column ${name} that is not known here.`)
  })
  await checkParquet(bytes, columns, Number(metadata.num_rows))
  const found = await readPlainRows(file, { metadata: undressed(metadata) })
  const rows = found.map((row) => columns.map(({ name, type }) => valueOf(type, row[name])))
  return { columns, rows }
}

/** Names of the columns of a Parquet file, in their order. Throws when it is none. */
export const readColumnNames = (bytes: Uint8Array): readonly string[] =>
  columnNames(parquetMetadata(new Uint8Array(bytes).buffer))

export const columnNames = ({ schema }: FileMetaData): readonly string[] => {
  const names: string[] = []
  const [root, ...elements] = schema
  let at = 0
  const skip = (): void => {
    const { num_children: children = 0 } = elements[at] ?? {}
    at += 1
    for (let n = 0; n < children; n += 1) skip()
  }
  for (let n = 0; n < (root?.num_children ?? 0); n += 1) {
    names.push(elements[at]?.name ?? '')
    skip()
  }
  return names
}

/** hyparquet makes doubles of decimals, and objects of maps, whose keys may be `__proto__`; it does not where it knows of neither. */
const undressed = (metadata: FileMetaData): FileMetaData => ({
  ...metadata,
  schema: metadata.schema.map((element) => {
    const plain = { ...element }
    if (plain.converted_type !== 'DECIMAL' && plain.converted_type !== 'MAP') return plain
    delete plain.converted_type
    delete plain.logical_type
    return plain
  }),
})

const valueOf = (type: ColumnType, value: unknown): Value => {
  if (value === null || value === undefined) return null
  if (typeof type === 'string') return value as Value
  if ('decimal' in type) return unitsOf(value as number | bigint | Uint8Array)
  if ('list' in type)
    return (value as readonly unknown[]).map((one) => valueOf(type.list.type, one))
  if ('map' in type) {
    const { key_value: pairs } = value as { readonly key_value: readonly Pair[] }
    return new Map(pairs.map((pair) => [pair.key, valueOf(type.map.type, pair.value)]))
  }
  const own = value as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(type.struct).map(([name, field]) => [name, valueOf(field.type, own[name])]),
  )
}

interface Pair {
  readonly key: string
  readonly value: unknown
}

/** Two's complement, most significant byte first. */
const unitsOf = (value: number | bigint | Uint8Array): number | bigint =>
  value instanceof Uint8Array
    ? BigInt.asIntN(value.length * 8, BigInt(`0x${Buffer.from(value).toString('hex')}`))
    : value
