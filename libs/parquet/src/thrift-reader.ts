/** A thrift struct in compact form: field id → value. Lists are arrays; binaries are bytes. */
export type Struct = ReadonlyMap<number, Thrift>
export type Thrift = boolean | number | bigint | Uint8Array | readonly Thrift[] | Struct

const nestingMax = 16

/**
 * Reads the struct at the beginning of the bytes, in thrift's compact protocol, independently of the library that wrote it. Throws a RangeError
 * on anything that does not fit into the bytes.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export const readStruct = (bytes: Uint8Array): { struct: Struct; sizeBytes: number } => {
  const cursor = cursorOf(bytes)
  return { struct: structAt(cursor, 0), sizeBytes: cursor.at() }
}

interface Cursor {
  /** Bytes read so far. */
  at(): number
  byte(): number
  slice(size: number): Uint8Array
}

const cursorOf = (bytes: Uint8Array): Cursor => {
  let at = 0
  const slice = (size: number): Uint8Array => {
    if (size > bytes.length - at) throw new RangeError('A header or footer ends too early.')
    at += size
    return bytes.subarray(at - size, at)
  }
  return { at: () => at, slice, byte: () => slice(1)[0] as number }
}

const varint = (cursor: Cursor): bigint => {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.byte()
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return value
  }
  throw new RangeError('A number is too long.')
}

const zigzag = (cursor: Cursor): bigint => {
  const value = varint(cursor)
  return value & 1n ? -(value >> 1n) - 1n : value >> 1n
}

const structAt = (cursor: Cursor, depth: number): Struct => {
  if (depth > nestingMax) throw new RangeError('A header or footer is nested too deeply.')
  const fields = new Map<number, Thrift>()
  let id = 0
  for (let head = cursor.byte(); head !== 0; head = cursor.byte()) {
    id = head >> 4 ? id + (head >> 4) : Number(zigzag(cursor))
    const type = head & 15
    fields.set(id, type === 1 || type === 2 ? type === 1 : valueAt(cursor, type, depth))
  }
  return fields
}

const valueAt = (cursor: Cursor, type: number, depth: number): Thrift => {
  switch (type) {
    case 1:
    case 2:
      return cursor.byte() === 1
    case 3:
      return cursor.byte()
    case 4:
    case 5:
      return Number(zigzag(cursor))
    case 6:
      return zigzag(cursor)
    case 7:
      return cursor.slice(8)
    case 8:
      return cursor.slice(Number(varint(cursor)))
    case 9:
    case 10:
      return listAt(cursor, depth)
    case 12:
      return structAt(cursor, depth + 1)
    default:
      throw new RangeError(`There is a thrift type ${type} that Parquet does not use.`)
  }
}

const listAt = (cursor: Cursor, depth: number): readonly Thrift[] => {
  const head = cursor.byte()
  const size = head >> 4 === 15 ? Number(varint(cursor)) : head >> 4
  const items: Thrift[] = []
  for (let at = 0; at < size; at++) items.push(valueAt(cursor, head & 15, depth + 1))
  return items
}
