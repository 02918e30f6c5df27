import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { datasets, xapiEvents, xapiStatements } from './index.ts'

const hash = 'ab'.repeat(32)

/** Columns of the one row of a text. */
const rowOf = (dataset: (typeof datasets)[number], text: string, raw?: string) => {
  const mapped = dataset.map(JSON.parse(text), {
    hash,
    ...(raw === undefined ? {} : { text: raw }),
  })
  if (!('rows' in mapped)) throw new Error('it is no row')
  const names = dataset.tables[0]?.columns.map(({ name }) => name) ?? []
  return Object.fromEntries(names.map((name, at) => [name, mapped.rows[0]?.values[at]]))
}

const named = (name: string, space = ''): string =>
  `{"timestamp":"2024-01-01T00:00:00Z",${space}"actor":{"account":{"name":${space}${name}}},"verb":{"id":"https://e.example.org/v"},"object":{"id":"https://e.example.org/o"}}`

const digits = fc.stringMatching(/^[1-9]\d{0,24}$/)
const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits,
    fc.option(fc.stringMatching(/^\d{1,20}$/)),
    fc.option(
      fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-'), fc.nat(330)).map((two) => two.join('')),
    ),
  )
  .map(([sign, whole, part, power]) => sign + whole + (part ? `.${part}` : '') + (power ?? ''))

describe('a number that a double cannot hold exactly', () => {
  it('is never an id, but kept digit by digit', () => {
    fc.assert(
      fc.property(numberText, fc.constantFrom('', ' ', '\t', '\r\n'), (name, space) => {
        const text = named(name, space)
        const event = rowOf(xapiEvents, text, text)
        const statement = rowOf(xapiStatements, text, text)
        const number = Number(name)
        if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) {
          const written = Object.is(number, -0) ? '-0' : String(number)
          expect(event).toMatchObject({ user_id: written, _rescued: null })
          expect(statement).toMatchObject({ account_name: written })
        } else {
          const kept = { 'actor.account.name': name }
          expect(event['user_id']).toBe('')
          expect(JSON.parse(String(event['_rescued']))).toEqual(kept)
          expect(statement['account_name']).toBeNull()
          expect(JSON.parse(String(statement['_rescued']))).toMatchObject(kept)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it.each([
    ['whose text is not known', named('12345678901234567890'), undefined],
    [
      'within thousands of levels',
      named('12345678901234567890').replace(
        /}$/,
        `,"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      ),
      'itself',
    ],
  ])('is no id in a record %s', (_, text, raw) => {
    for (const [dataset, column] of [
      [xapiEvents, 'user_id'],
      [xapiStatements, 'account_name'],
    ] as const)
      expect(rowOf(dataset, text, raw && text)[column] ?? '').toBe('')
  })

  it('is not in the identifier of an actor', () => {
    const text = named('12345678901234567890').replace(
      '}},"verb"',
      ',"homePage":"https://h.example.org"}},"verb"',
    )
    for (const raw of [text, undefined])
      expect(rowOf(xapiStatements, text, raw)['actor_id']).toBeNull()
  })
})
