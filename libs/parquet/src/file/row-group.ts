import type { Column, Row, Value } from '@silversmith/core'
import { type ColumnBuilder, createColumnBuilder } from '../column/column-builder.ts'
import type { LeafBuilder } from '../column/leaf-builder.ts'
import { type Bounds, decodedValueBytes, type EncodedValues, type Meter } from '../column/values.ts'
import type { Leaf } from '../schema/leaf.ts'
import { createByteSink } from './byte-sink.ts'
import type { Codec } from './codec.ts'
import { packPage, type Page } from './page.ts'

/** A row group as it lies in any file of its columns: offsets count from its own beginning. */
export interface RowGroup {
  readonly rows: number
  readonly chunks: readonly LeafChunk[]
  readonly pieces: readonly Uint8Array[]
  readonly sizeBytes: number
  /** Before compression. */
  readonly plainBytes: number
}

/** All that a footer says of one leaf of a row group. */
export interface LeafChunk {
  readonly leaf: Leaf
  /** Nulls and places of empty lists among them. */
  readonly entries: number
  readonly absent: number
  readonly bounds: Bounds | undefined
  readonly offset: number
  /** Where its first page that is no dictionary begins. */
  readonly dataOffset: number
  readonly hasDictionary: boolean
  readonly sizeBytes: number
  readonly plainBytes: number
}

/** What a column's builder takes before its first value, roughly. */
const columnBytes = 512

/** Rows of one row group, gathered column by column. */
export interface RowGroupBuilder {
  readonly rows: number
  /** What it counts so far. */
  readonly meter: Readonly<Meter>
  /** @throws TypeError that names column and type, never the value, when a value is not of its column's type. The rows are lost then. */
  add(first: Row, rest: Row): void
  /** To be called once, last. */
  finish(): RowGroup
}

export const createRowGroupBuilder = (
  columns: readonly Column[],
  codec: Codec,
): RowGroupBuilder => {
  const meter: Meter = { heldBytes: columns.length * columnBytes, decodedBytes: 0 }
  const builders = columns.map((column) => createColumnBuilder(column, meter))
  const rowBytes = columns.length * decodedValueBytes
  let rows = 0

  const put = (at: number, value: Value | undefined): void => {
    // A null leaves no trace, and most values are nulls.
    if (value === null && (columns[at] as Column).nullable) return
    if (!(builders[at] as ColumnBuilder).add(value, rows)) refuse(columns[at] as Column, rows)
  }

  return {
    get rows() {
      return rows
    },
    meter,
    add: (first, rest) => {
      const width = first.length + rest.length
      if (width !== builders.length)
        throw new TypeError(`A row has ${width} values for ${builders.length} columns.`)
      let at = 0
      for (let own = 0; own < first.length; own++) put(at++, first[own])
      for (let own = 0; own < rest.length; own++) put(at++, rest[own])
      rows += 1
      meter.decodedBytes += rowBytes
    },
    finish: () => encode(builders, rows, codec),
  }
}

const refuse = ({ name, type, nullable }: Column, row: number): never => {
  const kind = typeof type === 'string' ? type : JSON.stringify(type)
  throw new TypeError(
    `Column ${name}, row ${row}: the value is not a ${kind}${nullable ? ' or null' : ''}.`,
  )
}

const encode = (builders: readonly ColumnBuilder[], rows: number, codec: Codec): RowGroup => {
  const pieces: Uint8Array[] = []
  const chunks: LeafChunk[] = []
  let offset = 0
  let plain = 0
  for (const { leaves } of builders) {
    for (const builder of leaves) {
      const entries = builder.entriesOf(rows)
      const { leaf } = builder
      const absent = entries - builder.values.count
      const { pages, bounds } = pagesOf(builder, entries)
      const packed = pages.map((page) => packPage(page, codec))
      const sizes = packed.map(({ head, body }) => head.length + body.length)
      const sizeBytes = sizes.reduce((sum, size) => sum + size, 0)
      const plainBytes = packed.reduce((sum, page) => sum + page.plainBytes, 0)
      const hasDictionary = pages.length > 1
      const dataOffset = offset + (hasDictionary ? (sizes[0] as number) : 0)
      chunks.push({
        ...{ leaf, entries, absent, bounds, offset, dataOffset, hasDictionary },
        ...{ sizeBytes, plainBytes },
      })
      for (const { head, body } of packed) pieces.push(head, body)
      offset += sizeBytes
      plain += plainBytes
    }
  }
  return { rows, chunks, pieces, sizeBytes: offset, plainBytes: plain }
}

/** One for all: a page is packed before the next is built. */
const sink = createByteSink(64 * 1024)

/** One data page, behind its dictionary if it has one: row groups are small enough for readers to hold a page of each column. */
const pagesOf = (
  builder: LeafBuilder,
  entries: number,
): { readonly pages: readonly Page[]; readonly bounds: EncodedValues['bounds'] } => {
  const { dictionary, body, bounds } = builder.values.finish()
  sink.clear()
  builder.repetitions?.writeTo(sink, entries)
  builder.definitions?.writeTo(sink, entries)
  let data = body
  if (sink.length > 0) {
    sink.writeBytes(body)
    data = sink.view()
  }
  const page: Page = { kind: dictionary ? 'indexes' : 'data', entries, body: data }
  return {
    pages: dictionary ? [{ kind: 'dictionary', ...dictionary }, page] : [page],
    bounds,
  }
}
