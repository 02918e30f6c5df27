import { gzipSync } from 'node:zlib'
import { xapiEvents } from '@silversmith/datasets'
import { describe, expect, test } from 'vitest'
import { type FuzzInput, roomyLimits, usualLimits } from './fuzz-input.ts'
import { judgeOutcome } from './judgement.ts'
import { loadInputs } from './loading.ts'
import type { Outcome } from './outcome.ts'
import { readInput } from './reading.ts'

const time = '"timestamp":"2026-02-11T14:05:02Z"'
const good = `{${time}}`
const deep = (open: string, close: string): string =>
  open.repeat(100_000) + '1' + close.repeat(100_000)
const bytes = (...values: number[]): Buffer => Buffer.from(values)
const join = (...parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part)))

/** Ends of the records in their order, or the disposition of the whole. */
type Wanted = readonly string[] | 'unreadable' | 'too-large'
interface Case {
  readonly bytes: string | Buffer
  readonly wanted: Wanted
  readonly key?: string
  readonly encoding?: string
  readonly isRoomy?: boolean
}

const lines: Readonly<Record<string, Case>> = {
  'nothing at all': { bytes: '', wanted: [] },
  'an empty object': { bytes: '{}', wanted: ['timestamp_missing'] },
  'no final newline': { bytes: `${good}\n${good}`, wanted: ['rows', 'rows'] },
  'a byte order mark': { bytes: `\ufeff${good}\n`, wanted: ['rows'] },
  'a byte order mark in every line': {
    bytes: `\ufeff${good}\n\ufeff${good}`,
    wanted: ['rows', 'invalid_json'],
  },
  'CRLF and blank lines': { bytes: `${good}\r\n\r\n \t\r\n${good}\r\n`, wanted: ['rows', 'rows'] },
  'a carriage return alone': { bytes: `${good}\r${good}`, wanted: ['invalid_json'] },
  'NUL between lines': { bytes: `${good}\n\0\n${good}`, wanted: ['rows', 'invalid_json', 'rows'] },
  'NUL within a text': { bytes: `{${time},"id":"a\0"}`, wanted: ['invalid_json'] },
  'NUL as an escape': { bytes: `{${time},"id":"a\\u0000"}`, wanted: ['rows'] },
  'bytes that are no UTF-8': {
    bytes: join('{"a":"', bytes(0xff), '"}\n', good),
    wanted: ['invalid_utf8', 'rows'],
  },
  'a surrogate in UTF-8': {
    bytes: join('"', bytes(0xed, 0xa0, 0x80), '"'),
    wanted: ['invalid_utf8'],
  },
  'an overlong NUL': { bytes: join('"', bytes(0xc0, 0x80), '"'), wanted: ['invalid_utf8'] },
  'UTF-16': {
    bytes: Buffer.from(`${good}\n${good}`, 'utf16le'),
    wanted: ['invalid_json', 'invalid_json'],
  },
  'lone surrogates as escapes': {
    bytes: `{${time},"id":"\\ud800","actor":{"mbox":"\\udc00"}}`,
    wanted: ['rows'],
  },
  'a line at the limit': {
    bytes: `{${time},"a":"${'x'.repeat(4096 - good.length - 7)}"}`,
    wanted: ['rows'],
  },
  'a line over the limit': {
    bytes: `${'x'.repeat(9000)}\n${good}`,
    wanted: ['record_too_large', 'rows'],
  },
  'names that come twice': {
    bytes: `{"timestamp":1,${time}}\n{${time},"timestamp":1}`,
    wanted: ['duplicate_key', 'duplicate_key'],
  },
  'names that come twice in a text, or in two objects': {
    bytes: `{${time},"a":"\\"b\\":1,\\"b\\":2","b":[{"c":1},{"c":1}]}`,
    wanted: ['rows'],
  },
  'a name that is __proto__': {
    bytes: `{${time},"__proto__":{"id":"x"}}\n{"__proto__":{${time}}}`,
    wanted: ['rows', 'timestamp_missing'],
  },
  '1e400, -0 and integers above 2^53': {
    bytes: `{${time},"id":9007199254740993,"result":{"score":{"raw":1e400,"max":-0}}}`,
    wanted: ['rows'],
  },
  'NaN and Infinity': {
    bytes: `{${time},"a":NaN}\nInfinity`,
    wanted: ['invalid_json', 'invalid_json'],
  },
  'a time of 1e400': { bytes: '{"timestamp":1e400}', wanted: ['timestamp_invalid'] },
  'two documents in a line': { bytes: good + good, wanted: ['invalid_json'] },
  '100 000 levels of arrays': {
    bytes: `{${time},"id":${deep('[', ']')}}\n${good}`,
    wanted: ['rows', 'rows'],
    isRoomy: true,
  },
  '100 000 levels left open': {
    bytes: `${'['.repeat(100_000)}\n${good}`,
    wanted: ['invalid_json', 'rows'],
    isRoomy: true,
  },
}

const packed: Readonly<Record<string, Case>> = {
  gzip: { bytes: gzipSync(good), wanted: ['rows'] },
  'gzip twice': { bytes: gzipSync(gzipSync(good)), wanted: ['rows'] },
  'gzip three times': { bytes: gzipSync(gzipSync(gzipSync(good))), wanted: ['invalid_utf8'] },
  'a line over two members': {
    bytes: join(gzipSync(good.slice(0, 9)), gzipSync(good.slice(9))),
    wanted: ['rows'],
  },
  'gzip of nothing': { bytes: gzipSync(''), wanted: [] },
  'gzip cut off': { bytes: gzipSync(`${good}\n`.repeat(9)).subarray(0, -9), wanted: 'unreadable' },
  'gzip without its last byte': { bytes: gzipSync(good).subarray(0, -1), wanted: 'unreadable' },
  'gzip and two bytes more': {
    bytes: join(gzipSync(good), bytes(0x1f, 0x8b)),
    wanted: 'unreadable',
  },
  'gzip and zeros': { bytes: join(gzipSync(good), Buffer.alloc(512)), wanted: 'unreadable' },
  'gzip and lines behind it': { bytes: join(gzipSync(good), `\n${good}`), wanted: 'unreadable' },
  'gzip with another CRC': {
    bytes: join(gzipSync(good).subarray(0, -8), 'abcd', gzipSync(good).subarray(-4)),
    wanted: 'unreadable',
  },
  'magic bytes and no gzip': { bytes: bytes(0x1f, 0x8b, 1, 2, 3), wanted: 'unreadable' },
  'half the magic': { bytes: bytes(0x1f), wanted: ['invalid_json'] },
  'a gzip bomb': { bytes: gzipSync(Buffer.alloc(5_000_000)), wanted: 'too-large' },
  'a gzip bomb within gzip': {
    bytes: gzipSync(gzipSync(Buffer.alloc(5_000_000))),
    wanted: 'too-large',
  },
  'an object over the limit': { bytes: `${good}\n`.repeat(2_000), wanted: 'too-large' },
  'plain text said to be gzip': { bytes: good, encoding: 'gzip', wanted: 'unreadable' },
  brotli: { bytes: good, encoding: 'br', wanted: 'unreadable' },
}

const documents: Readonly<Record<string, Case>> = {
  'an array': { bytes: `[${good}, ${good}]`, key: 'a.json', wanted: ['rows', 'rows'] },
  'documents one after another': { bytes: good + good, key: 'a.json', wanted: ['rows', 'rows'] },
  'an array left open': { bytes: `[${good},`, key: 'a.json', wanted: ['rows', 'truncated_array'] },
  'a document cut off': {
    bytes: `${good}{"a":[`,
    key: 'a.json',
    wanted: ['rows', 'truncated_document'],
  },
  'a comma too many': {
    bytes: `${good},${good}`,
    key: 'a.json',
    wanted: ['rows', 'invalid_json', 'rows'],
  },
  '100 000 levels in a document': {
    bytes: `[${good},${deep('{"a":', '}')}]`,
    key: 'a.json',
    wanted: ['rows', 'timestamp_missing'],
    isRoomy: true,
  },
}

const inputOf = ({ key = 'a.jsonl', ...one }: Case, pieceBytes: number): FuzzInput => ({
  ...{ seed: 0, key, bytes: Buffer.from(one.bytes), contentEncoding: one.encoding, pieceBytes },
  ...{ dataset: xapiEvents, limits: one.isRoomy ? roomyLimits : usualLimits },
})

const endsOf = ({ disposition, counts, rows, rejections }: Outcome): Wanted => {
  if (disposition === 'unreadable' || disposition === 'too-large') return disposition
  return Array.from({ length: counts.records }, (_, ordinal) =>
    [
      ...rows.filter(({ record }) => record === ordinal).map(() => 'rows'),
      ...rejections.filter(({ record }) => record === ordinal).map(({ reason }) => reason),
    ].join(' and '),
  )
}

describe.each([
  ['lines', lines],
  ['packed objects', packed],
  ['documents', documents],
])('of %s', (_, cases) => {
  test.each(Object.entries(cases))('%s ends where it must', async (_name, one) => {
    for (const pieceBytes of [one.isRoomy ? 1000 : 1, 7000, 1_000_000]) {
      const input = inputOf(one, pieceBytes)
      const read = await readInput(input)
      expect(endsOf(read)).toEqual(one.wanted)
      expect(judgeOutcome(input, read)).toEqual([])
    }
    const input = inputOf(one, 4096)
    const loaded = (await loadInputs([input])).get(input)
    expect(loaded && endsOf(loaded)).toEqual(one.wanted)
    expect(loaded && judgeOutcome(input, loaded)).toEqual([])
  })
})
