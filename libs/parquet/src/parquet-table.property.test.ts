import type { Column, Row } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyRow, anyTable, columnOf, everyColumn } from './any-row.ts'
import { encodeParquet, readColumnNames, readParquet, readParquetTable } from './index.ts'

/** Bytes are those of the first file, too, but where a lone surrogate became U+FFFD in it. */
const expectSame = async (columns: readonly Column[], rows: readonly Row[]): Promise<void> => {
  const first = encodeParquet(columns, rows)
  expect(readColumnNames(first)).toEqual(columns.map(({ name }) => name))
  const found = await readParquetTable(first, columns.toReversed())
  expect(found.columns).toEqual(columns)
  const second = encodeParquet(found.columns, found.rows)
  expect(await readParquet(second)).toEqual(await readParquet(first))
  const again = await readParquetTable(second, columns)
  expect(Buffer.from(second).equals(encodeParquet(again.columns, again.rows))).toBe(true)
}

describe('readParquetTable gives what encodeParquet makes the same file of', () => {
  it('for rows of every type', async () => {
    const rowsOf = fc.array(anyRow, { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(rowsOf, (rows) => expectSame(everyColumn, rows)),
      { numRuns: 60 },
    )
  })

  it('for columns of any nested types', async () => {
    await fc.assert(
      fc.asyncProperty(anyTable, ({ columns, rows }) => expectSame(columns, rows)),
      { numRuns: 100 },
    )
  })
})

it('keeps every digit of a decimal', async () => {
  const columns = [9, 18, 38].map((precision) =>
    columnOf({ decimal: { precision, scale: 2 } }, true, `p${precision}`),
  )
  const values = [9, 18, 38].map((precision) => 1n - 10n ** BigInt(precision))
  const { rows } = await readParquetTable(
    encodeParquet(columns, [values, [null, null, null]]),
    columns,
  )
  expect(rows.map((row) => row.map((value) => value && BigInt(value as number)))).toEqual([
    values,
    [null, null, null],
  ])
})

const ids = columnOf('text', false, 'id')
const rows: readonly Row[] = [['a']]

it('keeps a map whose keys are names of JavaScript, in its order', async () => {
  const map = columnOf({ map: { type: 'text', nullable: false } }, false, 'attributes')
  const value = new Map([
    ['__proto__', 'x'],
    ['10', 'y'],
    ['2', 'z'],
  ])
  const found = await readParquetTable(encodeParquet([map], [[value]]), [map])
  expect([...(found.rows[0]?.[0] as ReadonlyMap<string, string>)]).toEqual([...value])
})

it('refuses a column it does not know, and one of another type', async () => {
  const bytes = encodeParquet([ids], rows)
  await expect(readParquetTable(bytes, [])).rejects.toThrow(/column id that is not known/)
  const other = columnOf('binary', false, 'id')
  await expect(readParquetTable(bytes, [other])).rejects.toThrow(RangeError)
})
