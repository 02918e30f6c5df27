import parquet from '@dsnp/parquetjs'
import type { Column } from '@silversmith/core'
import { reportAtExit } from '../contestant.ts'
import { mappedFile } from './mapped.ts'

const [, , input = '', output = '', variant] = process.argv
reportAtExit()
const rowGroupRows = 50_000

const types: Readonly<Record<string, string>> = {
  ...{ text: 'UTF8', category: 'UTF8', json: 'UTF8', uint32: 'INT64', uint64: 'INT64' },
  ...{ int64: 'INT64', float64: 'DOUBLE', boolean: 'BOOLEAN', timestamp: 'TIMESTAMP_MICROS' },
}

const fieldOf = ({ type, nullable }: Column) => ({
  ...{ type: types[String(type)] ?? 'UTF8', optional: nullable, compression: 'SNAPPY' },
})

/** Row by row, as its users write: an object a row. Without statistics and page index, which cost it more. */
const file = mappedFile(input, variant === 'plain')
const schema = new parquet.ParquetSchema(
  Object.fromEntries(
    file.columns.map((column) => [column.name, { ...fieldOf(column), statistics: false }]),
  ) as ConstructorParameters<typeof parquet.ParquetSchema>[0],
)
const writer = await parquet.ParquetWriter.openFile(schema, output, {
  pageIndex: false,
  rowGroupSize: rowGroupRows,
} as object)
for await (const row of file.rows()) {
  const object: Record<string, unknown> = {}
  file.columns.forEach(({ name }, at) => {
    if (row[at] !== null) object[name] = row[at]
  })
  await writer.appendRow(object)
}
await writer.close()
