import { describe, expect, it } from 'vitest'
import { datasetOf, sampleRecords, sampleTypes } from './index.ts'

const make = (type: string, seed: number, count: number): string[] => [
  ...sampleRecords(type, { seed, count }),
]

describe.each(sampleTypes)('records of %s', (type) => {
  const records = make(type, 1, 300)

  it('are as many as asked for', () => {
    expect(records).toHaveLength(300)
    expect(make(type, 1, 7)).toEqual(records.slice(0, 7))
    expect(make(type, 1, 0)).toEqual([])
  })

  it('are the same for the same seed, and others for another', () => {
    expect(make(type, 1, 300)).toEqual(records)
    expect(make(type, 2, 300)).not.toEqual(records)
    expect(new Set(records).size).toBe(300)
  })

  it('are rows of their dataset with nothing to rescue', () => {
    for (const text of records) {
      const mapped = datasetOf(type)?.map(JSON.parse(text), { hash: '', text })
      expect(mapped).toMatchObject({ rows: [{ timeMicros: expect.any(Number) }] })
      expect(mapped && 'rows' in mapped && mapped.rows[0]?.values.at(-1)).toBeNull()
    }
  })
})

it('lines of invoices add up, to the cent', () => {
  for (const text of make('invoice_lines', 3, 200)) {
    const line = JSON.parse(text) as Record<'quantity' | 'unit_price' | 'line_total', number>
    expect(line.line_total.toFixed(2)).toBe((line.quantity * line.unit_price).toFixed(2))
    expect(text).toMatch(/"unit_price":\d+(\.\d{1,2})?,"line_total":\d+(\.\d{1,2})?\}/)
  }
})

it('spread over a week', () => {
  const days = make('shipments', 4, 300).map((text) => /"event_time":"([\d-]+)T/.exec(text)?.[1])
  expect([...new Set(days)].sort()).toEqual(
    Array.from({ length: 7 }, (_, day) => `2026-01-${String(5 + day).padStart(2, '0')}`),
  )
})

it('refuses a type it cannot make up', () => {
  expect(() => make('refunds', 1, 1)).toThrow(/^type must be one of xapi_events, shipments/)
  expect(() => make('toString', 1, 1)).toThrow(RangeError)
})
