import { ParquetEnvelopeReader } from '@dsnp/parquetjs/dist/lib/reader.js'
import type { Column } from '@silversmith/core'
import { codes } from '../file/parquet-code.ts'
import { leavesOf, nodeOf } from '../schema/leaf.ts'
import { schemaOf } from '../schema/schema-element.ts'

/** What parquetjs gives of a footer, as far as it is looked at. */
interface Footer {
  readonly num_rows: unknown
  readonly schema: readonly {
    readonly name: string
    readonly type: number | null
    readonly type_length: number | null
    readonly repetition_type: number | null
    readonly num_children: number | null
    readonly converted_type: number | null
  }[]
  readonly row_groups: readonly {
    readonly num_rows: unknown
    readonly columns: readonly {
      readonly meta_data: {
        readonly path_in_schema: readonly string[]
        readonly total_compressed_size: unknown
        readonly data_page_offset: unknown
        readonly dictionary_page_offset: unknown
      } | null
    }[]
  }[]
}

/**
 * Reads the footer of a file with parquetjs, which had no part in writing it. Throws a RangeError when it does not say what was
 * to be written: schema, number of rows, column chunks that follow each other from the first byte to the footer.
 */
export const checkParquet = async (
  bytes: Uint8Array,
  columns: readonly Column[],
  rows: number,
): Promise<void> => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const footer = await readFooter(file)
  checkSchema(footer, columns)
  const found = footer.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  if (Number(footer.num_rows) !== rows || found !== rows)
    throw new RangeError(
      `The file has ${Number(footer.num_rows)} rows (${found} in groups), not ${rows}.`,
    )
  checkPlaces(footer, columns, file.length - footerFrameBytes - file.readUInt32LE(file.length - 8))
}

/** Its length and the closing magic. */
const footerFrameBytes = 8

const readFooter = async (file: Buffer): Promise<Footer> => {
  try {
    const reader = await ParquetEnvelopeReader.openBuffer(file)
    await reader.readHeader()
    return (await reader.readFooter()) as unknown as Footer
  } catch (error) {
    throw new RangeError('The bytes are not a whole Parquet file.', { cause: error })
  }
}

const checkSchema = ({ schema }: Footer, columns: readonly Column[]): void => {
  const [, ...found] = schema
  const wanted = schemaOf(columns)
  if (found.length !== wanted.length)
    throw new RangeError(`The file's schema has ${found.length} elements, not ${wanted.length}.`)
  for (const [at, element] of wanted.entries()) {
    const { name, physical, repetition, children, converted, lengthBytes } = element
    const own = found[at]
    if (
      own?.name !== name ||
      own.type !== (physical === undefined ? null : codes.type[physical]) ||
      own.type_length !== (lengthBytes ?? null) ||
      own.repetition_type !== codes.repetition[repetition] ||
      own.num_children !== (children ?? null) ||
      own.converted_type !== (converted === undefined ? null : codes.converted[converted])
    )
      throw new RangeError(`Element ${at} of the file's schema is not ${name} as it should be.`)
  }
}

const checkPlaces = (footer: Footer, columns: readonly Column[], dataEnd: number): void => {
  const paths = columns.flatMap((column) => leavesOf(nodeOf(column)).map(({ path }) => path))
  let end = 4
  for (const group of footer.row_groups) {
    if (group.columns.length !== paths.length) throw new RangeError('A row group lacks columns.')
    for (const [at, { meta_data: facts }] of group.columns.entries()) {
      const name = facts?.path_in_schema.join('.')
      const begin = Number(facts?.dictionary_page_offset ?? facts?.data_page_offset)
      if (!facts || name !== paths[at]?.join('.') || begin !== end)
        throw new RangeError(`Column chunk ${name} is not where it should be.`)
      end += Number(facts.total_compressed_size)
    }
  }
  if (end !== dataEnd) throw new RangeError('There are bytes that belong to no column chunk.')
}
