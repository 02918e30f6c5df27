import { gzipSync } from 'node:zlib'
import type { Random } from '../random.ts'

/** Longest record the simulated worlds accept, in bytes. */
export const recordBytesMax = 400
/** Largest object they accept, in bytes, as it is stored and when it is unpacked. */
export const objectBytesMax = 3_000
export const decompressedBytesMax = 6_000

/** Around the end of a month and of a year: few, for every day of a batch costs files of its own. */
const firstDayMs = Date.UTC(2025, 11, 30)
const daysSpread = 4
const dayMs = 86_400_000
const recordsMax = 8
const bigObjectChance = 0.03

const writeTime = (random: Random): string =>
  new Date(firstDayMs + random.below(daysSpread) * dayMs + random.below(dayMs)).toISOString()

/** One line of a note object, good, bad or odd. */
export const writeRecord = (random: Random, id: string, day: string): string => {
  const time = random.chance(0.85) ? `${day}T10:00:00.000Z` : writeTime(random)
  const draw = random.below(20)
  switch (draw) {
    case 0:
      return `{"id":"${id}","time":`
    case 1:
      return JSON.stringify({ time })
    case 2:
      return JSON.stringify({ id, time: 'yesterday' })
    case 3:
      return JSON.stringify({ id, time, marks: ['good', 7] })
    case 4:
      return JSON.stringify({ kind: 'noise', id })
    case 5:
      return '[1,2]'
    case 6:
      return ''
    case 7:
      return JSON.stringify({ id, time, text: 'x'.repeat(recordBytesMax + 1) })
    case 8:
      return `  ${JSON.stringify({ id, time })}\r`
    default: {
      const marks = Array.from({ length: random.below(4) }, (_, n) => `mark ${n} ø`)
      return JSON.stringify(marks.length > 0 ? { id, time, marks } : { id, time })
    }
  }
}

const writeRecords = (random: Random, name: string): string[] => {
  const day = writeTime(random).slice(0, 10)
  const records: string[] = []
  for (let n = random.below(recordsMax); n > 0; n -= 1) {
    const record = writeRecord(random, `${name}-${n}`, day)
    records.push(record)
    if (random.chance(0.1)) records.push(record)
  }
  if (random.chance(bigObjectChance))
    while (records.join('\n').length <= objectBytesMax) records.push(writeRecord(random, name, day))
  return records
}

const writeLines = (random: Random, records: readonly string[]): Uint8Array => {
  const text = records.join('\n') + (random.chance(0.8) && records.length > 0 ? '\n' : '')
  const mark = random.chance(0.05) ? [0xef, 0xbb, 0xbf] : []
  const wrong = random.chance(0.1) ? [...Buffer.from('{"id":"'), 0xff, 0xfe, 0x22, 0x7d] : []
  return Uint8Array.from([...mark, ...Buffer.from(text), ...wrong])
}

/** One array, documents one behind the other, or an array that is cut off. */
const writeDocuments = (random: Random, records: readonly string[]): Uint8Array => {
  const isArray = random.chance(0.7)
  const text = isArray ? `[${records.join(',\n')}]` : records.join('\n')
  const isCut = random.chance(0.1)
  return Buffer.from(isCut ? text.slice(0, random.below(text.length)) : text)
}

/** Bytes of an object with good, bad and odd records, as its key says; `name` makes its ids its own. */
export const writeNoteObject = (random: Random, key: string, name: string): Uint8Array => {
  const records = writeRecords(random, name)
  const plain = /\.json(\.gz)?$/.test(key)
    ? writeDocuments(random, records)
    : writeLines(random, records)
  if (!random.chance(key.endsWith('.gz') ? 0.8 : 0.03)) return plain
  const isBomb = random.chance(0.05)
  // Named, so that it is not one object with others of the same bytes and other headers.
  const packed = gzipSync(isBomb ? `${name}\n`.repeat(decompressedBytesMax) : plain)
  return !isBomb && random.chance(0.1) ? packed.subarray(0, random.below(packed.length)) : packed
}
