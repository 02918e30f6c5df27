import type { Struct, Thrift } from './thrift-reader.ts'
import { readStruct } from './thrift-reader.ts'

/** What a file's footer says of itself; field ids are those of parquet.thrift. */
export interface Footer {
  readonly rows: number
  readonly columns: readonly FooterColumn[]
  readonly groups: readonly FooterGroup[]
}

export interface FooterColumn {
  readonly name: string
  /** parquet.thrift's numbers; -1 where there is no converted type. */
  readonly physical: number
  readonly converted: number
  readonly nullable: boolean
}

export interface FooterGroup {
  readonly rows: number
  readonly chunks: readonly FooterChunk[]
}

export interface FooterChunk {
  readonly name: string
  readonly values: number
  /** Where the chunk's pages lie in the file, and the first that is no dictionary. */
  readonly offset: number
  readonly dataOffset: number
  readonly sizeBytes: number
}

/** The header of a page, and where the page ends. */
export interface FooterPage {
  readonly kind: 'data' | 'dictionary'
  /** Rows, or entries of the dictionary. */
  readonly values: number
  readonly end: number
}

const magic = 'PAR1'
const frameBytes = 12

/** Reads header, trailer and footer. Throws a RangeError when the bytes are no whole Parquet file. */
export const readFooter = (bytes: Uint8Array): Footer => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (
    file.length < frameBytes ||
    file.toString('latin1', 0, 4) !== magic ||
    file.toString('latin1', file.length - 4) !== magic
  )
    throw new RangeError('The bytes are not a Parquet file.')
  const size = file.readUInt32LE(file.length - 8)
  if (size > file.length - frameBytes) throw new RangeError('The footer is larger than the file.')
  const end = file.length - 8
  const footer = readStruct(file.subarray(end - size, end)).struct
  const [, ...leaves] = structs(footer.get(2))
  return {
    rows: Number(footer.get(3)),
    columns: leaves.map((leaf) => ({
      name: text(leaf.get(4)),
      physical: Number(leaf.get(1)),
      converted: Number(leaf.get(6) ?? -1),
      nullable: leaf.get(3) === 1,
    })),
    groups: structs(footer.get(4)).map((group) => ({
      rows: Number(group.get(3)),
      chunks: structs(group.get(1)).map(readChunk),
    })),
  }
}

const readChunk = (chunk: Struct): FooterChunk => {
  const facts = chunk.get(3)
  if (!(facts instanceof Map)) throw new RangeError('A column chunk has no metadata.')
  return {
    name: (facts.get(3) as readonly Thrift[]).map(text).join('.'),
    values: Number(facts.get(5)),
    offset: Number(facts.get(11) ?? facts.get(9)),
    dataOffset: Number(facts.get(9)),
    sizeBytes: Number(facts.get(7)),
  }
}

/** Throws a RangeError when no page begins there. */
export const readPage = (bytes: Uint8Array, offset: number): FooterPage => {
  const { struct: header, sizeBytes } = readStruct(bytes.subarray(offset))
  const dictionary = header.get(7)
  const facts = dictionary ?? header.get(5)
  if (!(facts instanceof Map)) throw new RangeError('There is no page where one should begin.')
  return {
    kind: dictionary ? 'dictionary' : 'data',
    values: Number(facts.get(1)),
    end: offset + sizeBytes + Number(header.get(3)),
  }
}

const structs = (value: Thrift | undefined): readonly Struct[] =>
  Array.isArray(value) ? (value as readonly Struct[]) : []

const text = (value: Thrift | undefined): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : ''
