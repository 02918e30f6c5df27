import { serializeThrift } from '@dsnp/parquetjs/dist/lib/util.js'
import thrift from '@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js'
import type { Column, ColumnType } from '@silversmith/core'
import Int64 from 'node-int64'
import { forms, isText } from './column-type.ts'

/**
 * Footer, its length and the closing magic. parquetjs' own footer knows neither logical types (without which a
 * timestamp is not in UTC for DuckDB and pandas) nor column orders (without which readers ignore bounds).
 */
export const footerBytes = (
  columns: readonly Column[],
  groups: thrift.RowGroup[],
  rows: number,
): Buffer => {
  const root = new thrift.SchemaElement({ name: 'root', num_children: columns.length })
  const footer = serializeThrift(
    new thrift.FileMetaData({
      version: 1,
      schema: [root, ...columns.map(schemaElement)],
      num_rows: new Int64(rows),
      row_groups: groups,
      created_by: 'silversmith',
      column_orders: columns.map(
        () => new thrift.ColumnOrder({ TYPE_ORDER: new thrift.TypeDefinedOrder() }),
      ),
    }) as Parameters<typeof serializeThrift>[0],
  )
  const trailer = Buffer.alloc(8, 'PAR1')
  trailer.writeUInt32LE(footer.length)
  return Buffer.concat([footer, trailer])
}

const schemaElement = ({ name, type, nullable }: Column): thrift.SchemaElement => {
  const { physical, converted } = forms[type]
  const logical = logicalType(type)
  return new thrift.SchemaElement({
    name,
    type: thrift.Type[physical],
    repetition_type: thrift.FieldRepetitionType[nullable ? 'OPTIONAL' : 'REQUIRED'],
    ...(converted ? { converted_type: thrift.ConvertedType[converted] } : {}),
    ...(logical ? { logicalType: logical } : {}),
  })
}

const logicalType = (type: ColumnType): thrift.LogicalType | undefined => {
  if (isText(type)) return new thrift.LogicalType({ STRING: new thrift.StringType() })
  if (type === 'timestamp')
    return new thrift.LogicalType({
      TIMESTAMP: new thrift.TimestampType({
        isAdjustedToUTC: true,
        unit: new thrift.TimeUnit({ MICROS: new thrift.MicroSeconds() }),
      }),
    })
  if (type === 'uint32' || type === 'uint64')
    return new thrift.LogicalType({
      INTEGER: new thrift.IntType({ bitWidth: type === 'uint32' ? 32 : 64, isSigned: false }),
    })
  return undefined
}
