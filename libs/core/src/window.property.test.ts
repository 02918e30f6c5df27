import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dateOf } from './key-date.ts'
import { keyPatternOf, keyPatternProblem } from './key-pattern.ts'
import { createPlacing, type JobWindow, readWindow } from './window.ts'

const yearMs = 31_557_600_000
const instant = fc.integer({ min: 0, max: 200 * yearMs })
const pad = (n: number): string => String(n).padStart(2, '0')

/** A key that is of that instant, and how exactly it says so. */
const keyOf = (at: number, form: number): { readonly key: string; readonly exactMs: number } => {
  const iso = new Date(at).toISOString()
  const [day = '', time = ''] = iso.slice(0, -1).split('T')
  const [year = '', month = '', date = ''] = day.split('-')
  const forms = [
    { key: `s/7/${day}T${time.replaceAll(':', '-')}000Z_ID.jsonl`, exactMs: 1 },
    { key: `s/7/${day}T${time}Z_ID.jsonl`, exactMs: 1 },
    { key: `s/7/${day}T${time.slice(0, 8).replaceAll(':', '-')}Z_ID.jsonl`, exactMs: 1_000 },
    { key: `s/dt=${day}/a.jsonl`, exactMs: 86_400_000 },
    { key: `s/dt=${day}/hour=${time.slice(0, 2)}/a.jsonl`, exactMs: 3_600_000 },
    { key: `year=${year}/month=${Number(month)}/day=${Number(date)}/a`, exactMs: 86_400_000 },
    {
      key: `year=${year}/month=${month}/day=${date}/hour=${Number(time.slice(0, 2))}/a`,
      exactMs: 3_600_000,
    },
  ]
  return forms[form % forms.length] ?? { key: '', exactMs: 1 }
}
const form = fc.nat({ max: 6 })

test('a date is read back from every form that producers write', () => {
  fc.assert(
    fc.property(instant, form, (at, n) => {
      const { key, exactMs } = keyOf(at, n)
      const date = dateOf({ key, lastModified: -1 })
      expect(date.at).toBe(Math.floor(at / exactMs) * exactMs)
      expect(date.isDay).toBe(exactMs === 86_400_000)
    }),
  )
})

test('003-14: of windows side by side each object is in exactly one', () => {
  fc.assert(
    fc.property(instant, form, fc.array(instant, { maxLength: 6 }), (at, n, bounds) => {
      const edges = [...new Set(bounds)].sort((a, b) => a - b)
      const windows: JobWindow[] = [undefined, ...edges].map((start, i) => {
        const end = edges[i]
        return { ...(start !== undefined && { start }), ...(end !== undefined && { end }) }
      })
      const { key } = keyOf(at, n)
      const object = { bucket: 'b', key, version: 'e', versioned: false }
      const listed = { object, etag: 'e', sizeBytes: 1, lastModified: 0 }
      const inside = windows.filter((window) => !createPlacing(window)(listed, 'd').outside)
      expect(inside).toHaveLength(1)
    }),
  )
})

test('what is said in any zone is the same instant', () => {
  const shift = fc.integer({ min: -14 * 60, max: 14 * 60 })
  fc.assert(
    fc.property(instant, shift, (at, minutes) => {
      const local = new Date(at + minutes * 60_000).toISOString().slice(0, -1)
      const sign = minutes < 0 ? '-' : '+'
      const zone = `${sign}${pad(Math.trunc(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`
      expect(readWindow({ start: `${local}${zone}` }, [])).toEqual({ window: { start: at } })
    }),
  )
})

test('a window of anything at all is a window or says why not; never both, never everything', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (start, keyRegex) => {
      const read = readWindow({ start, keyRegex }, [])
      if ('problems' in read) expect(read.problems.length).toBeGreaterThan(0)
      else
        expect(Object.keys(read.window).length).toBe(
          [start, keyRegex].filter((value) => value !== undefined && value !== null).length,
        )
    }),
  )
})

test('a pattern that is taken is over with any key of its letters', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '.',
    '.*',
    'a+',
    '(a|b)',
    '(?:ab)?',
    '[ab]{2,}',
    '^',
    '$',
    ')+',
    '(',
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 9 }),
      fc.stringMatching(/^[ab]{200}$/),
      (pieces, key) => {
        const text = pieces.join('')
        if (keyPatternProblem(text) === undefined) keyPatternOf(text).test(key)
      },
    ),
  )
})
