import { randomUUID } from 'node:crypto'
import { clickHouseType, preflight, readTold, tell } from '@silversmith/clickhouse'
import type { Column, Row, Value } from '@silversmith/core'
import { encodeParquet } from '@silversmith/parquet'
import { anyTable, seen } from '@silversmith/parquet/any-row'
import { tame, writeRowWise } from '@silversmith/parquet/row-wise'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { events } from './test-events.ts'

/** Random schemas; the documented run has 1 000: `SCHEMAS=1000 npx vitest run any-type`. */
const schemas = Number(process.env['SCHEMAS'] ?? 100)

let clickHouse: TestClickHouse
let pinned: Readonly<Record<string, string>>
let url: string
let database: string

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  const made = await clickHouse.makeDatabase([events])
  database = made.database
  url = made.settings.url
  const signal = new AbortController().signal
  pinned = (await preflight(clickHouse.admin, [events], made.settings, signal)).pinned
}, 60_000)
afterAll(() => clickHouse.close())

const post = async (query: string, body?: Uint8Array): Promise<string> => {
  const settings = {
    ...pinned,
    output_format_json_quote_64bit_integers: '1',
    output_format_json_quote_64bit_floats: '0',
    output_format_json_quote_denormals: '1',
    output_format_json_named_tuples_as_objects: '0',
    query,
  }
  const response = await fetch(`${url}/?${new URLSearchParams(settings)}`, {
    method: 'POST',
    ...(body && { body: Buffer.from(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}

/** A column in front that keeps the rows in order. */
const place: Column = { name: 'place', type: 'uint64', nullable: false, description: '' }

type Encode = (columns: readonly Column[], rows: readonly Row[]) => Uint8Array | Promise<Uint8Array>

const roundTrip = async (
  columns: readonly Column[],
  rows: readonly Row[],
  encode: Encode,
): Promise<readonly (readonly Value[])[]> => {
  const table = `${database}.t${randomUUID().replaceAll('-', '')}`
  const all = [place, ...columns]
  const types = all.map((column) => `\`${column.name}\` ${clickHouseType(column)}`)
  await clickHouse.run(`CREATE TABLE ${table} (${types.join(', ')}) ENGINE = Memory`)
  const bytes = await encode(
    all,
    rows.map((row, at) => [at, ...row]),
  )
  const names = all.map(({ name }) => `\`${name}\``).join(', ')
  await post(`INSERT INTO ${table} (${names}) FORMAT Parquet`, bytes)
  const told = columns.map((column, at) => `${tell(column)} AS v${at}`).join(', ')
  const text = await post(`SELECT ${told} FROM ${table} ORDER BY place FORMAT JSONEachRow`)
  await clickHouse.run(`DROP TABLE ${table}`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .map((row) => columns.map(({ type }, at) => readTold(type, row[`v${at}`])))
}

const expectAsItWent = async (
  columns: readonly Column[],
  rows: readonly Row[],
  encode: Encode,
): Promise<void> => {
  const asSeen = (row: readonly (Value | undefined)[]) =>
    columns.map(({ type }, at) => seen(type, row[at], 'units'))
  const found = await roundTrip(columns, rows, encode)
  expect(found.map(asSeen)).toEqual(rows.map(asSeen))
}

test('any columns of any types, nested ones among them, come out of ClickHouse as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async ({ columns, rows }) => {
      await expectAsItWent(columns, rows, (...table) => encodeParquet(...table))
    }),
    { numRuns: schemas },
  )
}, 1_200_000)

test('what parquetjs wrote row by row comes out of ClickHouse as what we wrote', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      const { columns, rows } = tame(table.columns, table.rows)
      fc.pre(columns.length > 0)
      await expectAsItWent(columns, rows, (...own) => encodeParquet(...own))
      await expectAsItWent(columns, rows, writeRowWise)
    }),
    { numRuns: schemas },
  )
}, 1_200_000)
