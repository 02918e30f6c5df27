import { expect, it } from 'vitest'
import { expiredRowsOf, keptSince } from './index.ts'

const day = (name: string, rows: number) => ({ day: name, rows, key: '', sha256: '', sizeBytes: 0 })
const chunk = { month: '2026-01', rows: 6, days: [day('2026-01-01', 1), day('2026-01-03', 5)] }
const at = (text: string): number => Date.parse(text)
const table = { retentionDays: 10 }

it('counts the rows of days that are over by so many days, wherever the day is counted', () => {
  const expired = (now: string) => expiredRowsOf(chunk, keptSince(table, at(now)))
  expect(expired('2026-01-10T09:59:59Z')).toBe(0)
  // The 11th has begun on the islands that are first.
  expect(expired('2026-01-10T10:00:00Z')).toBe(1)
  expect(expired('2026-01-11T00:00:00Z')).toBe(1)
  expect(expired('2026-01-13T00:00:00Z')).toBe(6)
})

it('takes a month that has begun to go for gone, where nothing tells its days', () => {
  const { month, rows } = chunk
  expect(expiredRowsOf({ month, rows }, at('2026-01-01'))).toBe(0)
  expect(expiredRowsOf({ month, rows }, at('2026-01-02'))).toBe(6)
})

it('counts none of a table that keeps its rows, or that nobody knows', () => {
  expect(keptSince({}, at('2100-01-01'))).toBeUndefined()
  expect(keptSince(undefined, at('2100-01-01'))).toBeUndefined()
  expect(expiredRowsOf(chunk, undefined)).toBe(0)
})
