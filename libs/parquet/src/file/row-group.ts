import type { Column, Row, Value } from '@silversmith/core'
import { type ColumnBuilder, createColumnBuilder } from '../column/column-builder.ts'
import { LeafBuilder, type PackedLeaf } from '../column/leaf-builder.ts'
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

/** Row groups up to this size are kept in one piece. */
const joinedBytesMax = 1024 * 1024

/** What a column's builder takes before its first value, roughly. */
const columnBytes = 512

/** What a packed leaf takes beside its bytes, roughly. */
const packedLeafBytes = 512

/** What a row's part takes. */
const partBytes = 8

/** Rows that are encoded together, gathered column by column. */
export interface RowGroupBuilder {
  readonly rows: number
  /** What it counts so far, packed rows included. */
  readonly meter: Readonly<Meter>
  /** Memory of rows that are not packed. */
  readonly openBytes: number
  /**
   * `part`: any whole number; rows of one part become a row group.
   *
   * @throws TypeError that names column and type, never the value, when a value is not of its column's type. The rows are lost then.
   */
  add(first: Row, rest: Row, part: number): void
  /** Keeps the rows so far in less memory; it costs time to pack and to unpack them. */
  pack(): void
  /** Part → its rows; to be called once, last. */
  finish(): ReadonlyMap<number, RowGroup>
}

export const createRowGroupBuilder = (
  columns: readonly Column[],
  codec: Codec,
): RowGroupBuilder => {
  const emptyBytes = columns.length * columnBytes
  const meter: Meter = { heldBytes: emptyBytes, decodedBytes: 0 }
  const createBuilders = () => columns.map((column) => createColumnBuilder(column, meter))
  const rowBytes = columns.length * decodedValueBytes
  let builders = createBuilders()
  const packed: PackedRows[] = []
  let packedRows = 0
  let packedBytes = 0
  /** Of each row. */
  const parts: number[] = []

  const put = (at: number, value: Value | undefined): void => {
    // A null leaves no trace, and most values are nulls.
    if (value === null && (columns[at] as Column).nullable) return
    if (!(builders[at] as ColumnBuilder).add(value, parts.length - packedRows))
      refuse(columns[at] as Column, parts.length)
  }

  return {
    get rows() {
      return parts.length
    },
    meter,
    get openBytes() {
      return meter.heldBytes - packedBytes
    },
    add: (first, rest, part) => {
      const width = first.length + rest.length
      if (width !== builders.length)
        throw new TypeError(`A row has ${width} values for ${builders.length} columns.`)
      let at = 0
      for (let own = 0; own < first.length; own++) put(at++, first[own])
      for (let own = 0; own < rest.length; own++) put(at++, rest[own])
      parts.push(part)
      meter.heldBytes += partBytes
      meter.decodedBytes += rowBytes
    },
    pack: () => {
      const rows = parts.length - packedRows
      if (rows === 0) return
      const leaves = builders.flatMap((builder) => builder.leaves.map((leaf) => leaf.pack()))
      packed.push({ rows, leaves })
      packedBytes += rows * partBytes + leaves.reduce((sum, leaf) => sum + sizeOf(leaf), 0)
      packedRows = parts.length
      builders = createBuilders()
      meter.heldBytes = emptyBytes + packedBytes
    },
    finish: () => {
      const leaves = builders.flatMap((builder) => builder.leaves)
      return encodeParts({ packed, leaves, parts }, codec)
    },
  }
}

const sizeOf = ({ values, definitions, repetitions }: PackedLeaf): number =>
  packedLeafBytes + values.length + (definitions?.length ?? 0) + (repetitions?.length ?? 0)

const refuse = ({ name, type, nullable }: Column, row: number): never => {
  const kind = typeof type === 'string' ? type : JSON.stringify(type)
  throw new TypeError(
    `Column ${name}, row ${row}: the value is not a ${kind}${nullable ? ' or null' : ''}.`,
  )
}

/** A row group that gets its leaves one by one. */
const createGroup = (rows: number, codec: Codec) => {
  const pieces: Uint8Array[] = []
  const chunks: LeafChunk[] = []
  let offset = 0
  let plain = 0
  return {
    rows,
    addLeaf: (builder: LeafBuilder): void => {
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
    },
    finish: (): RowGroup => {
      // Many small groups in many small pieces each would take more memory for the pieces than for what is in them.
      const whole = offset <= joinedBytesMax ? [Buffer.concat(pieces)] : pieces
      return { rows, chunks, pieces: whole, sizeBytes: offset, plainBytes: plain }
    },
  }
}

/** Rows that were packed, the first ones first, and those that are open. */
interface Gathered {
  readonly packed: readonly PackedRows[]
  readonly leaves: readonly LeafBuilder[]
  /** Of each row. */
  readonly parts: readonly number[]
}

interface PackedRows {
  readonly rows: number
  readonly leaves: readonly PackedLeaf[]
}

/** Leaf by leaf, so that no more than one leaf is held twice. */
const encodeParts = (gathered: Gathered, codec: Codec): ReadonlyMap<number, RowGroup> => {
  const { packed, leaves, parts } = gathered
  const places = new Map([...new Set(parts)].map((part, place) => [part, place]))
  const partOfRow = Int32Array.from(parts, (part) => places.get(part) as number)
  const rows = new Int32Array(places.size)
  for (const place of partOfRow) rows[place] = (rows[place] as number) + 1
  const groups = Array.from(rows, (count) => createGroup(count, codec))
  const isWhole = packed.length === 0 && groups.length === 1
  leaves.forEach((leaf, at) => {
    const own = isWhole ? [leaf] : splitLeaf(gathered, at, partOfRow, groups.length)
    own.forEach((builder, place) => groups[place]?.addLeaf(builder))
  })
  return new Map([...places].map(([part, place]) => [part, (groups[place] as Group).finish()]))
}

const splitLeaf = (
  { packed, leaves }: Gathered,
  at: number,
  partOfRow: Int32Array,
  parts: number,
): readonly LeafBuilder[] => {
  const open = leaves[at] as LeafBuilder
  const meter: Meter = { heldBytes: 0, decodedBytes: 0 }
  const builders = Array.from({ length: parts }, () => new LeafBuilder(open.leaf, meter))
  let from = 0
  for (const { rows, leaves } of packed) {
    const own = LeafBuilder.unpack(leaves[at] as PackedLeaf)
    own.split(partOfRow.subarray(from, from + rows), builders)
    from += rows
  }
  open.split(partOfRow.subarray(from), builders)
  return builders
}

type Group = ReturnType<typeof createGroup>

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
