import type { Column, ColumnType, Row } from '@silversmith/core'
import { forms, isText } from './column-type.ts'
import type { Footer, FooterChunk } from './footer.ts'
import { readFooter, readPage } from './footer.ts'
import { readParquet } from './parquet-rows.ts'

/** Numbers of parquet.thrift's Type and ConvertedType, written down here again so that the check is independent. */
const physicalNumbers = { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 } as const
const convertedNumbers = { UTF8: 0, TIMESTAMP_MICROS: 10, UINT_32: 13, UINT_64: 14 } as const

/**
 * Throws a RangeError when the file is not what was to be written: schema, row count, column chunks that
 * adjoin, pages that fill them. Given the rows themselves, every value is read back too and compared.
 */
export const checkParquet = async (
  bytes: Uint8Array,
  columns: readonly Column[],
  rows: number | readonly Row[],
): Promise<void> => {
  const footer = readFooter(bytes)
  checkSchema(footer, columns)
  checkGroups(footer, columns, typeof rows === 'number' ? rows : rows.length, bytes)
  if (typeof rows !== 'number') await checkValues(bytes, columns, rows)
}

const checkSchema = (footer: Footer, columns: readonly Column[]): void => {
  if (footer.columns.length !== columns.length)
    throw new RangeError(`The file has ${footer.columns.length} columns, not ${columns.length}.`)
  for (const [at, { name, type, nullable }] of columns.entries()) {
    const { physical, converted } = forms[type]
    const found = footer.columns[at]
    if (
      found?.name !== name ||
      found.physical !== physicalNumbers[physical] ||
      found.converted !== (converted ? convertedNumbers[converted] : -1) ||
      found.nullable !== nullable
    )
      throw new RangeError(`Column ${at} of the file is not ${name} (${type}).`)
  }
}

const checkGroups = (
  footer: Footer,
  columns: readonly Column[],
  rows: number,
  bytes: Uint8Array,
): void => {
  const found = footer.groups.reduce((sum, group) => sum + group.rows, 0)
  if (footer.rows !== rows || found !== rows)
    throw new RangeError(`The file has ${footer.rows} rows (${found} in groups), not ${rows}.`)
  let end = 4
  for (const { chunks, rows: groupRows } of footer.groups) {
    if (chunks.length !== columns.length) throw new RangeError('A row group lacks columns.')
    for (const [at, chunk] of chunks.entries()) {
      if (chunk.name !== columns[at]?.name || chunk.values !== groupRows)
        throw new RangeError(
          `Column chunk ${chunk.name} has ${chunk.values} of ${groupRows} values.`,
        )
      if (chunk.offset !== end || chunk.offset + chunk.sizeBytes > bytes.length)
        throw new RangeError(`Column chunk ${chunk.name} lies outside its place in the file.`)
      checkPages(bytes, chunk)
      end += chunk.sizeBytes
    }
  }
}

/** The pages follow each other, fill the chunk and hold its values; the first after a dictionary is where the footer says. */
const checkPages = (bytes: Uint8Array, chunk: FooterChunk): void => {
  let values = 0
  let first: number | undefined
  let at = chunk.offset
  const end = chunk.offset + chunk.sizeBytes
  while (at < end) {
    const page = readPage(bytes, at)
    if (page.kind === 'data') {
      first ??= at
      values += page.values
    }
    at = page.end
  }
  if (at !== end || values !== chunk.values || first !== chunk.dataOffset)
    throw new RangeError(`The pages of column chunk ${chunk.name} are not what the footer says.`)
}

const checkValues = async (
  bytes: Uint8Array,
  columns: readonly Column[],
  rows: readonly Row[],
): Promise<void> => {
  const found = await readParquet(bytes)
  for (const [at, row] of rows.entries())
    for (const [index, { name, type }] of columns.entries())
      if (!Object.is(found[at]?.[name], expected(type, row[index])))
        throw new RangeError(`Column ${name}, row ${at}: the file holds another value.`)
}

const expected = (type: ColumnType, value: Row[number] | undefined): unknown => {
  if (value === null || value === undefined) return null
  if (isText(type)) return Buffer.from(String(value)).toString('utf8')
  if (type === 'uint64' || type === 'int64') return BigInt(value)
  // Adding 0 turns -0 into 0: integers have no negative zero.
  return type === 'timestamp' || type === 'uint32' ? Number(value) + 0 : value
}
