import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBConnection } from '@duckdb/node-api'
import { columnsOf, defaultLimits, objectUri, rowIdentity } from '@silversmith/core'
import type { Column, Table } from '@silversmith/core'
import { datasets, defaultRoutes, sampleObjects, sampleRecords } from '@silversmith/datasets'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { splitLines, unpack } from '../input/line-splitter.ts'
import type { Report } from '../account/report.ts'
import { sampleSeed } from '../run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'
import type { Uploaded } from '../input/upload.ts'

/** Name of the environment variable that names a file of xAPI statements: JSON Lines, also as gzip. */
const statementsVariable = 'XAPI_STATEMENTS'
const statementsFile = process.env[statementsVariable]
/** Lines of each object made of that file; those of one object are compared at a time. */
const objectLines = 20_000
const givenMs = 3_600_000

const statements: readonly string[] = [1, 2].map((n) =>
  JSON.stringify({
    id: `00000000-0000-4000-8000-00000000000${n}`,
    actor: { mbox: 'mailto:ann@example.org', name: 'Ann Ω 😀 \u0000' },
    verb: { id: 'http://adlnet.gov/expapi/verbs/passed', display: { 'en-US': '' } },
    object: { id: 'http://example.org/Ω', definition: { name: { 'de-DE': 'Prüfung' } } },
    result: { success: n === 1, completion: n !== 1, score: { scaled: -0.1 * n, raw: 1e-7 } },
    timestamp: '2026-03-04T05:06:07.123457+02:00',
  }),
)

/** Numbers that no double holds, and one that any does. */
const sections = ['18446744073709551615', '9007199254740993', '0', '9223372036854775808']
const extremes: readonly string[] = sections.map(
  (section, n) =>
    `{"actor":{"account":{"homePage":"","name":""}},"verb":{"id":"https://w3id.org/xapi/video/verbs/seeked"},` +
    `"object":{"id":"https://proxy.example.edu/v","definition":{"name":{}}},"result":{"success":${n % 2 === 0},` +
    `"score":{"raw":0.1,"max":5e-324},"response":{"input":""},"extensions":{"http://oli.cmu.edu/extensions/feedback":["é","\\u0000"]}},` +
    `"context":{"extensions":{"http://oli.cmu.edu/extensions/section_id":"${section}","http://oli.cmu.edu/extensions/host_name":"Ω"}},` +
    `"timestamp":"20${n}0-01-01T00:00:00.00000${n}Z","unknown":{"n":[${n}]}}`,
)
const extremesKey = 'section/1/video/extremes.jsonl'

/** Records of these come one a line, and once more as one array. */
const typed = ['shipments', 'tracking_events', 'invoice_lines'] as const
const typedCount = 200
/** Amounts as they are sent and as they are stored: all 18 digits, and more behind the point than there is room for. */
const amounts: readonly (readonly [string, string | null])[] = [
  ['99999999999999.9999', '99999999999999.9999'],
  ['"-99999999999999.9999"', '-99999999999999.9999'],
  ['0.1', '0.1000'],
  ['-0.0001', '-0.0001'],
  ['12.34567', null],
  ['"12,34"', null],
]
const amountsKey = 'bronze/invoice_lines/amounts.jsonl'
const amountLines = amounts.map(
  ([amount], n) =>
    `{"event_time":"2026-03-0${n + 1}T23:30:00-05:00","invoice_id":"Ω","quantity":"-9223372036854775808","unit_price":${amount}}`,
)

/** Objects of any bytes; of the last one the body is left out. */
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
const raw: readonly (readonly [string, Buffer, string?])[] = [
  ['raw/every-byte.bin', everyByte],
  ['raw/empty', Buffer.alloc(0)],
  ['raw/zipped.jsonl.gz', gzipSync(statements.join('\n')), 'gzip'],
  ["raw/x'; DROP TABLE raw_objects; --\n/../Ω😀+%2B.json", Buffer.from('{"cut":')],
  ['raw/limit.bin', Buffer.alloc(defaultLimits.recordBytesMax, everyByte)],
  ['raw/over.bin', Buffer.alloc(defaultLimits.recordBytesMax + 1, everyByte)],
]

let tested: TestStack
let duckdb: DuckDBConnection
let uploaded: Uploaded[]
let outcome: { readonly report: Report; readonly problems: readonly string[] }

beforeAll(async () => {
  tested = await startTestStack({
    routes: [
      { prefix: 'statements/', suffixes: [], dataset: 'xapi_statements' },
      { prefix: 'raw/', suffixes: [], dataset: 'raw_objects' },
      ...defaultRoutes,
    ],
    environment: {},
  })
  duckdb = await DuckDBConnection.create()
  tested.stack.start()
  uploaded = []
  const upload = async (key: string, body: Uint8Array): Promise<void> =>
    void uploaded.push(await tested.upload(key, body))
  for (const { key, body } of sampleObjects({ seed: sampleSeed }).objects) {
    await upload(key, body)
    await upload(`statements/${key}`, body)
  }
  await upload(extremesKey, Buffer.from(extremes.join('\n')))
  await upload('statements/made.jsonl', Buffer.from([...statements, ...extremes].join('\n')))
  for (const type of typed) {
    const records = [...sampleRecords(type, { seed: sampleSeed, count: typedCount })]
    await upload(`bronze/${type}/a.jsonl`, Buffer.from(records.join('\n')))
    await upload(`bronze/${type}/b.json`, Buffer.from(`[${records.join(',\n')}]`))
  }
  await upload(amountsKey, Buffer.from(amountLines.join('\n')))
  for (const [key, body, encoding] of raw) uploaded.push(await tested.upload(key, body, encoding))
  outcome = await tested.account(uploaded)
})

afterAll(async () => {
  duckdb?.closeSync()
  await tested?.close()
})

type Read = Readonly<Record<string, string | null>>

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * Every value is written as text by its own engine: whole numbers, and timestamps as microseconds, in decimal; amounts with all
 * digits of their scale; text as it is; bytes in hexadecimal.
 * Doubles alone are written by each engine in its own way, so their texts are read back to the bits they stand for.
 */
const writtenByDuckDb = ({ name, type }: Column): string => {
  if (type === 'binary') return `hex(${name})`
  return `CAST(${type === 'timestamp' ? `epoch_us(${name})` : name} AS VARCHAR)`
}

const writtenByClickHouse = ({ name, type }: Column): string => {
  if (typeof type === 'object' && 'decimal' in type)
    return `toDecimalString(${name}, ${type.decimal.scale})`
  if (type === 'binary') return `hex(${name})`
  return `CAST(${type === 'timestamp' ? `toUnixTimestamp64Micro(${name})` : name} AS Nullable(String))`
}

/** Names of its own, so that a condition means the column and not what is made of it. */
const listed = (table: Table, write: (column: Column) => string): string =>
  columnsOf(table)
    .map((column) => `${write(column)} AS w_${column.name}`)
    .join(', ')

const readFrom = (table: Table, rows: readonly Read[]): readonly Read[] => {
  const doubles = new Set(
    columnsOf(table).flatMap(({ name, type }) => (type === 'float64' ? [name] : [])),
  )
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([written, value]) => {
        const name = written.slice('w_'.length)
        return [name, doubles.has(name) ? bitsOf(value) : value]
      }),
    ),
  )
}

const bitsOf = (text: string | null): string | null => {
  if (text === null) return null
  const bits = Buffer.alloc(8)
  bits.writeDoubleBE(Number(text))
  return bits.toString('hex')
}

interface Both {
  readonly table: Table
  readonly silver: readonly Read[]
  readonly clickHouse: readonly Read[]
}

/** Rows of a table, or those of one object of it. */
const readBoth = async (silverDir: string, name: string, key?: string): Promise<Both> => {
  const table = datasets.flatMap(({ tables }) => tables).find((one) => one.name === name)
  if (!table) throw new Error(`there is no table ${name}`)
  const bucket = tested.stack.resources.bronzeBucket
  const only = key === undefined ? '' : ` WHERE _source = ${literal(objectUri({ bucket, key }))}`
  const files = literal(join(silverDir, name, '**', '*.parquet'))
  // The folders' dt= is no column of the files.
  const read = await duckdb.runAndReadAll(
    `SELECT ${listed(table, writtenByDuckDb)} FROM read_parquet(${files}, hive_partitioning = false)${only}`,
  )
  const answer = await tested.query<Read>(
    `SELECT ${listed(table, writtenByClickHouse)} FROM ${name}${only}`,
  )
  return {
    table,
    silver: readFrom(table, read.getRowObjects() as Read[]),
    clickHouse: readFrom(table, answer),
  }
}

const identify = (row: Read): string => rowIdentity.map((name) => row[name]).join(' ')

/** Where it is not so, the first few differences say enough. */
const differencesMax = 10

const expectEqual = ({ table, silver, clickHouse }: Both): void => {
  const found = new Map(clickHouse.map((row) => [identify(row), row]))
  const identities = silver.map(identify).sort()
  expect(new Set(identities).size).toBe(identities.length)
  expect(clickHouse.map(identify).sort()).toEqual(identities)
  const different = silver.flatMap((row) => {
    const other = found.get(identify(row))
    return columnsOf(table)
      .filter(({ name }) => row[name] === undefined || row[name] !== other?.[name])
      .map(({ name }) => ({ row: identify(row), name, silver: row[name], other: other?.[name] }))
  })
  expect(different.slice(0, differencesMax)).toEqual([])
}

describe('silver read by another reader of Parquet equals ClickHouse, value for value', () => {
  it.each(['raw_events', 'xapi_statements'])('in %s', async (name) => {
    const { report, problems } = outcome
    expect(problems).toEqual([])
    const both = await readBoth(report.silverDir, name)
    expectEqual(both)
    expect(both.silver.length).toBe(report.tables[name]?.rows)
    // What the comparison is about is there.
    const values = new Set(both.silver.flatMap((row) => Object.values(row)))
    for (const value of [null, '', 'true', 'false']) expect(values).toContain(value)
    expect([...values].some((value) => value?.includes('Ω'))).toBe(true)
  })

  it.each(typed)('in %s', async (name) => {
    const { report } = outcome
    const both = await readBoth(report.silverDir, name)
    expectEqual(both)
    const rows = 2 * typedCount + (name === 'invoice_lines' ? amounts.length : 0)
    expect(both.silver).toHaveLength(rows)
    expect(report.tables[name]).toEqual({ rows, distinct: rows })
  })

  it('also where money has more digits than a double', async () => {
    const both = await readBoth(outcome.report.silverDir, 'invoice_lines', amountsKey)
    expectEqual(both)
    const found = both.silver.map((row) => [row['_record'], row['unit_price'], row['quantity']])
    expect(found.sort()).toEqual(
      amounts.map(([, stored], n) => [String(n), stored, '-9223372036854775808']),
    )
  })

  it('in raw_objects, whose bodies are the bytes that were stored', async () => {
    const both = await readBoth(outcome.report.silverDir, 'raw_objects')
    expectEqual(both)
    const bucket = tested.stack.resources.bronzeBucket
    const found = new Map(both.clickHouse.map((row) => [row['_source'], row]))
    expect(found.size).toBe(raw.length)
    for (const [key, body, encoding] of raw) {
      const row = found.get(objectUri({ bucket, key }))
      const isKept = body.length <= defaultLimits.recordBytesMax
      expect(row?.['sha256']).toBe(createHash('sha256').update(body).digest('hex'))
      expect(row?.['size_bytes']).toBe(String(body.length))
      expect(row?.['content_encoding']).toBe(encoding ?? null)
      expect(row?.['body'] === (isKept ? body.toString('hex').toUpperCase() : null)).toBe(true)
    }
    const checked = `SELECT countIf(lower(hex(SHA256(body))) = sha256 AND length(body) = size_bytes) AS kept FROM raw_objects`
    expect(await tested.query(checked)).toEqual([{ kept: raw.length - 1 }])
  })

  it('also where no double holds the number', async () => {
    const both = await readBoth(outcome.report.silverDir, 'raw_events', extremesKey)
    expectEqual(both)
    const found = both.silver.map((row) => [row['_record'], row['section_id'], row['timestamp']])
    expect(found.sort()).toEqual(
      sections.map((section, n) => [
        String(n),
        section,
        String(Date.UTC(2000 + n * 10, 0, 1) * 1_000 + n),
      ]),
    )
  })

  it(
    `in the statements of the file that ${statementsVariable} names`,
    async (context) => {
      if (!statementsFile)
        return context.skip(`${statementsVariable} names no file of xAPI statements`)
      const given: Uploaded[] = []
      for await (const body of splitLines(unpack(createReadStream(statementsFile)), objectLines))
        given.push(await tested.upload(`statements/given/${given.length}.jsonl`, body))
      const { report, problems } = await tested.account([...uploaded, ...given])
      expect(problems).toEqual([])
      const rowsBefore = outcome.report.tables['xapi_statements']?.rows ?? 0
      let rows = 0
      for (const { key } of given) {
        const both = await readBoth(report.silverDir, 'xapi_statements', key)
        expectEqual(both)
        rows += both.silver.length
      }
      expect(rows).toBeGreaterThan(0)
      expect(report.tables['xapi_statements']?.rows).toBe(rowsBefore + rows)
    },
    givenMs,
  )
})
