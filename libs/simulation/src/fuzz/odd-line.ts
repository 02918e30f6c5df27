import type { Dataset } from '@silversmith/core'
import { sampleObjects } from '@silversmith/datasets'
import type { Random } from '../random.ts'
import { changeBytes, randomBytes } from './byte-change.ts'

/** Statements of every kind. */
const statements: readonly Buffer[] = sampleObjects({ seed: 7, objects: 60 })
  .objects.filter(({ key }) => key.endsWith('.jsonl'))
  .flatMap(({ body }) => Buffer.from(body).toString('latin1').split('\n'))
  .filter((line) => line.startsWith('{"') && line.endsWith('}') && line.length < 3_000)
  .map((line) => Buffer.from(line, 'latin1'))

const memos: readonly Buffer[] = [
  '{"id":"a","time":"2026-01-20T10:00:00.000Z"}',
  '{"id":"b","time":"2026-02-11T10:00:00.000Z","marks":["good","ø"]}',
  '{"kind":"noise","id":"c"}',
  '{"id":"d","time":"yesterday"}',
].map((text) => Buffer.from(text))

const time = '"timestamp":"2026-02-11T14:05:02Z"'
const oli = 'http://oli.cmu.edu/extensions/'
const withSection = (value: string): string =>
  `{${time},"context":{"extensions":{"${oli}section_id":${value}}}}`

/** Valid and invalid JSON that parsers are known to differ over. */
const oddTexts: readonly Buffer[] = [
  ...[
    '{}',
    '[]',
    '""',
    'null',
    'true',
    '0',
    '-0',
    '1e400',
    'NaN',
    'Infinity',
    'undefined',
    "{'a':1}",
  ],
  ...[
    '{"a":1}{"b":2}',
    '{"a":1},',
    '[1,2,]',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '"\\ud800"',
    '"\\x"',
  ],
  ...['// comment', '/**/{}', '{"a":"\t"}', '{"a":"\0"}', '{"\\u0000":"\\u0000"}', '\ufeff{}'],
  ...[
    `{${time}}`,
    `{${time},"timestamp":null}`,
    `{"timestamp":null,${time}}`,
    '{"timestamp":1e400}',
  ],
  ...[
    `{"__proto__":{${time}}}`,
    `{${time},"__proto__":{"actor":{"mbox":"x"}}}`,
    `{"__proto__":null}`,
  ],
  ...[`{${time},"constructor":{"prototype":{}},"toJSON":"x","hasOwnProperty":1,"length":-1}`],
  ...[`{${time},"id":9007199254740993,"actor":1e400,"verb":{"id":-0},"object":[[[[]]]]}`],
  ...[`{${time},"id":"\\ud800","actor":{"mbox":"\\udc00x"},"result":{"response":"\\u0000"}}`],
  ...[`{${time},"result":{"score":{"raw":1e400,"max":-1e400,"scaled":-0}}}`, withSection('-0')],
  ...['18446744073709551615', '18446744073709551616', '9007199254740993', '"9007199254740993"'].map(
    withSection,
  ),
  ...['1e21', '1e400', '0.1e1', '[]', '{"__proto__":1}', '"-1"', '"１"', 'null'].map(withSection),
  ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z', '2026-02-30', '2026-02-11', ''].map(
    (text) => `{"timestamp":"${text}"}`,
  ),
].map((text) => Buffer.from(text))

const oddValues: readonly string[] = [
  ...[
    'null',
    '""',
    '" "',
    '{}',
    '[]',
    '[[]]',
    'true',
    '0',
    '-0',
    '1e400',
    '-1e400',
    '1e-400',
    '0.1',
  ],
  ...['9007199254740993', '18446744073709551616', '"18446744073709551616"', '-1', '"-1"', '1E5'],
  ...[
    '"\\ud800"',
    '"\\u0000"',
    '"\ud83e\udd89"',
    '"__proto__"',
    '{"__proto__":1}',
    '{"length":1e9}',
  ],
  ...['"2026-02-11T14:05:02.123456789+05:30"', '"2026-02-30T00:00:00Z"', '"http://"', '"mailto:"'],
]

/** A value or a key of valid JSON, with what ends it. */
const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|\{\}|\[\]/g

/** JSON that stays JSON, mostly: one value or key becomes another. */
const changeValue = (random: Random, line: Buffer): Buffer => {
  const text = line.toString()
  const { index, 0: old } = random.pick([...text.matchAll(token)])
  return Buffer.from(text.slice(0, index) + random.pick(oddValues) + text.slice(index + old.length))
}

const blanks = ['', ' ', '\t', '\r', ' \r', '\t\r\r', '\v', '\f', '\u00a0', '\u2028'].map((text) =>
  Buffer.from(text),
)

/** Arrays or objects within each other; closed, or one bracket short. */
export const deepJson = (random: Random, depthMax: number): string => {
  const depth = depthMax - random.below(3)
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['[{"a":', '}]'],
  ] as const)
  const levels = Math.floor(depth / open.replace(/[^[{]/g, '').length)
  const closed = close.repeat(random.chance(0.8) ? levels : levels - 1)
  const value = `${open.repeat(levels)}1${closed}`
  return random.chance(0.5) ? value : `{${time},"id":${value},"result":{"response":${value}}}`
}

const garbageBytesMax = 60
const depthUsual = 120

/** One line, or one document; it may hold line ends. */
export const writeLine = (random: Random, { name }: Dataset): Buffer => {
  const valid = name === 'memos' ? memos : statements
  const draw = random.below(20)
  if (draw < 6) return random.pick(valid)
  if (draw < 11) return changeValue(random, random.pick(valid))
  if (draw < 14) return changeBytes(random, random.pick(valid))
  if (draw < 16) return random.pick(oddTexts)
  if (draw === 16) return changeBytes(random, random.pick(oddTexts))
  if (draw === 17) return random.pick(blanks)
  if (draw === 18) return randomBytes(random, random.below(garbageBytesMax))
  return Buffer.from(deepJson(random, depthUsual))
}
