import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { ParquetEnvelopeReader } from '@dsnp/parquetjs/dist/lib/reader.js'
import { decodeThrift } from '@dsnp/parquetjs/dist/lib/util.js'
import thrift from '@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js'
import { DuckDBConnection } from '@duckdb/node-api'
import type { Column, ColumnType, Row, Value } from '@silversmith/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyRow, columnOf, everyColumn } from './any-row.ts'
import type { Compression, ParquetOptions } from './index.ts'
import { createParquetEncoder, encodeParquet } from './index.ts'

let directory: string
let duckdb: DuckDBConnection

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parquet-'))
  duckdb = await DuckDBConnection.create()
})

afterAll(async () => {
  duckdb.closeSync()
  await rm(directory, { recursive: true })
})

const ask = async (statement: string): Promise<readonly Record<string, unknown>[]> =>
  (await duckdb.runAndReadAll(statement)).getRowObjects()

const fileOf = async (
  columns: readonly Column[],
  rows: readonly Row[],
  options?: ParquetOptions,
): Promise<string> => {
  const path = join(directory, `${crypto.randomUUID()}.parquet`)
  await writeFile(path, encodeParquet(columns, rows, options))
  return path
}

/** What the footer says of the column chunks. */
const metadataOf = async (
  type: ColumnType,
  values: readonly Value[],
  options?: ParquetOptions,
): Promise<readonly Record<string, unknown>[]> => {
  const path = await fileOf(
    [columnOf(type, true)],
    values.map((value) => [value]),
    options,
  )
  return ask(`SELECT stats_min_value AS min, stats_max_value AS max, stats_null_count AS nulls,
    dictionary_page_offset IS NOT NULL AS dictionary, row_group_num_rows AS rows,
    total_uncompressed_size AS bytes, total_compressed_size AS stored, row_group_bytes AS whole,
    encodings FROM parquet_metadata('${path}')`)
}

const twice = (values: readonly Value[]): readonly Value[] => [...values, ...values]

describe('bounds', () => {
  it.each<[ColumnType, readonly Value[], string, string]>([
    ['uint32', [7, 2 ** 32 - 1, null], '7', '4294967295'],
    ['uint64', [2n ** 64n - 1n, 2n ** 63n, null], '9223372036854775808', '18446744073709551615'],
    ['int64', [-1, -(2n ** 63n), 5n], '-9223372036854775808', '5'],
    ['date', [3, -1], '1969-12-31', '1970-01-04'],
    ['timestamp', [-1, 0], '1969-12-31 23:59:59.999999+00', '1970-01-01 00:00:00+00'],
    [{ decimal: { precision: 9, scale: 2 } }, [-150, 7], '-1.50', '0.07'],
    ['category', ['b', 'a', null, '😀', '\uffff'], 'a', '😀'],
    ['text', ['', 'x'.repeat(64)], '', 'x'.repeat(64)],
  ])('of %o are the least and the largest value', async (type, values, min, max) => {
    const nulls = BigInt(twice(values).filter((value) => value === null).length)
    expect(await metadataOf(type, twice(values))).toMatchObject([{ min, max, nulls }])
  })

  it.each<[string, ColumnType, readonly Value[]]>([
    ['doubles, for NaN and -0', 'float64', [1, NaN, -0]],
    ['texts that are not what is written', 'text', ['a', '\ud800']],
    ['long texts', 'text', ['a', 'x'.repeat(65)]],
    ['nulls', 'text', [null, null]],
  ])('are left out of %s', async (_, type, values) => {
    expect(await metadataOf(type, twice(values))).toMatchObject([{ min: null, max: null }])
  })

  /** Values that readers order in other ways than JavaScript. */
  const odd: readonly (readonly [ColumnType, readonly Value[]])[] = [
    ['text', ['', 'a', '\ufffd', '\uffff', '😀', '\ud800', '\udc00x', 'é', 'x'.repeat(65)]],
    ['float64', [NaN, -0, 0, 1, -1, Infinity, -Infinity, 5e-324]],
    ['int64', [0, -1n, 2n ** 63n - 1n, -(2n ** 63n)]],
    ['uint32', [0, 2 ** 31, 2 ** 32 - 1]],
    ['timestamp', [0, -1, 1]],
  ]
  const questions = [
    ...['c0 = chr(65533)', 'c0 > chr(65533)', "c0 < 'b'", "c0 = ''", "c0 = '😀'", 'c0 IS NULL'],
    ...["c1 = 'nan'::DOUBLE", "c1 > 'inf'::DOUBLE", 'c1 = 0', 'c1 < 0', 'c1 > 0', 'c1 IS NOT NULL'],
    ...['c2 < 0', 'c2 > 0', 'c3 > 2147483647', 'c3 < 1', "c4 < '1970-01-01 00:00:00+00'"],
  ]

  it('never make DuckDB skip a row that is asked for', async () => {
    const columns = odd.map(([type], at) => columnOf(type, true, `c${at}`))
    const row = fc.tuple(...odd.map(([, values]) => fc.option(fc.constantFrom(...values))))
    const rowsOf = fc.array(row, { minLength: 1, maxLength: 40 }).map(twiceEach)
    await fc.assert(
      fc.asyncProperty(rowsOf, fc.integer({ min: 1, max: 20 }), async (rows, rowGroupRows) => {
        const path = await fileOf(columns, rows, { rowGroupRows })
        const counts = questions.map((one) => `count(*) FILTER (${one}) AS "${one}"`).join(', ')
        // Of a table in memory, where there are no bounds to go by.
        await duckdb.run(`CREATE OR REPLACE TABLE held AS SELECT * FROM '${path}'`)
        const [wanted] = await ask(`SELECT ${counts} FROM held`)
        const found = questions.map(
          (one) => `(SELECT count(*) FROM '${path}' WHERE ${one}) AS "${one}"`,
        )
        expect(await ask(`SELECT ${found.join(', ')}`)).toEqual([wanted])
      }),
      { numRuns: 30 },
    )
  })
})

const twiceEach = (rows: readonly Row[]): readonly Row[] => rows.flatMap((row) => [row, row])

describe('a dictionary', () => {
  const values = (count: number, distinct: number, length = 0): readonly Value[] =>
    Array.from({ length: count }, (_, at) => `${(at >> 1) % distinct}`.padStart(length, '-'))

  it('is kept while values repeat', async () => {
    expect(await metadataOf('category', values(20_000, 8_192))).toMatchObject([
      { dictionary: true },
    ])
  })

  it.each([
    ['has too many entries', values(40_000, 8_193)],
    ['has too many characters', values(4_000, 300, 4_000)],
    [
      'is hardly ever hit',
      [...values(2_200, 1_100).filter((__, at) => at % 2 === 0), ...values(9_000, 10)],
    ],
    ['is of few values that do not repeat', ['a', 'b', 'a']],
  ])('is given up when it %s', async (_, texts) => {
    expect(await metadataOf('category', texts)).toMatchObject([{ dictionary: false }])
  })
})

it('sizes and encodings of a column are what its pages have', async () => {
  const [found] = await metadataOf('category', twice(Array.from({ length: 500 }, () => 'same')))
  expect(found).toMatchObject({ encodings: 'PLAIN, RLE, RLE_DICTIONARY', bytes: found?.['whole'] })
  const long = Array.from({ length: 100 }, (_, at) => `${at}`.padEnd(1_000))
  const [plain] = await metadataOf('text', long)
  expect(plain).toMatchObject({ encodings: 'PLAIN, RLE', bytes: plain?.['whole'] })
  expect(Number(plain?.['bytes'])).toBeGreaterThan(100_000)
  expect(Number(plain?.['stored'])).toBeLessThan(50_000)
})

describe('what is counted while rows are gathered', () => {
  const count = 3_000
  const kinds: readonly (readonly [ColumnType, (at: number) => Value, perRow: number])[] = [
    ['text', (at) => `${at}`.padEnd(100), 100],
    ['binary', (at) => Buffer.alloc(100, at), 100],
    ['uuid', () => crypto.randomUUID(), 16],
    ['float64', (at) => at, 8],
    ['uint64', (at) => at, 8],
    [{ list: { type: 'int64', nullable: false } }, (at) => [at, at, at], 24],
  ]

  it.each(kinds)('of %o is near what it takes', (type, valueAt, bytes) => {
    const rows = createParquetEncoder().createRows([columnOf(type, false)])
    for (let at = 0; at < count; at += 1) rows.add([valueAt(at)])
    expect(rows.heldBytes).toBeGreaterThan(count * bytes)
    // Buffers double as they grow, and a text has room for three bytes a letter.
    expect(rows.heldBytes).toBeLessThan(count * (bytes * 3 + 40))
  })

  it('for a database is nine bytes a value, and the bytes of texts', () => {
    const decodedOf = (type: ColumnType, value: Value): number => {
      const rows = createParquetEncoder().createRows([columnOf(type, false)])
      for (let at = 0; at < count; at += 1) rows.add([value])
      return rows.decodedBytes / count
    }
    expect(decodedOf('int64', 1)).toBe(9)
    expect(decodedOf('category', 'abc')).toBe(9 + 3)
    expect(decodedOf('binary', Buffer.alloc(5))).toBe(9 + 5)
    expect(decodedOf({ list: { type: 'int64', nullable: false } }, [1, 2])).toBe(9 + 2 * 9)
  })
})

describe('a row group', () => {
  it('ends at its number of rows', async () => {
    const groups = await metadataOf(
      'int64',
      Array.from({ length: 25 }, (_, at) => at),
      {
        rowGroupRows: 10,
      },
    )
    expect(groups.map(({ rows }) => rows)).toEqual([10n, 10n, 5n])
  })

  it('ends once it holds so many bytes', async () => {
    const texts = Array.from({ length: 2_000 }, (_, at) => `${at}`.padEnd(1_000))
    const groups = await metadataOf('text', texts, { rowGroupBytes: 200_000, compression: 'none' })
    expect(groups.length).toBeGreaterThan(5)
    for (const { bytes } of groups) expect(Number(bytes)).toBeLessThan(202_000)
  })
})

it('every page has the checksum of its bytes', async () => {
  const rows = fc.sample(anyRow, { numRuns: 60, seed: 1 })
  for (const compression of ['snappy', 'none'] satisfies Compression[]) {
    const file = Buffer.from(encodeParquet(everyColumn, twiceEach(rows), { compression }))
    const reader = await ParquetEnvelopeReader.openBuffer(file)
    const { row_groups: groups, column_orders: orders } = await reader.readFooter()
    // Without them readers ignore bounds.
    expect(orders).toHaveLength(groups[0]?.columns.length ?? 0)
    let pages = 0
    for (const { columns } of groups)
      for (const { meta_data: facts } of columns) {
        let at = Number(facts?.dictionary_page_offset ?? facts?.data_page_offset)
        const end = at + Number(facts?.total_compressed_size)
        for (; at < end; pages += 1) {
          const header = new thrift.PageHeader()
          const length = decodeThrift(header, file.subarray(at, end))
          const body = file.subarray(at + length, at + length + header.compressed_page_size)
          expect(Number(header.crc) >>> 0).toBe(crc32(body))
          const isData = at >= Number(facts?.data_page_offset)
          expect(header.type).toBe(
            isData ? thrift.PageType.DATA_PAGE : thrift.PageType.DICTIONARY_PAGE,
          )
          at += length + body.length
        }
        expect(at).toBe(end)
      }
    expect(pages).toBeGreaterThan(everyColumn.length)
  }
})
