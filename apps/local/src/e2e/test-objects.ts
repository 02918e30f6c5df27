import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Disposition, Route } from '@silversmith/core'

/** In every payload, good or bad: whatever holds it holds data. */
export const payloadMark = 'Zaunkoenig'

/** Settings these objects are made for. */
export const testLimits = {
  MAX_S3_OBJECT_BYTES: 60 * 1024 * 1024,
  MAX_DECOMPRESSED_BYTES: 256 * 1024 * 1024,
}
/** What makes all but the unrouted objects events of OLI Torus. */
export const testRoutes: readonly Route[] = [
  {
    prefix: 'section/',
    suffixes: ['.jsonl', '.jsonl.gz', '.json', '.ndjson'],
    dataset: 'xapi_events',
  },
]

const recordBytesMax = 16 * 1024 * 1024
const rawBytesMax = 64 * 1024

export interface ExpectedRejection {
  readonly record: number
  readonly line: number | null
  readonly offset: number
  readonly reason: string
  readonly path?: string
  readonly raw: string
  readonly rawEncoding: 'utf8' | 'base64'
  readonly sizeBytes: number
  readonly sha256?: string
}

/** An object, and what must become of it. */
export interface TestObject {
  readonly key: string
  readonly body: Uint8Array
  readonly contentEncoding?: string
  readonly disposition: Disposition
  /** Of dispositions that have one. */
  readonly reason?: RegExp
  /** Ordinals of the records that become rows. */
  readonly accepted: readonly number[]
  readonly rejected: readonly ExpectedRejection[]
}

export const writeStatement = (n: number): string =>
  JSON.stringify({
    actor: { account: { homePage: 'https://proxy.example.edu', name: `${payloadMark} ${n}` } },
    verb: { id: 'https://w3id.org/xapi/video/verbs/played' },
    object: { id: `https://proxy.example.edu/video/${n % 5}` },
    timestamp: new Date(Date.UTC(2026, 1, 1) + n * 3_600_000).toISOString(),
  })

const folder = 'section/1/video'

/** One line after the other; a string as reason: the line is rejected for it. */
type Line = readonly [bytes: string | Buffer, reason?: string, path?: string]

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const rejectionOf = (bytes: Buffer, reason: string, path?: string) => {
  const isCut = bytes.length > recordBytesMax
  const rawEncoding = reason === 'invalid_utf8' ? ('base64' as const) : ('utf8' as const)
  return {
    reason,
    ...(path !== undefined && { path }),
    raw: bytes.subarray(0, isCut ? rawBytesMax : undefined).toString(rawEncoding),
    rawEncoding,
    sizeBytes: bytes.length,
    ...(isCut && { sha256: hashOf(bytes) }),
  }
}

/** Lines joined by line feeds, with the places of their records. */
const lineObject = (
  name: string,
  lines: readonly Line[],
  pack: (plain: Buffer) => Buffer = (plain) => plain,
): TestObject => {
  const accepted: number[] = []
  const rejected: ExpectedRejection[] = []
  const parts: Buffer[] = []
  let offset = 0
  let record = 0
  lines.forEach(([text, reason, path], at) => {
    const bytes = Buffer.from(text as string)
    parts.push(bytes, Buffer.from('\n'))
    if (reason !== undefined)
      rejected.push({ record, line: at + 1, offset, ...rejectionOf(bytes, reason, path) })
    else if (bytes.length > 0) accepted.push(record)
    if (bytes.length > 0) record += 1
    offset += bytes.length + 1
  })
  return {
    key: `${folder}/${name}`,
    body: pack(Buffer.concat(parts)),
    disposition: accepted.length > 0 ? 'rows' : 'empty',
    accepted,
    rejected,
  }
}

const settled = (
  name: string,
  body: Uint8Array | string,
  disposition: Disposition,
  reason?: RegExp,
): TestObject => ({
  key: `${folder}/${name}`,
  body: Buffer.from(body as string),
  disposition,
  ...(reason && { reason }),
  accepted: [],
  rejected: [],
})

/** Records of one JSON text; the last one may be broken. */
const documentObject = (
  name: string,
  text: string,
  accepted: readonly number[],
  broken?: { readonly at: number; readonly end: number; readonly reason: string },
): TestObject => ({
  key: `${folder}/${name}`,
  body: Buffer.from(text),
  disposition: accepted.length > 0 ? 'rows' : 'empty',
  accepted,
  rejected: broken
    ? [
        {
          ...{ record: accepted.length, line: null, offset: broken.at },
          ...rejectionOf(Buffer.from(text).subarray(broken.at, broken.end), broken.reason),
        },
      ]
    : [],
})

const good = (...numbers: readonly number[]): readonly Line[] =>
  numbers.map((n) => [writeStatement(n)])

const linesOf = (...numbers: readonly number[]): string => numbers.map(writeStatement).join('\n')

/** A statement of exactly this size: JSON may have blanks within. */
const padded = (n: number, sizeBytes: number): Buffer => {
  const text = Buffer.from(writeStatement(n))
  return Buffer.concat([
    text.subarray(0, -1),
    Buffer.alloc(sizeBytes - text.length, ' '),
    text.subarray(-1),
  ])
}

const invalidUtf8 = Buffer.concat([
  Buffer.from(`{"note":"${payloadMark} `),
  Buffer.from([0xc3, 0x28]),
  Buffer.from('"}'),
])

const badLines = (): readonly TestObject[] => [
  lineObject('good.jsonl', good(1, 2, 3)),
  lineObject('bad-lines.jsonl', [
    ...good(4),
    [`{"name":"${payloadMark}`, 'invalid_json'],
    [`${payloadMark} is no JSON`, 'invalid_json'],
    [''],
    ['null', 'not_an_object'],
    [`["${payloadMark}"]`, 'not_an_object'],
    [`"${payloadMark}"`, 'not_an_object'],
    ['42', 'not_an_object'],
    ...good(5),
    [invalidUtf8, 'invalid_utf8'],
    [`{"name":"${payloadMark}"}`, 'timestamp_missing', 'timestamp'],
    [`{"name":"${payloadMark}","timestamp":"soon"}`, 'timestamp_invalid', 'timestamp'],
    ...good(6),
  ]),
  lineObject('only-bad-lines.jsonl', [[`{${payloadMark}`, 'invalid_json']]),
  lineObject('two-kinds.jsonl', [
    ...good(7),
    [
      `{"shipment_id":1,"carrier":"${payloadMark}","shipped_at":"2026-02-01"}`,
      'timestamp_missing',
      'timestamp',
    ],
    ...good(8),
    [`[${writeStatement(9)}]`, 'not_an_object'],
  ]),
  lineObject(
    'long-record.jsonl.gz',
    [...good(10), [padded(11, recordBytesMax + 1), 'record_too_large'], ...good(12)],
    gzipSync,
  ),
  lineObject('longest-record.jsonl.gz', [[padded(13, recordBytesMax)], ...good(14)], gzipSync),
  lineObject('line-of-50-mb.jsonl', [
    ...good(15),
    [padded(16, 50_000_000), 'record_too_large'],
    ...good(17),
  ]),
]

const badBytes = (): readonly TestObject[] => {
  const packed = gzipSync(linesOf(20, 21, 22))
  const damaged = Buffer.from(packed)
  damaged[damaged.length - 8]! ^= 0xff
  const blanks = gzipSync(Buffer.alloc(4 * 1024 * 1024, ' '))
  const bomb = [gzipSync(`${linesOf(23)}\n`), ...Array.from({ length: 65 }, () => blanks)]
  return [
    settled('cut.jsonl.gz', packed.subarray(0, -12), 'unreadable', /truncated gzip.*upload/),
    settled('damaged.jsonl.gz', damaged, 'unreadable', /damaged or truncated gzip.*upload/),
    settled(
      'behind.jsonl.gz',
      Buffer.concat([packed, Buffer.from(writeStatement(24))]),
      'unreadable',
      /damaged|behind its last gzip member/,
    ),
    settled('unpacks.jsonl.gz', Buffer.concat(bomb), 'too-large', /MAX_DECOMPRESSED_BYTES/),
    settled(
      'too-large.jsonl',
      Buffer.alloc(testLimits.MAX_S3_OBJECT_BYTES + 1, `${linesOf(25)}\n`),
      'too-large',
      /62914561 bytes, more than MAX_S3_OBJECT_BYTES \(62914560\)/,
    ),
    {
      ...settled('brotli.jsonl', linesOf(26), 'unreadable', /Content-Encoding br, .* not known/),
      contentEncoding: 'br',
    },
    {
      ...settled('says-gzip.jsonl', linesOf(27), 'unreadable', /its bytes are not gzip/),
      contentEncoding: 'gzip',
    },
    { ...lineObject('encoded.jsonl', good(28, 29), gzipSync), contentEncoding: 'gzip' },
    lineObject('unnamed-gzip.jsonl', good(30, 31), gzipSync),
    lineObject('named-gzip.jsonl.gz', good(32)),
  ]
}

const badShapes = (): readonly TestObject[] => {
  const [a, b, c] = [writeStatement(40), writeStatement(41), writeStatement(42)]
  const pretty = JSON.stringify(JSON.parse(a), null, 2)
  const half = b.slice(0, -30)
  return [
    settled('empty.jsonl', '', 'empty'),
    settled('blank.jsonl', '\n \r\n\t\n', 'empty'),
    settled('empty-array.json', ' [ ] ', 'empty'),
    documentObject('array.json', `[${a},\n ${b}]\n`, [0, 1]),
    documentObject('document.json', pretty, [0]),
    documentObject('concatenated.json', `${a}${b}\n\n${c}`, [0, 1, 2]),
    documentObject('cut-array.json', `[${a},${b},`, [0, 1], {
      ...{ at: 0, end: 0, reason: 'truncated_array' },
    }),
    documentObject('cut-document.json', half, [], {
      ...{ at: 0, end: half.length, reason: 'truncated_document' },
    }),
    documentObject('cut-concatenated.json', `${a}\n${half}`, [0], {
      ...{ at: a.length + 1, end: a.length + 1 + half.length, reason: 'truncated_document' },
    }),
    lineObject('lines.ndjson', good(43, 44)),
    settled('notes.txt', linesOf(45), 'unrouted', /no route accepts this key; add one to ROUTES/),
    { ...settled('x', linesOf(46), 'unrouted', /ROUTES/), key: 'elsewhere/x.jsonl' },
    { ...settled('x', linesOf(47), 'unrouted', /ROUTES/), key: `${folder}/like-a-folder.jsonl/` },
  ]
}

/** Everything that is known to go wrong with an object, and good ones in between. */
export const makeTestObjects = (): readonly TestObject[] => [
  ...badLines(),
  ...badBytes(),
  ...badShapes(),
]

export const folderKey = `${folder}/`
export const deletedKey = `${folder}/deleted.jsonl`
export const replacedKey = `${folder}/replaced.jsonl`

/** Name → how often it comes. */
export const countBy = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
