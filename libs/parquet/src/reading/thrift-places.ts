/** Where a value of thrift's compact protocol ends that begins at `at`. `type` is the number its header gives. */
export const endOf = (bytes: Uint8Array, type: number, at: number): number => {
  switch (type) {
    case 1:
    case 2:
      return at
    case 3:
      return at + 1
    case 4:
    case 5:
    case 6:
      return readVarint(bytes, at).end
    case 7:
      return at + 8
    case 8: {
      const { value, end } = readVarint(bytes, at)
      return end + value
    }
    case 9:
    case 10:
      return endOfList(bytes, at)
    case 12:
      return endOfStruct(bytes, at)
    default:
      throw new RangeError(`There is no thrift type ${type} in a Parquet footer.`)
  }
}

/** Field id → where its value lies. */
export type FieldPlaces = ReadonlyMap<number, { readonly begin: number; readonly end: number }>

export const placesOf = (bytes: Uint8Array, struct: number): FieldPlaces => {
  const places = new Map<number, { begin: number; end: number }>()
  eachField(bytes, struct, (id, begin, end) => void places.set(id, { begin, end }))
  return places
}

const eachField = (
  bytes: Uint8Array,
  struct: number,
  tell: (id: number, begin: number, end: number) => void,
): number => {
  let at = struct
  let id = 0
  for (;;) {
    const head = byteAt(bytes, at)
    at += 1
    if (head === 0) return at
    if (head >>> 4 === 0) {
      const long = readVarint(bytes, at)
      id = (long.value >>> 1) ^ -(long.value & 1)
      at = long.end
    } else id += head >>> 4
    const begin = at
    at = endOf(bytes, head & 15, at)
    tell(id, begin, at)
  }
}

const endOfStruct = (bytes: Uint8Array, at: number): number => eachField(bytes, at, () => undefined)

const endOfList = (bytes: Uint8Array, at: number): number => {
  const head = byteAt(bytes, at)
  const short = head >>> 4
  const { value: count, end } =
    short === 15 ? readVarint(bytes, at + 1) : { value: short, end: at + 1 }
  const type = head & 15
  let next = end
  // A boolean in a list has a byte of its own.
  for (let n = 0; n < count; n += 1) next = type <= 2 ? next + 1 : endOf(bytes, type, next)
  return next
}

const readVarint = (
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly end: number } => {
  let value = 0
  for (let at = from, scale = 1; ; at += 1, scale *= 128) {
    const byte = byteAt(bytes, at)
    value += (byte & 127) * scale
    if (byte < 128) return { value, end: at + 1 }
  }
}

const byteAt = (bytes: Uint8Array, at: number): number => {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('The Parquet footer is cut off.')
  return byte
}
