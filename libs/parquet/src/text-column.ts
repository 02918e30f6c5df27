import { createByteSink } from './byte-sink.ts'
import type { ColumnChunk, ColumnSlice, Levels } from './column-slice.ts'
import { levelBytes, refuse } from './column-slice.ts'
import { bitWidthOf, writeHybrid } from './hybrid.ts'
import type { Page } from './page.ts'

/** A dictionary with more entries, or more characters, stops paying. */
const dictionaryEntriesMax = 32_768
const dictionaryCharactersMax = 1024 * 1024
/** After this many values a dictionary must have been hit every second time. */
const dictionaryTrialRows = 1_024
/** A data page is closed when it is this large; readers hold one page per column. */
const pageBytesMax = 1024 * 1024
/** Longer values are no use as bounds. */
const boundBytesMax = 64

type Texts = Pick<ColumnChunk, 'pages' | 'bounds'>

/** Dictionary where values repeat, plain pages where they do not. Equal input gives equal bytes. */
export const encodeTexts = (slice: ColumnSlice, levels: Levels): Texts =>
  encodeDictionary(slice, levels) ?? encodePlain(slice, levels)

const encodeDictionary = (slice: ColumnSlice, levels: Levels): Texts | undefined => {
  const { rows, from, to, index, column } = slice
  const entries = new Map<string, number>()
  const indexes = new Int32Array(to - from)
  let characters = 0
  let filled = 0
  for (let at = from; at < to; at++) {
    const value = rows[at]?.[index]
    if (value === null && column.nullable) continue
    if (typeof value !== 'string') return refuse(slice, at)
    let entry = entries.get(value)
    if (entry === undefined) {
      entry = entries.size
      entries.set(value, entry)
      characters += value.length
      if (entry >= dictionaryEntriesMax || characters > dictionaryCharactersMax) return undefined
      if (filled > dictionaryTrialRows && entry * 2 > filled) return undefined
    }
    indexes[filled++] = entry
  }
  if (entries.size === 0 || (filled > 1 && entries.size * 2 > filled)) return undefined

  const sink = createByteSink(characters + entries.size * 4)
  for (const text of entries.keys()) sink.writeText(text)
  const dictionary: Page = { kind: 'dictionary', rows: entries.size, body: sink.take() }

  const bitWidth = bitWidthOf(entries.size - 1)
  sink.writeByte(bitWidth)
  writeHybrid(sink, indexes, 0, filled, bitWidth)
  const body = Buffer.concat([levelBytes(levels, 0, to - from), sink.take()])
  return {
    pages: [dictionary, { kind: 'indexes', rows: to - from, body }],
    bounds: boundsOf([...entries.keys()]),
  }
}

const boundsOf = (texts: readonly string[]): ColumnChunk['bounds'] => {
  const values = texts.map((text) => Buffer.from(text))
  if (values.some(({ length }) => length > boundBytesMax)) return undefined
  let [min, max] = [values[0] as Buffer, values[0] as Buffer]
  for (const value of values) {
    if (Buffer.compare(value, min) < 0) min = value
    if (Buffer.compare(value, max) > 0) max = value
  }
  return { min, max }
}

const encodePlain = (slice: ColumnSlice, levels: Levels): Texts => {
  const { rows, from, to, index, column } = slice
  const sink = createByteSink(pageBytesMax / 8)
  const pages: Page[] = []
  let pageFrom = from
  const closePage = (end: number): void => {
    const body = Buffer.concat([levelBytes(levels, pageFrom - from, end - from), sink.take()])
    pages.push({ kind: 'data', rows: end - pageFrom, body })
    pageFrom = end
  }
  for (let at = from; at < to; at++) {
    const value = rows[at]?.[index]
    if (value === null && column.nullable) continue
    if (typeof value !== 'string') return refuse(slice, at)
    sink.writeText(value)
    if (sink.length >= pageBytesMax) closePage(at + 1)
  }
  if (pageFrom < to) closePage(to)
  return { pages, bounds: undefined }
}
