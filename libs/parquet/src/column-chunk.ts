import type { ColumnChunk, ColumnSlice } from './column-slice.ts'
import { levelBytes, levelsOf } from './column-slice.ts'
import { isText } from './column-type.ts'
import { encodeBooleans, encodeFloats, encodeIntegers } from './number-column.ts'
import { encodeTexts } from './text-column.ts'

/**
 * Encodes one column of rows[from, to). Throws a TypeError that names column and row, never the value, when a value
 * is not of the column's type.
 */
export const encodeColumnChunk = (slice: ColumnSlice): ColumnChunk => {
  const { column } = slice
  const levels = column.nullable ? levelsOf(slice) : undefined
  const nulls = levels ? levels.reduce((sum, level) => sum + 1 - level, 0) : 0
  if (isText(column.type)) return { nulls, ...encodeTexts(slice, levels) }
  const { body, bounds } =
    column.type === 'float64'
      ? encodeFloats(slice, nulls)
      : column.type === 'boolean'
        ? encodeBooleans(slice, nulls)
        : encodeIntegers(slice, nulls, column.type)
  const rows = slice.to - slice.from
  return {
    nulls,
    bounds,
    pages: [{ kind: 'data', rows, body: Buffer.concat([levelBytes(levels, 0, rows), body]) }],
  }
}
