import { type ByteSink, createByteSink } from './byte-sink.ts'

/** A value in thrift's compact protocol: the number of its type, and what writes it. */
export interface Written {
  readonly type: number
  write(sink: ByteSink): void
}

const [trueType, falseType, byteType, i32Type, i64Type, binaryType, listType, structType] = [
  1, 2, 3, 5, 6, 8, 9, 12,
]

/** Whole numbers from 0 to 2^52: all that Parquet's headers and footers have but for checksums. */
const zigzag = (value: number): number => value * 2

export const i8 = (value: number): Written => ({
  type: byteType,
  write: (sink) => sink.writeByte(value),
})

export const i32 = (value: number): Written => ({
  type: i32Type,
  write: (sink) => sink.writeLongVarint(zigzag(value)),
})

export const signed32 = (value: number): Written => ({
  type: i32Type,
  write: (sink) => sink.writeLongVarint(((value << 1) ^ (value >> 31)) >>> 0),
})

export const i64 = (value: number): Written => ({
  type: i64Type,
  write: (sink) => sink.writeLongVarint(zigzag(value)),
})

export const binary = (value: Uint8Array): Written => ({
  type: binaryType,
  write: (sink) => {
    sink.writeVarint(value.length)
    sink.writeBytes(value)
  },
})

export const text = (value: string): Written => binary(Buffer.from(value))

/** As the field of a struct: its type is its value. */
export const flag = (value: boolean): Written => ({
  type: value ? trueType : falseType,
  write: () => undefined,
})

/** Of values of one type; an empty one is of structs. */
export const list = (values: readonly Written[]): Written => ({
  type: listType,
  write: (sink) => {
    const type = values[0]?.type ?? structType
    if (values.length < 15) sink.writeByte((values.length << 4) | type)
    else {
      sink.writeByte(0xf0 | type)
      sink.writeVarint(values.length)
    }
    for (const value of values) value.write(sink)
  },
})

/** Field id, rising and less than 16 apart → value; what is undefined is left out. */
export type Fields = Readonly<Record<number, Written | undefined>>

/** https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
export const struct = (fields: Fields): Written => ({
  type: structType,
  write: (sink) => {
    let before = 0
    // Keys that are whole numbers come in rising order.
    for (const key in fields) {
      const id = Number(key)
      const value = fields[id]
      if (!value) continue
      sink.writeByte(((id - before) << 4) | value.type)
      value.write(sink)
      before = id
    }
    sink.writeByte(0)
  },
})

/** One for all: `bytesOf` runs to its end at once. */
const sink = createByteSink()

export const bytesOf = (value: Written): Buffer => {
  value.write(sink)
  return sink.take()
}
