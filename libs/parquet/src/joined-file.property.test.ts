import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { anyRow, anyTable, columnOf, everyColumn } from './any-row.ts'
import {
  checkParquet,
  type Compression,
  encodeParquet,
  joinParquetFiles,
  readParquet,
  readParquetTable,
} from './index.ts'

const compressions: readonly Compression[] = ['snappy', 'zstd', 'gzip', 'none']
const anyOptions = fc.record({
  compression: fc.constantFrom(...compressions),
  // Small ones, so that a file has several.
  rowGroupRows: fc.integer({ min: 1, max: 5 }),
})

describe('files joined hold the rows of each, one after the other', () => {
  it('of columns of every type, whatever compression and groups each has', async () => {
    const file = fc.record({ rows: fc.array(anyRow, { maxLength: 12 }), options: anyOptions })
    await fc.assert(
      fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 4 }), async (parts) => {
        const files = parts.map(({ rows, options }) => encodeParquet(everyColumn, rows, options))
        const joined = joinParquetFiles(files)
        const count = parts.reduce((sum, { rows }) => sum + rows.length, 0)
        expect(joined).toMatchObject({ rows: count, columns: everyColumn.map(({ name }) => name) })
        const groupsOf = (bytes: Uint8Array) =>
          parquetMetadata(Uint8Array.from(bytes).buffer).row_groups
        const groups = files.flatMap((one) => groupsOf(one).map((group) => group.num_rows))
        expect(groupsOf(joined.bytes).map((group) => group.num_rows)).toEqual(groups)
        await checkParquet(joined.bytes, everyColumn, count)
        const apart = (await Promise.all(files.map((one) => readParquet(one)))).flat()
        expect(await readParquet(joined.bytes)).toEqual(apart)
      }),
      { numRuns: 40 },
    )
  })

  it('of columns of any nested types, digit by digit', async () => {
    await fc.assert(
      fc.asyncProperty(anyTable, async ({ columns, rows }) => {
        const [half, other] = [rows.slice(0, rows.length / 2), rows.slice(rows.length / 2)]
        const files = [half, other].map((own) => encodeParquet(columns, own))
        const whole = await readParquetTable(encodeParquet(columns, rows), columns)
        expect(await readParquetTable(joinParquetFiles(files).bytes, columns)).toEqual(whole)
      }),
      { numRuns: 40 },
    )
  })
})

const ids = columnOf('text', false, 'id')
const file = encodeParquet([ids], [['a'], ['b']])

it('gives a single file back as it is', () => {
  expect(Buffer.from(joinParquetFiles([file]).bytes).equals(file)).toBe(true)
})

it('joins what was joined', async () => {
  const two = joinParquetFiles([file, file]).bytes
  const { bytes, rows } = joinParquetFiles([two, file, two])
  expect(rows).toBe(10)
  expect((await readParquet(bytes)).map(({ id }) => id).join('')).toBe('ababababab')
})

it.each([
  ['other names', [columnOf('text', false, 'other')]],
  ['other types', [columnOf('binary', false, 'id')]],
  ['nulls', [columnOf('text', true, 'id')]],
  ['more columns', [ids, columnOf('text', true, 'more')]],
])('refuses files that differ in their columns: %s', (_, columns) => {
  const other = encodeParquet(columns, [])
  expect(() => joinParquetFiles([file, other])).toThrow(/differ in their columns/)
})

it('refuses what is no whole file, wherever it is cut', () => {
  expect(() => joinParquetFiles([])).toThrow(RangeError)
  for (let end = 0; end < file.length; end += 1)
    expect(() => joinParquetFiles([file, file.subarray(0, end)])).toThrow(RangeError)
  // Some bytes of the data are gone.
  const gap = Buffer.concat([file.subarray(0, 10), file.subarray(14)])
  expect(() => joinParquetFiles([gap])).toThrow(RangeError)
})
