import type { Column, ColumnType } from '@silversmith/core'
import { forms, isText } from './column-type.ts'
import { codes } from './parquet-code.ts'
import { bytesOf, flag, i32, i64, i8, list, struct, text, type Written } from './thrift-writer.ts'

/** Footer, its length and the closing magic. Field ids are those of parquet.thrift. */
export const footerBytes = (
  columns: readonly Column[],
  groups: readonly Written[],
  rows: number,
): Buffer => {
  const root = struct({ 4: text('root'), 5: i32(columns.length) })
  const footer = bytesOf(
    struct({
      1: i32(1),
      2: list([root, ...columns.map(schemaElement)]),
      3: i64(rows),
      4: list(groups),
      6: text('silversmith'),
      // Without column orders readers ignore bounds.
      7: list(columns.map(() => struct({ 1: struct({}) }))),
    }),
  )
  const trailer = Buffer.alloc(8, 'PAR1')
  trailer.writeUInt32LE(footer.length)
  return Buffer.concat([footer, trailer])
}

const schemaElement = ({ name, type, nullable }: Column): Written => {
  const { physical, converted } = forms[type]
  const logical = logicalType(type)
  return struct({
    1: i32(codes.type[physical]),
    3: i32(nullable ? codes.repetition.OPTIONAL : codes.repetition.REQUIRED),
    4: text(name),
    6: converted && i32(codes.converted[converted]),
    10: logical && struct(logical),
  })
}

/** Without it a timestamp is not in UTC for DuckDB and pandas. */
const logicalType = (type: ColumnType): Record<number, Written> | undefined => {
  if (isText(type)) return { 1: struct({}) }
  if (type === 'timestamp') return { 8: struct({ 1: flag(true), 2: struct({ 2: struct({}) }) }) }
  if (type === 'uint32' || type === 'uint64')
    return { 10: struct({ 1: i8(type === 'uint32' ? 32 : 64), 2: flag(false) }) }
  return undefined
}
