import parquet from '@dsnp/parquetjs'
import type { Column, ColumnType, Field, Row, StructValue, Value } from '@silversmith/core'

/**
 * The encoder we had before: parquetjs, row by row, an object a row. Only for tests that compare it with ours. It has no UUIDs
 * (their bytes alone are another type to every reader), refuses unsigned integers from 2^63 on (of 32 bits: 2^31) and times before
 * 1970, and makes 0.28 of a decimal given as 0.29, so decimals are given as bytes.
 */
export const writeRowWise = async (
  columns: readonly Column[],
  rows: readonly Row[],
): Promise<Uint8Array> => {
  const fields = Object.fromEntries(columns.map((column) => [column.name, fieldOf(column)]))
  const schema = new parquet.ParquetSchema(
    fields as ConstructorParameters<typeof parquet.ParquetSchema>[0],
  )
  const pieces: Buffer[] = []
  const stream = {
    write: (piece: Buffer, done: () => void) => {
      pieces.push(piece)
      done()
    },
    end: (done: () => void) => done(),
  }
  // Its page index is wrong for lists and for more than one page, and ClickHouse refuses it.
  const options = { pageIndex: false }
  const writer = await parquet.ParquetWriter.openStream(
    schema,
    stream as unknown as Parameters<typeof parquet.ParquetWriter.openStream>[1],
    options as object,
  )
  for (const row of rows) await writer.appendRow(recordOf(columns, row))
  await writer.close()
  return Buffer.concat(pieces)
}

/** The columns it can write, with values moved to where it can write them. */
export const tame = (
  columns: readonly Column[],
  rows: readonly Row[],
): { readonly columns: readonly Column[]; readonly rows: readonly Row[] } => {
  const kept = columns.flatMap((column, at) => (hasUuid(column.type) ? [] : [{ column, at }]))
  return {
    columns: kept.map(({ column }) => column),
    rows: rows.map((row) => kept.map(({ column, at }) => tameValue(column.type, row[at] as Value))),
  }
}

const hasUuid = (type: ColumnType): boolean => {
  if (typeof type === 'string') return type === 'uuid'
  if ('list' in type) return hasUuid(type.list.type)
  if ('map' in type) return hasUuid(type.map.type)
  return 'struct' in type && Object.values(type.struct).some((field) => hasUuid(field.type))
}

const tameValue = (type: ColumnType, value: Value): Value => {
  if (value === null) return null
  if (typeof type === 'string') {
    if (type === 'uint32') return Number(value) % 2 ** 31
    if (type === 'uint64') return BigInt.asUintN(63, BigInt(value as number))
    return type === 'timestamp' || type === 'date' ? Math.abs(value as number) : value
  }
  return mapParts(type, value, tameValue)
}

/** A nested value with its parts changed. */
const mapParts = (
  type: Exclude<ColumnType, string>,
  value: Value,
  change: (type: ColumnType, value: Value) => Value,
): Value => {
  if ('list' in type) return (value as readonly Value[]).map((one) => change(type.list.type, one))
  if ('map' in type)
    return new Map(
      [...(value as ReadonlyMap<string, Value>)].map(([key, one]) => [
        key,
        change(type.map.type, one),
      ]),
    )
  if ('struct' in type)
    return Object.fromEntries(
      Object.entries(type.struct).map(([name, field]) => [
        name,
        change(field.type, (value as StructValue)[name] as Value),
      ]),
    )
  return value
}

const scalarFields: Readonly<Record<string, string>> = {
  ...{ text: 'UTF8', category: 'UTF8', json: 'UTF8', binary: 'BYTE_ARRAY', uint32: 'UINT_32' },
  ...{ uint64: 'UINT_64', int64: 'INT64', float64: 'DOUBLE', boolean: 'BOOLEAN' },
  ...{ timestamp: 'TIMESTAMP_MICROS', date: 'DATE' },
}

/** As few as hold it: ClickHouse reads zeros from 16 bytes for a column of nine digits. */
const decimalBytesOf = (precision: number): number => {
  if (precision <= 9) return 4
  return precision <= 18 ? 8 : 16
}

const fieldOf = ({ type, nullable }: Field): object => {
  const facts = { optional: nullable, statistics: false }
  if (typeof type === 'string') return { ...facts, type: scalarFields[type] }
  if ('decimal' in type) {
    const typeLength = decimalBytesOf(type.decimal.precision)
    return { ...facts, type: 'DECIMAL', ...type.decimal, typeLength }
  }
  if ('list' in type) {
    const list = { repeated: true, fields: { element: fieldOf(type.list) } }
    return { type: 'LIST', optional: false, fields: { list } }
  }
  if ('map' in type) {
    const fields = { key: fieldOf({ type: 'text', nullable: false }), value: fieldOf(type.map) }
    return { type: 'MAP', optional: false, fields: { key_value: { repeated: true, fields } } }
  }
  const fields = Object.entries(type.struct).map(([name, field]) => [name, fieldOf(field)] as const)
  return { optional: false, fields: Object.fromEntries(fields) }
}

const recordOf = (columns: readonly Column[], row: Row): Record<string, unknown> =>
  present(columns.map(({ name, type }, at) => [name, given(type, row[at] as Value)]))

/** Without what is null: that is how it is told. */
const present = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> =>
  Object.fromEntries(entries.filter(([, value]) => value !== undefined))

const given = (type: ColumnType, value: Value): unknown => {
  if (value === null) return undefined
  if (typeof type === 'string') return value
  if ('decimal' in type)
    return decimalOf(BigInt(value as number | bigint), decimalBytesOf(type.decimal.precision))
  if ('list' in type) {
    const elements = value as readonly Value[]
    return { list: elements.map((one) => present([['element', given(type.list.type, one)]])) }
  }
  if ('map' in type) {
    const pairs = [...(value as ReadonlyMap<string, Value>)]
    return {
      key_value: pairs.map(([key, one]) =>
        present([
          ['key', key],
          ['value', given(type.map.type, one)],
        ]),
      ),
    }
  }
  return present(
    Object.entries(type.struct).map(([name, field]) => [
      name,
      given(field.type, (value as StructValue)[name] as Value),
    ]),
  )
}

/** Two's complement, big-endian. */
const decimalOf = (units: bigint, size: number): Buffer =>
  Buffer.from(
    BigInt.asUintN(8 * size, units)
      .toString(16)
      .padStart(2 * size, '0'),
    'hex',
  )
