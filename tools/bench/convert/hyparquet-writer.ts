import { writeFile } from 'node:fs/promises'
import type { Column, Value } from '@silversmith/core'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { reportAtExit } from '../contestant.ts'
import { mappedFile } from './mapped.ts'

const [, , input = '', output = '', variant] = process.argv
reportAtExit()

const types: Readonly<Record<string, string>> = {
  ...{ text: 'STRING', category: 'STRING', json: 'STRING', uint32: 'INT64', uint64: 'INT64' },
  ...{ int64: 'INT64', float64: 'DOUBLE', boolean: 'BOOLEAN', timestamp: 'INT64' },
}
const isWhole = ({ type }: Column): boolean => types[String(type)] === 'INT64'

/** The whole file in arrays, a column each: that is its interface. */
const file = mappedFile(input, variant === 'plain')
const arrays = file.columns.map((): Value[] => [])
for await (const row of file.rows()) {
  row.forEach((value, at) => arrays[at]?.push(value))
}
const columnData = file.columns.map((column, at) => ({
  name: column.name,
  data: isWhole(column)
    ? (arrays[at] ?? []).map((value) => (value === null ? null : BigInt(value as number)))
    : (arrays[at] ?? []),
  type: types[String(column.type)],
  nullable: column.nullable,
}))
await writeFile(
  output,
  Buffer.from(parquetWriteBuffer({ columnData } as Parameters<typeof parquetWriteBuffer>[0])),
)
