import { createHash } from 'node:crypto'
import { type Dataset, isValueOf, type Mapped } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { datasets } from './index.ts'

const oli = 'http://oli.cmu.edu/extensions/'

/** Numbers as texts: what JSON.parse makes of them is not what was sent. */
const largeDigits = fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }).map((number) => number.toString())
const literal = fc.oneof(
  largeDigits,
  fc.constantFrom('1e400', '-1e400', '-0', '1E+5', '1e-400', '0.1', '[]', '{}', 'null', 'true'),
  fc.constantFrom('"\\ud800"', '"\\u0000"', '{"__proto__":1}', '{"toJSON":1}', '"2026-02-30"'),
  fc.json({ maxDepth: 2 }),
)
const fieldName = fc.constantFrom(
  ...['id', 'timestamp', 'stored', 'actor', 'verb', 'object', 'result', 'context', 'authority'],
  ...['__proto__', 'constructor', 'toJSON', 'version', 'attachments', 'extra'],
  ...['event_time', 'record_type', 'shipment_id', 'weight_kg', 'quantity', 'unit_price'],
)

/** In the fields of every dataset. */
const time = '"2026-02-11T14:05:02Z"'
const parts =
  '"actor":{"mbox":"mailto:a@example.org"},"verb":{"id":"https://e.example.org/v"},"object":{"id":"https://e.example.org/o"}'

/** Statements as texts: one name may come twice, parts may be missing, and the time may be any value. */
const statementText = fc
  .record({
    fields: fc.uniqueArray(fc.tuple(fieldName, literal), { selector: ([name]) => name }),
    ...{ section: literal, response: literal, isTimed: fc.boolean(), isWhole: fc.boolean() },
    again: fc.option(fc.tuple(fieldName, literal), { freq: 9 }),
  })
  .map(({ fields, section, response, isTimed, isWhole, again }) => {
    const ordinary: Record<string, string> = {
      context: `{"extensions":{"${oli}section_id":${section},"${oli}page_id":${section}}}`,
      result: `{"response":${response},"score":{"raw":${section}}}`,
      ...(isTimed ? { timestamp: time, event_time: time } : {}),
    }
    const named = isWhole ? ['actor', 'verb', 'object'] : []
    const own = [...fields, ...(again ? [again] : [])].filter(
      ([name]) => !Object.hasOwn(ordinary, name) && !named.includes(name),
    )
    return `{${[
      ...own.map(([name, value]) => `"${name}":${value}`),
      ...Object.entries(ordinary).map(([name, value]) => `"${name}":${value}`),
      ...(isWhole ? [parts] : []),
    ].join(',')}}`
  })

const mapText = (dataset: Dataset, text: string): Mapped =>
  dataset.map(JSON.parse(text), { hash: createHash('sha256').update(text).digest('hex'), text })

const statementWith = (digits: string): string =>
  `{"timestamp":${time},"event_time":${time},${parts},"context":{"extensions":{"${oli}section_id":${digits}}}}`

const messageWith = (digits: string): string =>
  `{"messageId":"m","eventSourceARN":"arn:aws:sqs:r:1:q","attributes":{"SentTimestamp":"1767607871000","Odd":${digits}}}`

const parsing = datasets.filter(({ mapObject }) => !mapObject)

describe.each(parsing.map((dataset) => [dataset.name, dataset] as const))(
  'the mapping of %s',
  (_, dataset) => {
    it('takes any JSON text: rows of the right types, or a reason', () => {
      fc.assert(
        fc.property(fc.oneof({ weight: 5, arbitrary: statementText }, literal), (text) => {
          const mapped = mapText(dataset, text)
          if (!('rows' in mapped)) return
          for (const { table, timeMicros, values } of mapped.rows) {
            const columns = dataset.tables.find(({ name }) => name === table)?.columns ?? []
            expect(values).toHaveLength(columns.length)
            expect(Number.isSafeInteger(timeMicros)).toBe(true)
            columns.forEach((column, at) => expect(isValueOf(column, values[at])).toBe(true))
          }
        }),
        { numRuns: 1_000 },
      )
    })

    it('gives equal rows for equal texts', () => {
      fc.assert(
        fc.property(statementText, (text) => {
          expect(mapText(dataset, text)).toEqual(mapText(dataset, text))
        }),
      )
    })

    it('keeps every digit of a number too large for a double', () => {
      fc.assert(
        fc.property(largeDigits, (digits) => {
          const textWith = dataset.name === 'sqs_messages' ? messageWith : statementWith
          const mapped = mapText(dataset, textWith(digits))
          // Another dataset may look for the time elsewhere.
          if ('rejection' in mapped && mapped.rejection.reason === 'timestamp_missing') return
          const values = 'rows' in mapped ? (mapped.rows[0]?.values ?? []) : []
          expect(values.some((value) => String(value).includes(digits))).toBe(true)
        }),
      )
    })
  },
)
