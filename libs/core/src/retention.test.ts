import { expect, it } from 'vitest'
import { expiredRowsOf } from './index.ts'

const day = (name: string, rows: number) => ({ day: name, rows, key: '', sha256: '', sizeBytes: 0 })
const chunk = { month: '2026-01', rows: 6, days: [day('2026-01-01', 1), day('2026-01-03', 5)] }
const at = (text: string): number => Date.parse(text)

it('counts the rows of days that are over by so many days', () => {
  const table = { retentionDays: 10 }
  expect(expiredRowsOf(table, chunk, at('2026-01-10T23:59:59Z'))).toBe(0)
  expect(expiredRowsOf(table, chunk, at('2026-01-11T00:00:00Z'))).toBe(1)
  expect(expiredRowsOf(table, chunk, at('2026-01-13T00:00:00Z'))).toBe(6)
})

it('takes a month that has begun to go for gone, where nothing tells its days', () => {
  const { month, rows } = chunk
  const table = { retentionDays: 10 }
  expect(expiredRowsOf(table, { month, rows }, at('2026-01-10T23:59:59Z'))).toBe(0)
  expect(expiredRowsOf(table, { month, rows }, at('2026-01-11T00:00:00Z'))).toBe(6)
})

it('counts none of a table that keeps its rows, or that nobody knows', () => {
  expect(expiredRowsOf({}, chunk, at('2100-01-01'))).toBe(0)
  expect(expiredRowsOf(undefined, chunk, at('2100-01-01'))).toBe(0)
})
