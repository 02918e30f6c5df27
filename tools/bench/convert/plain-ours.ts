import { writeFile } from 'node:fs/promises'
import { textOf } from '@silversmith/flow'
import { createParquetEncoder } from '@silversmith/parquet'
import { reportAtExit } from '../contestant.ts'
import { linesOf } from './lines.ts'
import { plain } from './plain-columns.ts'

const [, , input = '', output = ''] = process.argv
reportAtExit()

/** Our reader, mapping and encoder, without hash and lineage. */
const encoder = createParquetEncoder()
const rows = encoder.createRows(plain.columns)
for await (const lines of linesOf(input))
  for (const { bytes } of lines) {
    const record = JSON.parse(textOf(bytes) ?? '') as Record<string, unknown>
    rows.add(plain.write({ record, hash: '', micros: 0, eventType: 'unknown' }))
  }
await writeFile(output, await encoder.join(plain.columns, [...rows.finish().values()].flat()))
