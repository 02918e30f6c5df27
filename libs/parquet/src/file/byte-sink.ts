/** Bytes that grow. Little-endian, as Parquet is. */
export interface ByteSink {
  readonly length: number
  writeByte(value: number): void
  writeUint32(value: number): void
  /** Unsigned LEB128 of a 32-bit number. */
  writeVarint(value: number): void
  /** Unsigned LEB128 of a safe integer. */
  writeLongVarint(value: number): void
  writeBytes(value: Uint8Array): void
  patchUint32(value: number, at: number): void
  /** A copy of what was written. The sink is empty afterwards and keeps its memory. */
  take(): Buffer
  /** What was written, until the next write. */
  view(): Buffer
  clear(): void
}

export const createByteSink = (capacity = 1024): ByteSink => {
  let bytes = Buffer.allocUnsafe(capacity)
  let length = 0

  const ensure = (extra: number): void => {
    if (length + extra <= bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(bytes.length * 2, length + extra))
    bytes.copy(grown, 0, 0, length)
    bytes = grown
  }

  return {
    get length() {
      return length
    },
    writeByte: (value) => {
      ensure(1)
      bytes[length++] = value
    },
    writeUint32: (value) => {
      ensure(4)
      length = bytes.writeUInt32LE(value, length)
    },
    writeVarint: (value) => {
      ensure(5)
      let rest = value
      while (rest > 127) {
        bytes[length++] = (rest & 127) | 128
        rest >>>= 7
      }
      bytes[length++] = rest
    },
    writeLongVarint: (value) => {
      ensure(8)
      let rest = value
      while (rest > 127) {
        bytes[length++] = (rest % 128) | 128
        rest = Math.floor(rest / 128)
      }
      bytes[length++] = rest
    },
    writeBytes: (value) => {
      ensure(value.length)
      bytes.set(value, length)
      length += value.length
    },
    patchUint32: (value, at) => void bytes.writeUInt32LE(value, at),
    take: () => {
      const taken = Buffer.from(bytes.subarray(0, length))
      length = 0
      return taken
    },
    view: () => bytes.subarray(0, length),
    clear: () => {
      length = 0
    },
  }
}
