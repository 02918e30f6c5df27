import { ParquetReader } from '@dsnp/parquetjs/dist/lib/reader.js'

/**
 * Rows of a file this package wrote, read by parquetjs' reader: for tests, reports and checks. Values are plain:
 * string, number (uint32, float64, timestamp in microseconds), bigint (uint64, int64), boolean, null.
 *
 * @param columns Names of the columns to read; all when absent. Throws a TypeError for a name the file does not have.
 */
export const readParquet = async (
  bytes: Uint8Array,
  columns?: readonly string[],
): Promise<Record<string, unknown>[]> => {
  const reader = await ParquetReader.openBuffer(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  )
  const { metadata, envelopeReader } = reader
  if (!metadata || !envelopeReader) throw new TypeError('The file has no footer.')
  const schema = reader.getSchema()
  const names = columns ?? schema.fieldList.map(({ name }) => name)
  const missing = names.find((name) => !(name in schema.fields))
  if (missing !== undefined) throw new TypeError(`The file has no column ${missing}.`)
  const rows: Record<string, unknown>[] = []
  for (const group of metadata.row_groups) {
    const read = await envelopeReader.readRowGroup(
      schema,
      group,
      names.map((name) => [name]),
    )
    const first = rows.length
    for (let at = 0; at < Number(group.num_rows); at++) rows.push({})
    for (const name of names) {
      const field = schema.fields[name]
      const { values = [], dlevels = [] } = read.columnData?.[name] ?? {}
      const plain = field?.originalType ?? field?.primitiveType ?? ''
      let next = 0
      for (let at = 0; at < dlevels.length; at++) {
        const row = rows[first + at]
        if (!row) throw new TypeError(`Column ${name} has more values than its group has rows.`)
        row[name] = dlevels[at] === field?.dLevelMax ? normalise(plain, values[next++]) : null
      }
      if (dlevels.length !== Number(group.num_rows))
        throw new TypeError(`Column ${name} has fewer values than its group has rows.`)
    }
  }
  await reader.close()
  return rows
}

const normalise = (type: string, value: unknown): unknown => {
  switch (type) {
    case 'UTF8':
      return (value as Buffer).toString('utf8')
    case 'UINT_32':
      return (value as number) >>> 0
    case 'UINT_64':
      return BigInt.asUintN(64, value as bigint)
    case 'TIMESTAMP_MICROS':
      return Number(value)
    default:
      return value
  }
}
