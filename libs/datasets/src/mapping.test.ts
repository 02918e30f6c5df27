import { type Column, type Dataset, isValueOf, type Value } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { column, createRowDataset, datasets, plausibleTimes } from './index.ts'

const hash = 'ab'.repeat(32)
const objectTimeMicros = Date.UTC(2026, 1, 1) * 1_000
const oli = 'http://oli.cmu.edu/extensions/'
const w3 = 'https://w3id.org/xapi/video/extensions/'

/** In the fields of every dataset. */
const times = '"timestamp":"2026-02-11T14:05:02Z","event_time":"2026-02-11T14:05:02Z"'

/** Any JSON value, more often one that a column would take. */
const leaf = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  fc.constantFrom<unknown>(
    '',
    'https://w3id.org/xapi/video/verbs/played',
    'http://adlnet.gov/expapi/verbs/completed',
    '2026-02-11T14:05:02.123456Z',
    '18446744073709551615',
    '-1',
    '12.3456',
    12.345678,
    'true',
    '\ud800',
    '\0',
    -1,
    2 ** 53,
    1e308,
    Infinity,
  ),
)

const objectOf = (keys: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 4, arbitrary: fc.record(keys, { requiredKeys: [] }) }, leaf)

const extensionNames = ['section_id', 'page_id', 'resource_id', 'hints_requested', 'host_name']
const extensions = objectOf({
  ...Object.fromEntries(extensionNames.map((name) => [oli + name, leaf])),
  ...Object.fromEntries(['time', 'length', 'progress'].map((name) => [w3 + name, leaf])),
})
const activity = objectOf({
  id: leaf,
  objectType: leaf,
  definition: objectOf({ name: objectOf({ 'en-US': leaf }), type: leaf, extensions }),
})
const actor = objectOf({
  objectType: leaf,
  mbox: leaf,
  account: objectOf({ name: leaf, homePage: leaf }),
})

const time = fc.oneof(fc.constant('2026-02-11T14:05:02Z'), leaf)

const fields = {
  id: leaf,
  event_time: time,
  record_type: fc.constantFrom<unknown>(undefined, null, 'shipments', 'invoice_lines', 7),
  ...Object.fromEntries(
    ['shipment_id', 'carrier', 'weight_kg', 'status', 'sku', 'quantity', 'line_total'].map(
      (name) => [name, leaf],
    ),
  ),
  timestamp: time,
  stored: leaf,
  actor,
  verb: objectOf({ id: leaf, display: leaf }),
  object: activity,
  result: objectOf({ score: objectOf({ raw: leaf, max: leaf }), response: leaf, extensions }),
  context: objectOf({
    extensions,
    contextActivities: objectOf({ parent: fc.oneof(activity, fc.array(activity)) }),
  }),
  authority: leaf,
  // JSON.parse makes this an own key; spreading or assigning it would not.
  ['__proto__']: leaf,
}
const whole = fc.record({ ...fields, timestamp: fc.constant('2026-02-11T14:05:02Z') })
const statementLike = fc.oneof(objectOf(fields), whole)

const accepts = ({ type, nullable }: Column, value: Value): boolean => {
  if (value === null) return nullable
  switch (type) {
    case 'text':
    case 'category':
      return typeof value === 'string'
    case 'json':
      return typeof value === 'string' && JSON.parse(value) !== undefined
    case 'uint32':
      return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32
    case 'uint64':
      return typeof value === 'bigint'
        ? value >= 0n && value < 2n ** 64n
        : Number.isSafeInteger(value) && Number(value) >= 0
    case 'float64':
      return Number.isFinite(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'timestamp':
      return (
        Number.isSafeInteger(value) &&
        Number(value) >= plausibleTimes.from &&
        Number(value) < plausibleTimes.until
      )
    default:
      return isValueOf({ type, nullable }, value)
  }
}

const checkMapped = (dataset: Dataset, record: unknown): void => {
  const mapped = dataset.map(record, { hash, objectTimeMicros })
  if ('rejection' in mapped) return expect(mapped.rejection.reason).toMatch(/^[a-z_]+$/)
  if ('discarded' in mapped) return expect(mapped.discarded).toMatch(/^[a-z_]+$/)
  expect(mapped.rows.length).toBeGreaterThan(0)
  for (const row of mapped.rows) {
    const table = dataset.tables.find(({ name }) => name === row.table)
    const refused = table?.columns.filter((column, at) => !accepts(column, row.values[at] as Value))
    expect(refused).toEqual([])
    expect(row.values).toHaveLength(table?.columns.length ?? NaN)
  }
}

/** As `dataset new` makes them of records that do not say when they happened. */
const untimed = createRowDataset({
  ...{ name: 'untimed', version: 1, description: 'Of no time', time: 'object', orderBy: [] },
  rules: [column('id', 'int64', ['id']), column('actor', 'json', ['actor'])],
})

const parsing = [...datasets.filter(({ mapObject }) => !mapObject), untimed]

describe.each(parsing.map((dataset) => [dataset.name, dataset] as const))(
  'the mapping of %s',
  (_, dataset) => {
    it('never throws, whatever the record, and fills every column with what it may hold', () => {
      fc.assert(
        fc.property(fc.oneof(statementLike, leaf), (record) => {
          checkMapped(dataset, record)
        }),
        { numRuns: 1_500 },
      )
    })

    it.each([
      ['the record', (deep: string) => deep],
      ['a field', (deep: string) => `{${times},"actor":${deep},"shipment_id":${deep}}`],
      [
        'an id',
        (deep: string) =>
          `{${times},"id":${deep},"context":{"extensions":{"${oli}section_id":${deep}}}}`,
      ],
      [
        'a response',
        (deep: string) => `{${times},"result":{"response":{"input":${deep}},"extensions":${deep}}}`,
      ],
    ])('takes 10 000 levels in %s', (_where, wrap) => {
      for (const [open, close] of [
        ['[', ']'],
        ['{"id":', '}'],
      ] as const) {
        const deep = open.repeat(10_000) + '1' + close.repeat(10_000)
        const record: unknown = JSON.parse(wrap(deep))
        expect(() => dataset.map(record, { hash })).not.toThrow()
      }
    })

    it('leaves the record as it was and gives equal rows for equal records', () => {
      fc.assert(
        fc.property(statementLike, (record) => {
          const before = structuredClone(record)
          const first = dataset.map(record, { hash })
          expect(record).toEqual(before)
          expect(dataset.map(structuredClone(record), { hash })).toEqual(first)
        }),
      )
    })

    it('puts no value into a rejection', () => {
      const secret = 'learner-4711'
      const record = { timestamp: secret, event_time: secret, actor: secret }
      for (const tried of [record, { ...record, record_type: secret }]) {
        const mapped = dataset.map(tried, { hash, objectTimeMicros })
        if ('rejection' in mapped) expect(JSON.stringify(mapped)).not.toContain(secret)
      }
    })
  },
)
