import type { Column, ColumnType, Field, PlainType, Value } from '@silversmith/core'
import { quoteName } from './name.ts'

const plainTypes: Readonly<Record<PlainType, string>> = {
  text: 'String',
  category: 'LowCardinality(String)',
  json: 'String',
  binary: 'String',
  uuid: 'UUID',
  uint32: 'UInt32',
  uint64: 'UInt64',
  int64: 'Int64',
  float64: 'Float64',
  boolean: 'Bool',
  timestamp: "DateTime64(6, 'UTC')",
  date: 'Date32',
}

/** A column's type, written as `system.columns` writes it. */
export const clickHouseType = ({ type, nullable }: Field): string => {
  if (type === 'category' && nullable) return 'LowCardinality(Nullable(String))'
  const own = typeOf(type)
  return nullable ? `Nullable(${own})` : own
}

const typeOf = (type: ColumnType): string => {
  if (typeof type === 'string') return plainTypes[type]
  if ('decimal' in type) return `Decimal(${type.decimal.precision}, ${type.decimal.scale})`
  if ('list' in type) return `Array(${clickHouseType(type.list)})`
  if ('map' in type) return `Map(String, ${clickHouseType(type.map)})`
  const fields = Object.entries(type.struct).map(
    ([name, field]) => `${name} ${clickHouseType(field)}`,
  )
  return `Tuple(${fields.join(', ')})`
}

/** An expression for the column that JSON can tell without loss; `readTold` makes the value of it again. */
export const tell = ({ name, type }: Column): string => tellOf(type, quoteName(name), 0)

/** `depth` keeps the arguments of nested functions apart. */
const tellOf = (type: ColumnType, value: string, depth: number): string => {
  switch (type) {
    case 'timestamp':
      return `toUnixTimestamp64Micro(${value})`
    case 'date':
      return `toInt32(${value})`
    case 'binary':
      return `hex(${value})`
    default:
      return typeof type === 'string' ? value : tellParts(type, value, depth)
  }
}

const tellParts = (type: Exclude<ColumnType, string>, value: string, depth: number): string => {
  const one = `v${depth}`
  if ('decimal' in type) return `toString(${value})`
  if ('list' in type)
    return `arrayMap(${one} -> ${tellOf(type.list.type, one, depth + 1)}, ${value})`
  if ('map' in type) {
    const pair = `tuple(k${depth}, ${tellOf(type.map.type, one, depth + 1)})`
    return `arrayMap((k${depth}, ${one}) -> ${pair}, mapKeys(${value}), mapValues(${value}))`
  }
  const fields = Object.entries(type.struct).map(([name, field]) =>
    tellOf(field.type, `tupleElement(${value}, '${name}')`, depth),
  )
  return `tuple(${fields.join(', ')})`
}

const denormals: Readonly<Record<string, number>> = {
  nan: NaN,
  '-nan': NaN,
  inf: Infinity,
  '-inf': -Infinity,
}

/** What the encoder takes for what ClickHouse tells of a `tell` as JSON. */
export const readTold = (type: ColumnType, told: unknown): Value => {
  if (told === null) return null
  switch (type) {
    case 'uint64':
    case 'int64':
      return BigInt(told as string)
    case 'uint32':
    case 'timestamp':
    case 'date':
      return Number(told)
    case 'float64':
      return typeof told === 'string' ? (denormals[told] ?? Number(told)) : (told as number)
    case 'boolean':
      return Boolean(told)
    case 'binary':
      return Uint8Array.from(Buffer.from(told as string, 'hex'))
    case 'text':
    case 'category':
    case 'json':
    case 'uuid':
      return told as string
    default:
      return readToldParts(type, told)
  }
}

const readToldParts = (type: Exclude<ColumnType, string>, told: unknown): Value => {
  if ('decimal' in type) return unitsOf(told as string, type.decimal.scale)
  if ('list' in type)
    return (told as readonly unknown[]).map((one) => readTold(type.list.type, one))
  if ('map' in type) {
    const pairs = told as readonly (readonly [string, unknown])[]
    return new Map(pairs.map(([key, one]) => [key, readTold(type.map.type, one)]))
  }
  const values = told as readonly unknown[]
  return Object.fromEntries(
    Object.entries(type.struct).map(([name, field], at) => [
      name,
      readTold(field.type, values[at]),
    ]),
  )
}

/** `-1.5` of scale 2 → -150n. */
const unitsOf = (text: string, scale: number): bigint => {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}
