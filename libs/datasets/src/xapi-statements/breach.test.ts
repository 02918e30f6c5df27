import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Breach, breachesMax, breachRules } from './breach.ts'
import { xapiStatements } from './dataset.ts'

const column = xapiStatements.tables[0]?.columns.findIndex(({ name }) => name === 'breaches') ?? -1
const base = {
  timestamp: '2026-02-11T14:05:02Z',
  actor: { mbox: 'mailto:ann@example.org' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
  object: { id: 'https://lms.example.org/q/1' },
}

const breachesOf = (statement: unknown): readonly Breach[] => {
  const mapped = xapiStatements.map(statement, { hash: 'ab'.repeat(32) })
  if (!('rows' in mapped)) throw new Error('It is rejected.')
  const text = mapped.rows[0]?.values[column]
  return typeof text === 'string' ? (JSON.parse(text) as Breach[]) : []
}

const folder = new URL('./fixtures/', import.meta.url)
const fixtureRows = readdirSync(folder)
  .filter((file) => file.endsWith('.rows.json'))
  .flatMap(
    (file) =>
      JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { readonly breaches?: string }[],
  )

describe('breaches of the xAPI specification', () => {
  it('are none in a statement as the specification wants it', () => {
    expect(breachesOf(base)).toEqual([])
  })

  it('of every rule are in the fixtures', () => {
    const found = fixtureRows.flatMap(({ breaches = '[]' }) => JSON.parse(breaches) as Breach[])
    expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(Object.keys(breachRules)))
  })

  it('are told by rule and path, never by value', () => {
    const secret = 'learner-4711'
    const breaches = breachesOf({
      ...base,
      actor: { mbox: secret, name: { secret }, account: [secret] },
      result: { score: { raw: secret }, duration: secret, response: [secret] },
      context: { registration: secret, language: secret, contextActivities: [secret] },
      attachments: [secret],
    })
    expect(breaches.length).toBeGreaterThan(7)
    expect(JSON.stringify(breaches)).not.toContain(secret)
  })

  it('are no more than so many, and of one statement only', () => {
    const attachments = Array.from({ length: 1_000 }, () => ({}))
    expect(breachesOf({ ...base, attachments })).toHaveLength(breachesMax)
    expect(breachesOf(base)).toEqual([])
  })

  it('in what is far down are told by a path of bounded length', () => {
    const [breach] = breachesOf({ ...base, ['x'.repeat(10_000)]: 1 })
    expect(breach?.rule).toBe('unknown_property')
    expect(breach?.path.length).toBeLessThan(1_000)
  })

  it('of real Torus statements do not reject them', () => {
    const lines = readFileSync(
      new URL('../xapi-events/fixtures/every-kind.jsonl', import.meta.url),
      'utf8',
    )
    const found = lines
      .trimEnd()
      .split('\n')
      .map((line) => breachesOf(JSON.parse(line)).map(({ rule, path }) => `${rule} ${path}`))
    expect(found).toHaveLength(9)
    expect(found[0]).toEqual([
      'iri actor.account.homePage',
      'type actor.account.name',
      'unknown_property registration',
    ])
  })
})
