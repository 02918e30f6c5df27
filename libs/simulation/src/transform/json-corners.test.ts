import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { xapiEvents } from '@silversmith/datasets'
import { describe, expect, test } from 'vitest'
import { createRoom } from './transform-room.ts'

const oli = 'http://oli.cmu.edu/extensions/'
const sha256 = (bytes: string): string => createHash('sha256').update(bytes).digest('hex')

/** A statement with these members and extensions, as they are. */
const statement = (members = '', extensions = ''): string =>
  `{"timestamp":"2026-02-11T14:05:02Z"${members && `,${members}`},"context":{"extensions":{${extensions}}}}`
const withInput = (input: string): string => statement(`"result":{"response":{"input":${input}}}`)
const withScore = (raw: string): string => statement(`"result":{"score":{"raw":${raw}}}`)
const withPage = (page: string): string => statement('', `"${oli}page_id":${page}`)
const plain = statement()

type Found = Readonly<Record<string, unknown>>

/** Rows of an object in their order, or the reason of a record in quarantine in its place. */
const load = async (body: string | Buffer): Promise<readonly (Found | string)[]> => {
  const room = createRoom({ datasets: [xapiEvents] })
  expect(await room.run(room.put('a.jsonl', body, 'xapi_events'))).toEqual([])
  const ends = new Map<number, Found | string>()
  for (const row of await room.silver()) ends.set(Number(row['_record']), row)
  for (const { record, reason } of room.quarantined()) ends.set(Number(record), String(reason))
  return [...ends].toSorted(([a], [b]) => a - b).map(([, end]) => end)
}

const rowOf = async (text: string): Promise<Found> => {
  const [row] = await load(text)
  if (typeof row !== 'object') throw new Error(`It is ${row ?? 'nothing'}.`)
  return row
}
const rescuedOf = (row: Found): unknown => JSON.parse(String(row['_rescued'])) as unknown
const pagePath = `context.extensions["${oli}page_id"]`

const corners: Readonly<Record<string, () => Promise<void>>> = {
  'byte order mark at the beginning': async () => {
    expect(await rowOf(`\ufeff${plain}`)).toMatchObject({ event_hash: sha256(plain) })
  },
  'byte order mark elsewhere': async () => {
    expect(await load(`${plain}\n\ufeff${plain}`)).toMatchObject([{}, 'invalid_json'])
  },
  CRLF: async () => {
    const [first, second] = await load(`${plain}\r\n${withPage('1')}\r\n`)
    expect(first).toMatchObject({ event_hash: sha256(plain), _line: 1n })
    expect(second).toMatchObject({ event_hash: sha256(withPage('1')), _line: 2n })
  },
  'carriage return alone': async () => {
    expect(await load(plain.replaceAll(',', ',\r'))).toMatchObject([{ _line: 1n }])
    expect(await load(`${plain}\r${plain}`)).toEqual(['invalid_json'])
  },
  'blank lines': async () => {
    expect(await load(`\n \t\n${plain}\n\n`)).toMatchObject([{ _record: 0n, _line: 3n }])
  },
  'bytes that are no UTF-8': async () => {
    const [before, after] = withInput('"x"').split('x')
    const parts = [Buffer.from(before ?? ''), Buffer.from([0xc3, 0x28]), Buffer.from(after ?? '')]
    expect(await load(Buffer.concat(parts))).toEqual(['invalid_utf8'])
  },
  'NUL as a byte': async () => {
    expect(await load(withInput('"a\0b"'))).toEqual(['invalid_json'])
  },
  'NUL as `\\u0000`': async () => {
    expect(await rowOf(withInput('"a\\u0000b"'))).toMatchObject({ response: 'a\0b' })
  },
  'half a surrogate pair': async () => {
    const row = await rowOf(withInput('"a\\ud83e"'))
    expect(row).toMatchObject({ response: null })
    expect(row['_rescued']).toContain('"a\\ud83e"')
    expect(await rowOf(withInput('["a\\ud83e"]'))).toMatchObject({ response: '["a\\ud83e"]' })
    const actor = '"actor":{"account":{"name":"\\udc00"},"mbox":"mailto:a@example.edu"}'
    expect(await rowOf(statement(actor))).toMatchObject({ user_id: 'mailto:a@example.edu' })
    expect(await rowOf(withInput('"\\ud83e\\udd89"'))).toMatchObject({ response: '🦉' })
  },
  'whole number beyond 2^53': async () => {
    const row = await rowOf(withPage('9007199254740993'))
    expect(row).toMatchObject({ page_id: null })
    expect(rescuedOf(row)).toEqual({ [pagePath]: '9007199254740993' })
    expect(await rowOf(withInput('[9007199254740993]'))).toMatchObject({
      response: '["9007199254740993"]',
    })
    expect(await rowOf(withScore('9007199254740993'))).toMatchObject({ score: 9007199254740992 })
  },
  'digits as text up to 2^64 - 1': async () => {
    const row = await rowOf(withPage('"18446744073709551615"'))
    expect(row).toMatchObject({ page_id: 18446744073709551615n, _rescued: null })
    expect(await rowOf(withPage('"18446744073709551616"'))).toMatchObject({ page_id: null })
  },
  'number beyond a double (`1e400`)': async () => {
    const row = await rowOf(withScore('1e400'))
    expect(row).toMatchObject({ score: null })
    expect(rescuedOf(row)).toEqual({ 'result.score.raw': '1e400' })
    expect(await rowOf(withInput('[-1e400]'))).toMatchObject({ response: '["-1e400"]' })
  },
  'fraction with more digits than a double has': async () => {
    expect(await rowOf(withScore('0.1000000000000000055'))).toMatchObject({ score: 0.1 })
  },
  'number nearer to zero than any double (`1e-400`)': async () => {
    expect(await rowOf(withScore('1e-400'))).toMatchObject({ score: 0, _rescued: null })
    expect(await rowOf(withInput('[1e-400]'))).toMatchObject({ response: '[0]' })
  },
  '`-0`': async () => {
    expect((await rowOf(withScore('-0')))['score']).toBe(-0)
    expect(await rowOf(withInput('-0'))).toMatchObject({ response: '-0' })
    expect(await rowOf(withInput('{"a":[-0,0]}'))).toMatchObject({ response: '{"a":[-0,0]}' })
    expect(await rowOf(withPage('-0'))).toMatchObject({ page_id: 0n, _rescued: null })
  },
  "`NaN`, `Infinity`, `01`, comments, `'text'`": async () => {
    for (const value of ['NaN', 'Infinity', '01', '1/**/', "'text'"])
      expect(await load(withInput(value))).toEqual(['invalid_json'])
  },
  'a key twice in an object': async () => {
    const twice = [
      statement('"timestamp":"2026-02-11T14:05:02Z"'),
      withInput('{"a":[{"b":1,"b":1}]}'),
      withInput('{"a":1,"\\u0061":2}'),
    ]
    expect(await load(twice.join('\n'))).toEqual(twice.map(() => 'duplicate_key'))
    expect(await load(withInput('[{"a":1},{"a":"\\"a\\":"}]'))).toMatchObject([{}])
  },
  '`__proto__`, `constructor`, `toJSON` as keys': async () => {
    const input = '{"__proto__":{"a":1},"constructor":1,"toJSON":2}'
    expect(await rowOf(withInput(input))).toMatchObject({ response: input })
    const inherited = statement('"__proto__":{"id":"polluted"}', `"__proto__":{"${oli}page_id":1}`)
    expect(await rowOf(inherited)).toMatchObject({
      page_id: null,
      event_id: expect.not.stringContaining('polluted'),
    })
  },
  '`null`': async () => {
    expect(await rowOf(withPage('null'))).toMatchObject({ page_id: null, _rescued: null })
    expect(await rowOf(withInput('[null]'))).toMatchObject({ response: '[null]' })
  },
  'a value nested thousands of levels': async () => {
    const deep = `${'['.repeat(5_000)}1${']'.repeat(5_000)}`
    expect(await rowOf(withInput(deep))).toMatchObject({ response: deep })
  },
  'an empty text': async () => {
    expect(await rowOf(withInput('""'))).toMatchObject({ response: '' })
  },
}

describe('a corner of JSON ends as docs/reference/json.md says', () => {
  test.each(Object.entries(corners))('%s', (_, check) => check())

  test('every corner of the page has a test, and every test is of the page', () => {
    const page = readFileSync(
      new URL('../../../../docs/reference/json.md', import.meta.url),
      'utf8',
    )
    const told = page.split('\n').flatMap((row) => /^\| (.+?) +\| /.exec(row)?.[1] ?? [])
    expect(told.filter((cell) => cell !== 'corner' && !/^-+$/.test(cell))).toEqual(
      Object.keys(corners),
    )
  })
})
