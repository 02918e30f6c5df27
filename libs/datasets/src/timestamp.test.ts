import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWithin, parseTimestamp, plausibleTimes } from './timestamp.ts'

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

/** Years 0001 to 9999, as Date can write them. */
const instant = fc.date({
  min: new Date('0001-01-02T00:00:00Z'),
  max: new Date('9999-12-30T00:00:00Z'),
  noInvalidDate: true,
})

describe('parseTimestamp', () => {
  it('agrees with Date on every millisecond', () => {
    fc.assert(
      fc.property(instant, (date) => {
        expect(parseTimestamp(date.toISOString())).toBe(date.getTime() * 1_000)
      }),
      { numRuns: 2_000 },
    )
  })

  it('reads the same instant at every offset', () => {
    const offset = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 })
    fc.assert(
      fc.property(instant, offset, fc.constantFrom(':', ''), (date, minutes, colon) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1)
        const size = Math.abs(minutes)
        const zone = `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${colon}${pad(size % 60)}`
        fc.pre(/^\d{4}-/.test(local))
        expect(parseTimestamp(local + zone)).toBe(date.getTime() * 1_000)
      }),
      { numRuns: 2_000 },
    )
  })

  it('cuts digits below a microsecond, and only those', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,30}$/), fc.constantFrom('.', ','), (digits, mark) => {
        const expected = Number(digits.slice(0, 6).padEnd(6, '0'))
        expect(parseTimestamp(`1970-01-01T00:00:00${mark}${digits}Z`)).toBe(expected)
      }),
    )
  })

  it.each([
    ['2021-11-29T23:09:00.867219+00:00', 1_638_227_340_867_219],
    ['2021-11-29T23:09:00.867219', 1_638_227_340_867_219],
    ['2021-11-29 23:09:00.867219', 1_638_227_340_867_219],
    ['2021-11-29T23:09', 1_638_227_340_000_000],
    ['2021-11-30T01:09+02', 1_638_227_340_000_000],
    ['2024-02-29', 1_709_164_800_000_000],
    ['2000-02-29T00:00:00z', 951_782_400_000_000],
    ['1969-12-31T23:59:59.999999Z', -1],
  ])('reads %s', (text, micros) => {
    expect(parseTimestamp(text)).toBe(micros)
  })

  it.each([
    '',
    'now',
    '2026',
    '2026-02',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T23:59:60Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+01:60',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00 Z',
    '2026-01-01T00Z',
    '2026-01-01Z',
    '26-01-01T00:00:00Z',
    '+002026-01-01T00:00:00Z',
    '20260101T000000Z',
    '2026-01-01T00:00:00Z\n',
    '٢٠٢٦-01-01T00:00:00Z',
  ])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })

  it('never throws and gives whole microseconds or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9TZ:.+-]{0,40}$/)), (text) => {
        const micros = parseTimestamp(text)
        expect(micros === undefined || Number.isInteger(micros)).toBe(true)
      }),
    )
  })
})

describe('plausibleTimes', () => {
  it('begins with 2000 and ends before 2100', () => {
    const within = (text: string): boolean => isWithin(plausibleTimes, parseTimestamp(text) ?? NaN)
    expect(within('2000-01-01T00:00:00Z')).toBe(true)
    expect(within('1999-12-31T23:59:59.999999Z')).toBe(false)
    expect(within('2099-12-31T23:59:59.999999Z')).toBe(true)
    expect(within('2100-01-01T00:00:00Z')).toBe(false)
  })
})
