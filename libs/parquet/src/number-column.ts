import type { ColumnChunk, ColumnSlice } from './column-slice.ts'
import { refuse } from './column-slice.ts'
import type { IntegerType } from './column-type.ts'
import { fitsInteger } from './column-type.ts'

interface Encoded {
  readonly body: Buffer
  readonly bounds: ColumnChunk['bounds']
}

const word = 2 ** 32

/** Plain INT32 or INT64. Numbers and bigints may be mixed; both are checked against the type's range. */
export const encodeIntegers = (slice: ColumnSlice, nulls: number, type: IntegerType): Encoded => {
  const { rows, from, to, index, column } = slice
  const words = type === 'uint32' ? 1 : 2
  const cells = new Uint32Array((to - from - nulls) * words)
  let filled = 0
  let min: number | bigint | undefined
  let max: number | bigint | undefined
  for (let at = from; at < to; at++) {
    const value = rows[at]?.[index]
    if (value === null && column.nullable) continue
    if (!fitsInteger(type, value)) return refuse(slice, at)
    if (min === undefined || value < min) min = value
    if (max === undefined || value > max) max = value
    filled = writeInteger(cells, filled, value, words)
  }
  return {
    body: Buffer.from(cells.buffer),
    bounds:
      min === undefined || max === undefined
        ? undefined
        : { min: integerBytes(min, words), max: integerBytes(max, words) },
  }
}

/** Two's complement, low word first. */
const writeInteger = (
  cells: Uint32Array,
  at: number,
  value: number | bigint,
  words: number,
): number => {
  if (typeof value === 'number') {
    cells[at] = value
    if (words === 2) cells[at + 1] = Math.floor(value / word)
  } else {
    cells[at] = Number(BigInt.asUintN(32, value))
    if (words === 2) cells[at + 1] = Number(BigInt.asUintN(32, value >> 32n))
  }
  return at + words
}

const integerBytes = (value: number | bigint, words: number): Buffer => {
  const cells = new Uint32Array(words)
  writeInteger(cells, 0, value, words)
  return Buffer.from(cells.buffer)
}

/** Plain DOUBLE. Infinities and NaN are kept; bounds are left out, since NaN and -0 make them a trap for readers. */
export const encodeFloats = (slice: ColumnSlice, nulls: number): Encoded => {
  const { rows, from, to, index, column } = slice
  const cells = new Float64Array(to - from - nulls)
  let filled = 0
  for (let at = from; at < to; at++) {
    const value = rows[at]?.[index]
    if (value === null && column.nullable) continue
    if (typeof value !== 'number') return refuse(slice, at)
    cells[filled++] = Number.isNaN(value) ? NaN : value
  }
  return { body: Buffer.from(cells.buffer), bounds: undefined }
}

/** Plain BOOLEAN, eight to a byte, lowest bit first. */
export const encodeBooleans = (slice: ColumnSlice, nulls: number): Encoded => {
  const { rows, from, to, index, column } = slice
  const body = Buffer.alloc(Math.ceil((to - from - nulls) / 8))
  let filled = 0
  for (let at = from; at < to; at++) {
    const value = rows[at]?.[index]
    if (value === null && column.nullable) continue
    if (typeof value !== 'boolean') return refuse(slice, at)
    if (value) body[filled >> 3] = (body[filled >> 3] as number) | (1 << (filled & 7))
    filled++
  }
  return { body, bounds: undefined }
}
