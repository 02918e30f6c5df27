import { columnsOf } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapFixture } from '../fixture.ts'
import { column, createRowDataset } from '../row-dataset.ts'
import { columnsMax, createInference, type Inferred } from './inference.ts'

const infer = (lines: readonly string[], time?: string): Inferred | undefined => {
  const inference = createInference()
  for (const line of lines) inference.add(line)
  return inference.infer({ time })
}

const columnsIn = (lines: readonly string[]) =>
  Object.fromEntries((infer(lines)?.columns ?? []).map(({ name, type }) => [name, type]))

/** Type of a field that had these values. */
const typeOf = (...values: readonly string[]): unknown =>
  columnsIn(values.map((value) => `{"v":${value}}`))['v']

describe('a type', () => {
  it.each([
    ['boolean', ['true', 'false', 'null']],
    ['text', ['true', '"true"']],
    ['int64', ['0', '-7', '9007199254740993', '-9223372036854775808', '9223372036854775807']],
    ['float64', ['1', '2.5']],
    ['float64', ['1.0']],
    ['float64', ['1e3', '0.30000000000000004', '1e-300']],
    ['float64', ['-0']],
    [{ decimal: { precision: 38, scale: 0 } }, ['18446744073709551615']],
    [{ decimal: { precision: 38, scale: 21 } }, ['0.123456789012345678901', '12']],
    [{ decimal: { precision: 38, scale: 1 } }, ['9007199254740993', '0.5']],
    ['json', ['1e400']],
    ['json', [`1${'0'.repeat(40)}1`]],
    ['json', [`1${'0'.repeat(20)}1`, `0.${'0'.repeat(20)}1`]],
    ['uuid', ['"6f1d1c0e-5b7a-4c53-a1f2-9d8f6e7b2c41"', 'null']],
    // In a column of ids it would be another text.
    ['text', ['"6F1D1C0E-5b7a-4c53-a1f2-9d8f6e7b2c41"']],
    ['date', ['"2026-02-11"', '"1948-02-11"']],
    ['timestamp', ['"2026-02-11"', '"2026-02-11T10:00:00+02:00"', '"2026-02-11 10:00"', 'null']],
    ['text', ['"2026-02-11T10:00:00.1234567Z"', 'null']],
    ['text', ['" 2026-02-11T10:00:00Z"', 'null']],
    ['text', ['"1948-02-11T10:00:00Z"']],
    ['float64', ['-1.5', '-1e-300']],
    ['text', ['"2026-02-30"']],
    ['text', ['"007"', '7', '1.5']],
    ['json', ['"007"', '1.50']],
    ['text', ['"1"', '9007199254740993']],
    ['text', ['""']],
    ['text', ['null']],
    ['json', ['[1]', '["a"]']],
    ['json', ['{}']],
    ['json', ['{"a":1}', '7']],
    ['json', ['{"a":1}', '[1]']],
    ['json', ['"\\ud800"']],
  ])('is %o for %o', (type, values) => {
    expect(typeOf(...values)).toEqual(type)
  })

  it('gives every value of the sample back: nothing of it is rescued, whatever it is', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.bigInt().map((whole) => ({ whole })),
      fc.constantFrom<unknown>('2026-02-11', '2026-02-11T10:00:00.1Z', -0, 'a', true),
    )
    const write = (any: unknown): string =>
      JSON.stringify(any, (_, inner: unknown) =>
        typeof inner === 'bigint' ? Number(inner) : inner,
      )
    const record = fc.dictionary(fc.string({ maxLength: 3 }), value, { maxKeys: 5 })
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), (records) => {
        const lines = records.map(write)
        const inferred = infer(lines)
        const dataset = createRowDataset({
          ...{ name: 'own', version: 1, description: 'Own', time: 'object', orderBy: [] },
          rules: (inferred?.columns ?? []).map(({ name, type, path }) => column(name, type, path)),
        })
        const { rows, rejected } = mapFixture(dataset, Buffer.from(lines.join('\n')))
        expect(rejected).toEqual([])
        expect(rows).toHaveLength(records.length)
        for (const row of rows) expect(row).not.toHaveProperty('_rescued')
        const names = dataset.tables.flatMap((table) => columnsOf(table).map(({ name }) => name))
        expect(new Set(names).size).toBe(names.length)
      }),
      { numRuns: 500 },
    )
  })
})

describe('objects', () => {
  it('become columns by their paths', () => {
    expect(infer(['{"user":{"id":1,"address":{"city":"a"}},"tags":["x"]}'])?.columns).toEqual([
      { name: 'user_id', type: 'int64', path: ['user', 'id'] },
      { name: 'user_address_city', type: 'text', path: ['user', 'address', 'city'] },
      { name: 'tags', type: 'json', path: ['tags'] },
    ])
  })

  it('stay JSON when their keys are data, or they are very deep', () => {
    const counts = Array.from({ length: 60 }, (_, n) => `{"counts":{"user_${n}":1},"a":{"b":1}}`)
    expect(columnsIn(counts)).toEqual({ counts: 'json', a_b: 'int64' })
    const deep = `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`
    expect(Object.values(columnsIn([deep]))).toEqual(['json'])
  })

  it('stay JSON when there is no room for their columns, and there are never more than so many', () => {
    const objects = Array.from({ length: 10 }, (_, n) => [
      `o${n}`,
      Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`f${at}`, at])),
    ])
    const types = Object.values(columnsIn([JSON.stringify(Object.fromEntries(objects))]))
    expect(types.length).toBeLessThanOrEqual(columnsMax)
    expect(types.filter((type) => type === 'json')).toHaveLength(6)
    const wide = Array.from({ length: columnsMax + 1 }, (_, n) => [`f${n}`, n])
    const cut = infer([JSON.stringify(Object.fromEntries(wide))])
    expect(cut).toMatchObject({ isCut: true })
    expect(cut?.columns).toHaveLength(columnsMax)
  })
})

describe('names of columns', () => {
  const namesOf = (...fields: readonly string[]): readonly string[] => {
    const record = `{${fields.map((field) => `${JSON.stringify(field)}:1`).join()}}`
    return infer([record])?.columns.map(({ name }) => name) ?? []
  }

  it.each([
    ['userID', 'user_id'],
    ['HTTPStatus', 'http_status'],
    ['First Name', 'first_name'],
    ['Äpfel.cm', 'apfel_cm'],
    ['_source', 'source'],
    ['1st', 'field_1st'],
    ['', 'field'],
    ['温度', 'field'],
    ['`"\'; DROP TABLE x --', 'drop_table_x'],
    ['__proto__', 'proto'],
    ['timestamp', 'timestamp_sent'],
    ['Event-Hash', 'event_hash_sent'],
    ['x'.repeat(500), 'x'.repeat(60)],
  ])('%s → %s', (field, name) => {
    expect(namesOf(field)).toEqual([name])
  })

  it('are never the same', () => {
    expect(namesOf('a b', 'a_b', 'aB', 'timestamp', 'timestamp_sent')).toEqual([
      ...['a_b', 'a_b_2', 'a_b_3', 'timestamp_sent', 'timestamp_sent_2'],
    ])
    const long = namesOf(...Array.from({ length: 120 }, (_, n) => 'x'.repeat(100 + n)))
    expect(new Set(long).size).toBe(120)
    expect(Math.max(...long.map((name) => name.length))).toBeLessThanOrEqual(60)
  })
})

describe('the event time', () => {
  const timeIn = (lines: readonly string[], time?: string) => infer(lines, time)?.time

  it('is the first field that is a time in every record', () => {
    const line =
      '{"a":"x","ended":null,"meta":{"started":"2026-02-11T10:00:00Z"},"sent":"2026-02-12"}'
    expect(timeIn([line])).toEqual(['meta', 'started'])
    expect(timeIn(['{"day":"2026-02-11","at":"2026-02-11T10:00:00Z"}'])).toEqual(['at'])
    expect(timeIn(['{"day":"2026-02-11"}'])).toEqual(['day'])
    expect(timeIn([line, '{"sent":"2026-02-13"}'])).toEqual(['sent'])
  })

  it('is none when no field is a time in every record', () => {
    expect(timeIn(['{"at":"2026-02-11"}', '{}'])).toBeUndefined()
    expect(timeIn(['{"at":1770818702}'])).toBeUndefined()
  })

  it('is the one that is asked for, if it ever was a time', () => {
    const lines = ['{"a":{"b":"2026-02-11"},"odd name":"2026-02-12","n":1}', '{"n":2}']
    expect(infer(lines, 'a.b')).toMatchObject({ time: ['a', 'b'], timed: 1 })
    expect(infer(lines, 'odd name')).toMatchObject({ time: ['odd name'], timed: 1 })
    expect(infer(lines, '["odd name"]')).toMatchObject({ time: ['odd name'] })
    expect(infer(lines, 'n')).toBeUndefined()
    expect(infer(lines, 'nothing')).toBeUndefined()
  })

  it('is kept as it was sent, too', () => {
    expect(columnsIn(['{"timestamp":"2026-02-11T10:00:00+02:00"}'])).toEqual({
      timestamp_sent: 'text',
    })
  })
})

it('learns nothing from what is no object', () => {
  const inference = createInference()
  for (const text of ['1', '"a"', 'null', '[{"a":1}]']) expect(inference.add(text)).toBe(false)
  expect(inference.infer()).toMatchObject({ columns: [], time: undefined })
})
