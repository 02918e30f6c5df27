import type { Random } from '../random.ts'

/** Longest record the simulated worlds accept, in bytes. */
export const recordBytesMax = 400
/** Largest object they accept, in bytes. */
export const objectBytesMax = 3_000

const firstDayMs = Date.UTC(2026, 0, 20)
const daysSpread = 25
const dayMs = 86_400_000
const recordsMax = 8
const bigObjectChance = 0.03

const writeTime = (random: Random): string =>
  new Date(firstDayMs + random.below(daysSpread) * dayMs + random.below(dayMs)).toISOString()

const writeLine = (random: Random, id: string, day: string): string => {
  const time = random.chance(0.7) ? `${day}T10:00:00.000Z` : writeTime(random)
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

/** Bytes of a JSON Lines object with good, bad and odd records; `name` makes its ids its own. */
export const writeNoteObject = (random: Random, name: string): Uint8Array => {
  const day = writeTime(random).slice(0, 10)
  const lines: string[] = []
  for (let n = random.below(recordsMax); n > 0; n -= 1) {
    const line = writeLine(random, `${name}-${n}`, day)
    lines.push(line)
    if (random.chance(0.1)) lines.push(line)
  }
  if (random.chance(bigObjectChance))
    while (lines.join('\n').length <= objectBytesMax) lines.push(writeLine(random, name, day))
  const text = lines.join('\n') + (random.chance(0.8) && lines.length > 0 ? '\n' : '')
  const mark = random.chance(0.05) ? [0xef, 0xbb, 0xbf] : []
  const wrong = random.chance(0.1) ? [...Buffer.from('{"id":"'), 0xff, 0xfe, 0x22, 0x7d] : []
  return Uint8Array.from([...mark, ...Buffer.from(text), ...wrong])
}
