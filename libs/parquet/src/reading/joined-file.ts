import { type ColumnMetaData, type FileMetaData, parquetMetadata, type RowGroup } from 'hyparquet'
import { codes } from '../file/parquet-code.ts'
import { bytesOf, i32, i64, list, struct, text, type Written } from '../file/thrift-writer.ts'
import { columnNames } from './parquet-table.ts'
import { placesOf } from './thrift-places.ts'

/** What a file, or several as one, holds. */
export interface JoinedFile {
  readonly bytes: Uint8Array
  /** Names of its columns, in their order. */
  readonly columns: readonly string[]
  readonly rows: number
}

/**
 * One file with the rows of these, in their order: their row groups byte by byte, under a new footer. A single file is given back
 * as it is. Takes the memory of the files once more and decodes nothing, so that nobody need know what their columns are: they may
 * be of any release.
 *
 * Throws a RangeError when one is no whole Parquet file of ours, or when their columns differ.
 */
export const joinParquetFiles = (files: readonly Uint8Array[]): JoinedFile => {
  const parts = files.map(readPart)
  const [first] = parts
  if (!first) throw new RangeError('There is no file to join.')
  const { columns } = first
  const rows = parts.reduce((sum, { metadata }) => sum + Number(metadata.num_rows), 0)
  if (parts.length === 1) return { bytes: first.file, columns, rows }
  if (!parts.every(({ schema }) => schema.equals(first.schema)))
    throw new RangeError('The files differ in their columns.')
  let moved = 0
  const groups = parts.flatMap(({ metadata, data }) => {
    const own = moved
    moved += data.length
    return metadata.row_groups.map((group) => describeGroup(group, own))
  })
  const leaves = first.metadata.schema.filter(({ type }) => type !== undefined)
  const footer = bytesOf(
    struct({
      1: i32(1),
      2: { type: listType, write: (sink) => sink.writeBytes(first.schema) },
      3: i64(rows),
      4: list(groups),
      6: text('silversmith'),
      7: list(leaves.map(() => struct({ 1: struct({}) }))),
    }),
  )
  const frame = Buffer.alloc(frameBytes, magic)
  frame.writeUInt32LE(footer.length)
  const bytes = Buffer.concat([magic, ...parts.map(({ data }) => data), footer, frame])
  return { bytes, columns, rows }
}

const magic = Buffer.from('PAR1')
/** Length of the footer, and the closing magic. */
const frameBytes = 8
const listType = 9
/** Its number in the footer. */
const schemaField = 2

interface Part {
  readonly file: Buffer
  readonly metadata: FileMetaData
  /** Everything between the opening magic and the footer. */
  readonly data: Buffer
  /** The footer's list of schema elements, as it lies there. */
  readonly schema: Buffer
  readonly columns: readonly string[]
}

const readPart = (bytes: Uint8Array): Part => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const footerAt = findFooter(file)
  const footer = file.subarray(footerAt, -frameBytes)
  const { begin, end } = placesOf(footer, 0).get(schemaField) ?? { begin: 0, end: 0 }
  const metadata = parquetMetadata(file)
  checkPlaces(metadata, footerAt)
  return {
    ...{ file, metadata, schema: footer.subarray(begin, end) },
    data: file.subarray(magic.length, footerAt),
    columns: columnNames(metadata),
  }
}

const findFooter = (file: Buffer): number => {
  const isFramed =
    file.length >= magic.length + frameBytes &&
    file.subarray(0, magic.length).equals(magic) &&
    file.subarray(-magic.length).equals(magic)
  const frameAt = file.length - frameBytes
  const footerAt = isFramed ? frameAt - file.readUInt32LE(frameAt) : -1
  if (footerAt < magic.length) throw new RangeError('The bytes are not a whole Parquet file.')
  return footerAt
}

/** Column chunks follow each other from the first byte to the footer, as ours do: nothing else is to be moved with them. */
const checkPlaces = ({ row_groups: groups }: FileMetaData, footerAt: number): void => {
  let end = magic.length
  for (const { columns } of groups)
    for (const { meta_data: facts } of columns) {
      if (!facts || beginOf(facts) !== end)
        throw new RangeError('A column chunk is not where a file of ours has it.')
      end += Number(facts.total_compressed_size)
    }
  if (end !== footerAt) throw new RangeError('There are bytes that belong to no column chunk.')
}

const beginOf = (facts: ColumnMetaData): number =>
  Number(facts.dictionary_page_offset ?? facts.data_page_offset)

const describeGroup = (group: RowGroup, moved: number): Written => {
  const facts = group.columns.flatMap(({ meta_data: own }) => own ?? [])
  return struct({
    1: list(facts.map((own) => describeChunk(own, moved))),
    2: i64(Number(group.total_byte_size)),
    3: i64(Number(group.num_rows)),
    5: i64(moved + Math.min(...facts.map(beginOf))),
  })
}

/** Without bounds: whoever takes the file reads all of it. */
const describeChunk = (facts: ColumnMetaData, moved: number): Written => {
  const { PLAIN, RLE, RLE_DICTIONARY } = codes.encoding
  const { dictionary_page_offset: dictionary, statistics } = facts
  const absent = statistics?.null_count
  const metadata = struct({
    1: i32(numberIn(codes.type, facts.type)),
    2: list((dictionary === undefined ? [PLAIN, RLE] : [PLAIN, RLE, RLE_DICTIONARY]).map(i32)),
    3: list(facts.path_in_schema.map(text)),
    4: i32(numberIn(codes.codec, facts.codec)),
    5: i64(Number(facts.num_values)),
    6: i64(Number(facts.total_uncompressed_size)),
    7: i64(Number(facts.total_compressed_size)),
    9: i64(moved + Number(facts.data_page_offset)),
    11: dictionary === undefined ? undefined : i64(moved + Number(dictionary)),
    12: absent === undefined ? undefined : struct({ 3: i64(Number(absent)) }),
  })
  return struct({ 2: i64(moved + beginOf(facts)), 3: metadata })
}

const numberIn = (numbers: Readonly<Record<string, number>>, name: string): number => {
  const number = numbers[name]
  if (number === undefined) throw new RangeError(`${name} is in no file of ours.`)
  return number
}
