import type { Dataset, Value } from '@silversmith/core'
import { expect, it } from 'vitest'
import { column, createRowDataset, type RowDataset } from './row-dataset.ts'

const time = '2026-02-11T14:05:02.123456Z'
const micros = 1_770_818_702_123_456

const datasetOf = (own: Partial<RowDataset>): Dataset =>
  createRowDataset({
    ...{ name: 'own', version: 1, description: 'Own', time: ['at'], orderBy: ['timestamp'] },
    ...{ rules: [], ...own },
  })

/** The row without what every row has, or why there is none. */
const map = (dataset: Dataset, text: string, objectTimeMicros?: number): unknown => {
  const context = { hash: '', text, ...(objectTimeMicros !== undefined && { objectTimeMicros }) }
  const mapped = dataset.map(JSON.parse(text), context)
  if (!('rows' in mapped) || !mapped.rows[0]) return mapped
  const { timeMicros, values } = mapped.rows[0]
  const columns = dataset.tables[0]?.columns ?? []
  const all = columns.map(({ name }, at) => [name, values[at] as Value] as const)
  const own = all.filter(([name]) => !['timestamp', 'event_hash'].includes(name))
  return { timeMicros, ...Object.fromEntries(own) }
}

it('takes the time from where the dataset says, below the record, too, and makes none up', () => {
  const dataset = datasetOf({ time: ['meta', 'at'] })
  expect(map(dataset, `{"meta":{"at":"${time}"}}`)).toMatchObject({ timeMicros: micros })
  for (const text of ['{}', '{"meta":null}', '{"meta":7}', '{"meta":{"at":" "}}'])
    expect(map(dataset, text)).toEqual({
      rejection: { reason: 'timestamp_missing', path: 'meta.at' },
    })
  expect(map(dataset, '{"meta":{"at":7}}')).toEqual({
    rejection: { reason: 'timestamp_invalid', path: 'meta.at' },
  })
})

it('takes the time of the object where records say none', () => {
  const dataset = datasetOf({ time: 'object', rules: [column('n', 'int64', ['n'])] })
  expect(map(dataset, '{"n":1}', micros)).toEqual({ timeMicros: micros, n: 1, _rescued: null })
})

it('rescues what has no column, within objects that columns are read from, too', () => {
  const rules = [column('at', 'text', ['at']), column('a_b', 'int64', ['a', 'b'])]
  const dataset = datasetOf({ rules })
  const rescuedOf = (text: string) => map(dataset, `{"at":"${time}",${text}}`)
  expect(rescuedOf('"a":{"b":1,"c":{"d":2},"e":null},"f":3')).toMatchObject({
    a_b: 1,
    _rescued: '{"f":3,"a.c":{"d":2}}',
  })
  expect(rescuedOf('"a":[1]')).toMatchObject({ a_b: null, _rescued: '{"a":[1]}' })
  expect(rescuedOf('"a":{"b":1.5}')).toMatchObject({ a_b: null, _rescued: '{"a.b":1.5}' })
})

it('reads nothing that every object inherits', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
  const rules = names.flatMap((name, at) => [
    column(`a${at}`, 'json', [name]),
    column(`b${at}`, 'json', [name, 'name']),
  ])
  const dataset = datasetOf({ rules, time: 'object' })
  const row = map(dataset, '{"constructor":{"name":"x"}}', micros)
  expect(row).toMatchObject({ a0: null, b0: null, a1: '{"name":"x"}', b1: '"x"', a2: null })
  expect(row).toMatchObject({ _rescued: null })
  expect(map(dataset, '{"__proto__":{"name":"x"}}', micros)).toMatchObject({ a0: '{"name":"x"}' })
})

it('reads numbers digit by digit', () => {
  const types = ['int64', 'uint64', 'text', 'float64', 'json'] as const
  const rules = types.map((type) => column(type, type, [type]))
  const dataset = datasetOf({ time: 'object', rules })
  const rowOf = (number: string) =>
    map(dataset, `{${types.map((type) => `"${type}":${number}`).join()}}`, micros)
  expect(rowOf('9007199254740991')).toMatchObject({ int64: 2 ** 53 - 1, text: '9007199254740991' })
  expect(rowOf('9007199254740993')).toMatchObject({
    ...{ int64: 9007199254740993n, uint64: 9007199254740993n, text: '9007199254740993' },
    ...{ float64: 2 ** 53, json: '"9007199254740993"', _rescued: null },
  })
  expect(rowOf('18446744073709551615')).toMatchObject({
    ...{ int64: null, uint64: 2n ** 64n - 1n, _rescued: '{"int64":"18446744073709551615"}' },
  })
})

it.each([
  ['uuid', '"6F1D1C0E-5b7a-4c53-a1f2-9d8f6e7b2c41"', '6f1d1c0e-5b7a-4c53-a1f2-9d8f6e7b2c41'],
  ['uuid', '"6f1d1c0e5b7a4c53a1f29d8f6e7b2c41"', null],
  ['date', '"2026-02-28"', 20_512],
  ['date', '"1900-01-01"', -25_567],
  ['date', '"2026-02-30"', null],
  ['date', '"2026-02-28T00:00:00Z"', null],
  ['date', '"1899-12-31"', null],
  ['json', '"text"', '"text"'],
  ['json', '[1,{}]', '[1,{}]'],
  ['boolean', 'true', true],
] as const)('reads %s from %s as %s', (type, sent, value) => {
  const dataset = datasetOf({ time: 'object', rules: [column('own', type, ['own'])] })
  expect(map(dataset, `{"own":${sent}}`, micros)).toMatchObject({
    own: value,
    _rescued: value === null ? `{"own":${sent}}` : null,
  })
})

it('describes a column by its path, however long that is', () => {
  expect(column('a', 'text', ['a', 'b c']).description).toBe('As sent in a["b c"]')
  expect(column('a', 'text', ['😀'.repeat(500)]).description).toHaveLength(
    'As sent in '.length + 2 + 2 * 98 + 1,
  )
})

it('refuses a column nobody can read', () => {
  const list = { list: { type: 'text', nullable: false } } as const
  expect(() => datasetOf({ rules: [column('own', list, ['own'])] })).toThrow(/own .*needs a `read`/)
})
