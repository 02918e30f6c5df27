import type { ByteSink } from './byte-sink.ts'

/** A run this long is worth a run header of its own; literals come in groups of this many. */
const groupSize = 8

/**
 * Parquet's RLE / bit-packed hybrid of `values[from, to)`: definition levels and dictionary indexes.
 * https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE
 */
export const writeHybrid = (
  sink: ByteSink,
  values: Uint8Array | Int32Array,
  from: number,
  to: number,
  bitWidth: number,
): void => {
  let literalsFrom = from
  let at = from
  while (at < to) {
    const value = values[at]
    let runEnd = at + 1
    while (runEnd < to && values[runEnd] === value) runEnd++
    const fill = (groupSize - ((at - literalsFrom) % groupSize)) % groupSize
    const run = runEnd - at - fill
    if (run >= groupSize) {
      writeLiterals(sink, values, literalsFrom, at + fill, bitWidth)
      writeRun(sink, value as number, run, bitWidth)
      literalsFrom = runEnd
    }
    at = runEnd
  }
  writeLiterals(sink, values, literalsFrom, to, bitWidth)
}

/** `count` times the same. */
export const writeRun = (sink: ByteSink, value: number, count: number, bitWidth: number): void => {
  sink.writeVarint(count * 2)
  for (let bits = 0; bits < bitWidth; bits += 8) sink.writeByte((value >>> bits) & 255)
}

const writeLiterals = (
  sink: ByteSink,
  values: Uint8Array | Int32Array,
  from: number,
  to: number,
  bitWidth: number,
): void => {
  if (from === to) return
  const groups = Math.ceil((to - from) / groupSize)
  sink.writeVarint(groups * 2 + 1)
  let held = 0
  let heldBits = 0
  for (let at = from; at < from + groups * groupSize; at++) {
    held |= (at < to ? (values[at] as number) : 0) << heldBits
    heldBits += bitWidth
    while (heldBits >= 8) {
      sink.writeByte(held & 255)
      held >>>= 8
      heldBits -= 8
    }
  }
}

/** Bits needed for values 0..max. */
export const bitWidthOf = (max: number): number => (max === 0 ? 0 : 32 - Math.clz32(max))
