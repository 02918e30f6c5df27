import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DuckDBBlobValue,
  DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUUIDValue,
} from '@duckdb/node-api'
import type { Column, Row } from '@silversmith/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyRow, anyTable, everyColumn, seenRows } from './any-row.ts'
import type { ParquetOptions } from './index.ts'
import { checkParquet, encodeParquet, readParquet } from './index.ts'
import { tame, writeRowWise } from './row-wise.ts'

const column = (name: string, type: Column['type'], nullable = true): Column => ({
  name,
  type,
  nullable,
  description: name,
})

/** Random schemas; the documented run has 1 000: `SCHEMAS=1000 npx vitest run`. */
const schemas = Number(process.env['SCHEMAS'] ?? 200)

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

/** Rows as another engine sees them; `{file}` stands for the file. */
const query = async (
  sql: string,
  columns: readonly Column[],
  rows: readonly Row[],
  options?: ParquetOptions,
): Promise<Record<string, unknown>[]> => {
  const bytes = encodeParquet(columns, rows, options)
  await checkParquet(bytes, columns, rows.length)
  return queryFile(sql, bytes)
}

const queryFile = async (sql: string, bytes: Uint8Array): Promise<Record<string, unknown>[]> => {
  const path = join(directory, `${crypto.randomUUID()}.parquet`)
  await writeFile(path, bytes)
  const result = await duckdb.runAndReadAll(sql.replaceAll('{file}', `'${path}'`))
  return result.getRowObjects()
}

/** As `seenRows` has it, with decimals as units. */
const plain = (value: unknown): unknown => {
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue)
    return Number(value.micros)
  if (value instanceof DuckDBDateValue) return value.days
  if (value instanceof DuckDBDecimalValue) return value.value
  if (value instanceof DuckDBBlobValue) return Uint8Array.from(value.bytes)
  if (value instanceof DuckDBUUIDValue) return value.toString()
  if (value instanceof DuckDBListValue) return value.items.map(plain)
  if (value instanceof DuckDBStructValue) return plainRow(value.entries)
  if (value instanceof DuckDBMapValue)
    return Object.fromEntries(value.entries.map(({ key, value: own }) => [key, plain(own)]))
  return value
}

const plainRow = (row: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))

describe('DuckDB reads the same', () => {
  const columns = [
    column('text', 'text'),
    column('kind', 'category', false),
    column('document', 'json'),
    column('small', 'uint32'),
    column('big', 'uint64'),
    column('whole', 'int64'),
    column('real', 'float64'),
    column('yes', 'boolean'),
    column('time', 'timestamp', false),
  ]
  const rows: Row[] = [
    ['', 'a', '{"a":[1,"é"]}', 0, 0, -(2n ** 63n), -0.5, true, 0],
    ['nul \0 inside', 'b', '[]', 2 ** 32 - 1, 2n ** 64n - 1n, 2n ** 63n - 1n, 1e308, false, -1],
    ['𝔘😀漢字', 'a', 'null', 2 ** 31, 2n ** 63n, -1, 5e-324, true, 1_638_227_340_867_219],
    ['\ud800', 'a', '"\ud800"', 1, 2 ** 53 - 1, 2 ** 40, Infinity, null, 4_102_444_799_999_999],
    [null, 'a', null, null, null, null, null, null, 951_868_799_999_999],
  ]

  it.each(['snappy', 'zstd', 'gzip', 'none'] as const)(
    'values of every type, nulls included, packed with %s',
    async (compression) => {
      const found = await query('select * from {file}', columns, rows, { compression })
      expect(found).toStrictEqual(
        rows.map(([text, kind, document, small, big, whole, real, yes, time]) => ({
          text: text === '\ud800' ? '\ufffd' : text,
          kind,
          document: document === '"\ud800"' ? '"\ufffd"' : document,
          small,
          big: big === null ? null : BigInt(big as number),
          whole: whole === null ? null : BigInt(whole as number),
          real,
          yes,
          time: new DuckDBTimestampTZValue(BigInt(time as number)),
        })),
      )
    },
  )

  it('any values of any type', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        async (anyRows, rowGroupRows) => {
          const found = await query('select * from {file}', everyColumn, anyRows, { rowGroupRows })
          expect(found.map(plainRow)).toEqual(seenRows(everyColumn, anyRows, 'units'))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('any columns of any types, nested ones among them, as hyparquet does', async () => {
    await fc.assert(
      fc.asyncProperty(anyTable, async ({ columns: own, rows: anyRows }) => {
        const found = await query('select * from {file}', own, anyRows)
        expect(found.map(plainRow)).toEqual(seenRows(own, anyRows, 'units'))
        expect(await readParquet(encodeParquet(own, anyRows))).toEqual(seenRows(own, anyRows))
      }),
      { numRuns: schemas },
    )
  }, 1_200_000)

  it('what parquetjs wrote row by row and what we wrote, value for value, and so does hyparquet', async () => {
    await fc.assert(
      fc.asyncProperty(anyTable, async (table) => {
        const { columns: own, rows: tameRows } = tame(table.columns, table.rows)
        fc.pre(own.length > 0)
        for (const bytes of [encodeParquet(own, tameRows), await writeRowWise(own, tameRows)]) {
          const found = await queryFile('select * from {file}', bytes)
          expect(found.map(plainRow)).toEqual(seenRows(own, tameRows, 'units'))
          expect(await readParquet(bytes)).toEqual(seenRows(own, tameRows))
        }
      }),
      { numRuns: schemas },
    )
  }, 1_200_000)

  it('the types of the columns', async () => {
    const found = await query('describe select * from {file}', columns, rows)
    expect(found.map((row) => [row['column_name'], row['column_type']])).toEqual([
      ['text', 'VARCHAR'],
      ['kind', 'VARCHAR'],
      ['document', 'VARCHAR'],
      ['small', 'UINTEGER'],
      ['big', 'UBIGINT'],
      ['whole', 'BIGINT'],
      ['real', 'DOUBLE'],
      ['yes', 'BOOLEAN'],
      ['time', 'TIMESTAMP WITH TIME ZONE'],
    ])
  })

  it('a file without rows', async () => {
    expect(await query('select count(*) as n from {file}', columns, [])).toEqual([{ n: 0n }])
  })

  it('filters by bounds of row groups, also above 2^63 and in byte order', async () => {
    const many = Array.from({ length: 3_000 }, (_, at): Row => {
      const kind = ['a', '\uffff', '😀'][at % 3] as string
      return [null, kind, null, at, 2n ** 64n - 1n - BigInt(at), -at, null, null, at * 1000 - 1e6]
    })
    const count = async (where: string): Promise<unknown> =>
      (
        await query(`select count(*) as n from {file} where ${where}`, columns, many, {
          rowGroupRows: 500,
        })
      )[0]?.['n']
    expect(await count(`kind = '😀'`)).toBe(1_000n)
    expect(await count(`kind = 'a'`)).toBe(1_000n)
    expect(await count(`kind > '\uffff'`)).toBe(1_000n)
    expect(await count('big = 18446744073709551615')).toBe(1n)
    expect(await count('big > 18446744073709551600')).toBe(15n)
    expect(await count('whole < -2998')).toBe(1n)
    expect(await count(`time < '1970-01-01 00:00:00+00'`)).toBe(1_000n)
  })

  it('100 000 rows over several row groups, dictionaries spilled and kept', async () => {
    const wide = [
      column('id', 'text', false),
      column('user', 'text'),
      column('kind', 'category', false),
      column('score', 'float64'),
      column('page', 'uint64'),
      column('time', 'timestamp', false),
    ]
    const many = Array.from({ length: 100_000 }, (_, at): Row => [
      `id-${(at * 2_654_435_761) % 4_294_967_296}-${at}`,
      at % 11 === 0 ? null : `user-${at % 5_000}`,
      at % 3 === 0 ? 'video' : 'page',
      at % 5 === 0 ? null : at / 8,
      at % 2 === 0 ? null : at,
      1_600_000_000_000_000 + at,
    ])
    const [found] = await query(
      `select count(*) as n, count(distinct id) as ids, count("user") as users,
        count(distinct "user") as distinct_users, sum(score) as score, sum(page) as pages,
        count(*) filter (kind = 'video') as videos, max(time)::varchar as last,
        bool_and(id = 'id-' || ((file_row_number * 2654435761) % 4294967296) || '-' || file_row_number) as in_order
       from read_parquet({file}, file_row_number = true)`,
      wide,
      many,
      { rowGroupRows: 30_000 },
    )
    const sum = (at: number): number =>
      many.reduce((total, row) => total + ((row[at] as number | null) ?? 0), 0)
    expect(found).toEqual({
      n: 100_000n,
      ids: 100_000n,
      users: BigInt(many.filter((row) => row[1] !== null).length),
      distinct_users: 5_000n,
      score: sum(3),
      pages: BigInt(sum(4)),
      videos: 33_334n,
      last: expect.stringContaining('2020-09-13 12:26:40.099999'),
      in_order: true,
    })
  })
})
