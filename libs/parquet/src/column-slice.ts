import type { Column, Row } from '@silversmith/core'
import { createByteSink } from './byte-sink.ts'
import { writeHybrid } from './hybrid.ts'
import type { Page } from './page.ts'

/** One column of one row group, before compression. */
export interface ColumnChunk {
  /** A dictionary page, when there is one, comes first. */
  readonly pages: readonly Page[]
  readonly nulls: number
  /** Smallest and largest value, plain encoded without length; absent where they would not pay or not be exact. */
  readonly bounds: { readonly min: Buffer; readonly max: Buffer } | undefined
}

/** The rows of one group, seen as one column. */
export interface ColumnSlice {
  readonly column: Column
  readonly index: number
  readonly rows: readonly Row[]
  readonly from: number
  readonly to: number
}

/** Which rows hold a value: one byte per row, 1 for a value. Undefined for a column that takes no nulls. */
export type Levels = Uint8Array | undefined

/** 1 where the row holds a value. */
export const levelsOf = ({ rows, from, to, index }: ColumnSlice): Uint8Array => {
  const levels = new Uint8Array(to - from)
  for (let at = from; at < to; at++) levels[at - from] = rows[at]?.[index] === null ? 0 : 1
  return levels
}

/** Definition levels of a data page, with their length; nothing for a column that takes no nulls. */
export const levelBytes = (levels: Levels, from: number, to: number): Buffer => {
  if (!levels) return Buffer.alloc(0)
  const sink = createByteSink()
  writeHybrid(sink, levels, from, to, 1)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(sink.length)
  return Buffer.concat([size, sink.take()])
}

export const refuse = ({ column }: ColumnSlice, row: number): never => {
  throw new TypeError(
    `Column ${column.name}, row ${row}: the value is not a ${column.type}${column.nullable ? ' or null' : ''}.`,
  )
}
