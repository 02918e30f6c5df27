import type { Column } from '@silversmith/core'
import { formOf } from '../schema/column-type.ts'
import { type SchemaElement, schemaOf } from '../schema/schema-element.ts'
import type { Codec } from './codec.ts'
import { codes } from './parquet-code.ts'
import type { LeafChunk, RowGroup } from './row-group.ts'
import {
  binary,
  bytesOf,
  flag,
  i32,
  i64,
  i8,
  list,
  struct,
  text,
  type Written,
} from './thrift-writer.ts'

/** Footer, its length and the closing magic, for groups that follow each other from `offset` on. Field ids are those of parquet.thrift. */
export const footerBytes = (
  columns: readonly Column[],
  groups: readonly RowGroup[],
  codec: Codec,
  offset: number,
): Buffer => {
  const elements = schemaOf(columns)
  const leaves = elements.filter(({ physical }) => physical)
  const root = struct({ 4: text('root'), 5: i32(columns.length) })
  let at = offset
  const written = groups.map((group) => {
    const begin = at
    at += group.sizeBytes
    return struct({
      1: list(group.chunks.map((chunk) => describeChunk(chunk, codec, begin))),
      2: i64(group.plainBytes),
      3: i64(group.rows),
      5: i64(begin),
    })
  })
  const footer = bytesOf(
    struct({
      1: i32(1),
      2: list([root, ...elements.map(describeElement)]),
      3: i64(groups.reduce((sum, { rows }) => sum + rows, 0)),
      4: list(written),
      6: text('silversmith'),
      // Without column orders readers ignore bounds.
      7: list(leaves.map(() => struct({ 1: struct({}) }))),
    }),
  )
  const trailer = Buffer.alloc(8, 'PAR1')
  trailer.writeUInt32LE(footer.length)
  return Buffer.concat([footer, trailer])
}

const describeChunk = (chunk: LeafChunk, codec: Codec, begin: number): Written => {
  const { leaf, bounds, hasDictionary } = chunk
  const { PLAIN, RLE, RLE_DICTIONARY } = codes.encoding
  const metadata = struct({
    1: i32(codes.type[formOf(leaf.type).physical]),
    2: list((hasDictionary ? [PLAIN, RLE, RLE_DICTIONARY] : [PLAIN, RLE]).map(i32)),
    3: list(leaf.path.map(text)),
    4: i32(codes.codec[codec.name]),
    5: i64(chunk.entries),
    6: i64(chunk.plainBytes),
    7: i64(chunk.sizeBytes),
    9: i64(begin + chunk.dataOffset),
    11: hasDictionary ? i64(begin + chunk.offset) : undefined,
    12: struct({
      3: i64(chunk.absent),
      5: bounds && binary(bounds.max),
      6: bounds && binary(bounds.min),
    }),
  })
  return struct({ 2: i64(begin + chunk.offset), 3: metadata })
}

const describeElement = (element: SchemaElement): Written => {
  const { name, repetition, children, physical, lengthBytes, converted, type } = element
  const decimal = typeof type === 'object' ? type.decimal : undefined
  const logical = logicalType(type)
  return struct({
    1: physical && i32(codes.type[physical]),
    2: lengthBytes === undefined ? undefined : i32(lengthBytes),
    3: i32(codes.repetition[repetition]),
    4: text(name),
    5: children === undefined ? undefined : i32(children),
    6: converted && i32(codes.converted[converted]),
    7: decimal && i32(decimal.scale),
    8: decimal && i32(decimal.precision),
    10: logical && struct(logical),
  })
}

/** Without it a timestamp is not in UTC for DuckDB and pandas. */
const logicalType = (type: SchemaElement['type']): Record<number, Written> | undefined => {
  if (typeof type === 'object')
    return { 5: struct({ 1: i32(type.decimal.scale), 2: i32(type.decimal.precision) }) }
  switch (type) {
    case 'text':
    case 'category':
    case 'json':
      return { 1: struct({}) }
    case 'map':
      return { 2: struct({}) }
    case 'list':
      return { 3: struct({}) }
    case 'date':
      return { 6: struct({}) }
    case 'timestamp':
      return { 8: struct({ 1: flag(true), 2: struct({ 2: struct({}) }) }) }
    case 'uint32':
    case 'uint64':
      return { 10: struct({ 1: i8(type === 'uint32' ? 32 : 64), 2: flag(false) }) }
    case 'uuid':
      return { 14: struct({}) }
    default:
      return undefined
  }
}
