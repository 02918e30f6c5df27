import { createHash } from 'node:crypto'
import type { Dataset, Value } from '@silversmith/core'
import { describe, expect, it } from 'vitest'
import { datasetOf, invoiceLines, shipments, trackingEvents } from './index.ts'

const time = '2026-02-11T14:05:02.123456+00:00'
const micros = 1_770_818_702_123_456

/** A row by the names of its columns, or why there is none. */
const map = (dataset: Dataset, text: string): Record<string, Value> | string => {
  const hash = createHash('sha256').update(text).digest('hex')
  const mapped = dataset.map(JSON.parse(text), { hash, text })
  if ('rejection' in mapped) return `${mapped.rejection.reason} ${mapped.rejection.path}`
  if (!('rows' in mapped) || !mapped.rows[0]) throw new Error('Nothing is discarded here.')
  expect(mapped.rows).toHaveLength(1)
  const { table, timeMicros, values } = mapped.rows[0]
  expect(table).toBe(dataset.name)
  const columns = dataset.tables[0]?.columns ?? []
  const row = Object.fromEntries(columns.map(({ name }, at) => [name, values[at] as Value]))
  expect(timeMicros).toBe(row['timestamp'])
  return row
}

const typed = [shipments, trackingEvents, invoiceLines]

describe.each(typed.map((dataset) => [dataset.name, dataset] as const))('%s', (name, dataset) => {
  const textOf = (fields: Record<string, unknown>): string =>
    JSON.stringify({ record_type: name, event_time: time, ...fields })

  it('is found by its name and writes one table of the same name', () => {
    expect(datasetOf(name)).toBe(dataset)
    expect(dataset.tables.map((table) => table.name)).toEqual([name])
  })

  it('003-4: an unknown record_type is a rejection with its path, not a line in a log', () => {
    for (const type of ['refunds', '', 7, {}, name.toUpperCase()])
      expect(map(dataset, textOf({ record_type: type }))).toBe('record_type_mismatch record_type')
  })

  it('003-4, 003-12: a time that is missing, no time or implausible is a rejection, never made up', () => {
    for (const missing of [null, '', ' '])
      expect(map(dataset, textOf({ event_time: missing }))).toBe('timestamp_missing event_time')
    expect(map(dataset, `{"record_type":"${name}"}`)).toBe('timestamp_missing event_time')
    for (const wrong of ['soon', '2026-13-01', '2026-02-30T00:00:00Z', 1_770_818_702, [time]])
      expect(map(dataset, textOf({ event_time: wrong }))).toBe('timestamp_invalid event_time')
    for (const far of ['1970-01-01T00:00:00Z', '2100-01-01T00:00:00Z'])
      expect(map(dataset, textOf({ event_time: far }))).toBe('timestamp_out_of_range event_time')
  })

  it('003-12: the day of a row is that of its time in UTC, whatever its offset', () => {
    expect(map(dataset, textOf({ event_time: '2026-02-11T00:15:00+08:00' }))).toMatchObject({
      timestamp: Date.UTC(2026, 1, 10, 16, 15) * 1_000,
      event_time: '2026-02-11T00:15:00+08:00',
    })
  })

  it('takes a record without record_type for what its key says', () => {
    expect(map(dataset, `{"event_time":"${time}"}`)).toMatchObject({ record_type: name })
  })

  it('rescues every field it does not know, and nothing else', () => {
    const row = map(dataset, textOf({ note: 'fragile', meta: { a: [1] }, nothing: null }))
    expect(row).toMatchObject({ _rescued: '{"note":"fragile","meta":{"a":[1]}}' })
    expect(map(dataset, textOf({}))).toMatchObject({ timestamp: micros, _rescued: null })
  })
})

describe('values of the wrong type', () => {
  it('003-5: a wrong weight leaves its row, and the row stays', () => {
    const weigh = (weight: string) =>
      map(shipments, `{"event_time":"${time}","shipment_id":"shp_1","weight_kg":${weight}}`)
    expect(weigh('"12.5"')).toMatchObject({ weight_kg: 12.5, _rescued: null })
    expect(weigh('"heavy"')).toMatchObject({
      shipment_id: 'shp_1',
      weight_kg: null,
      _rescued: '{"weight_kg":"heavy"}',
    })
  })

  it('003-5: a quantity or a price of another type is rescued', () => {
    expect(
      map(invoiceLines, `{"event_time":"${time}","quantity":1.5,"unit_price":{"eur":1}}`),
    ).toMatchObject({
      quantity: null,
      unit_price: null,
      _rescued: '{"quantity":1.5,"unit_price":{"eur":1}}',
    })
  })
})

describe('money', () => {
  const priceOf = (price: string): unknown => {
    const row = map(invoiceLines, `{"event_time":"${time}","unit_price":${price}}`)
    return typeof row === 'string' ? row : (row['_rescued'] ?? row['unit_price'])
  }

  it('is a whole number of ten-thousandths', () => {
    expect(priceOf('12.34')).toBe(123_400)
    expect(priceOf('"12.34"')).toBe(123_400)
    expect(priceOf('0.1')).toBe(1_000)
    expect(priceOf('-7')).toBe(-70_000)
  })

  it('keeps all digits where a double could not', () => {
    expect(priceOf('99999999999999.9999')).toBe(999_999_999_999_999_999n)
    expect(priceOf('"99999999999999.9999"')).toBe(999_999_999_999_999_999n)
  })

  it('is never rounded: what has more digits is rescued as it was sent', () => {
    expect(priceOf('0.12345')).toBe('{"unit_price":0.12345}')
    expect(priceOf('12.340000000000000001')).toBe('{"unit_price":"12.340000000000000001"}')
    expect(priceOf('9999999999999.99999')).toBe('{"unit_price":"9999999999999.99999"}')
  })
})
