import type { Column, Row, Value } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyRow, anyTable, everyColumn, seenRows } from './any-row.ts'
import type { Compression } from './index.ts'
import { createParquetEncoder, encodeParquet, readParquet } from './index.ts'

const rowsOf = fc.array(anyRow, { maxLength: 30 })
const optionsOf = fc.record({
  compression: fc.constantFrom<Compression>('snappy', 'zstd', 'gzip', 'none'),
  rowGroupRows: fc.integer({ min: 1, max: 40 }),
})

/** Equal, but not made in the same way: texts are joined from pieces, whole numbers are bigints where both are allowed. */
const madeOtherwise = (rows: readonly Row[]): readonly Row[] =>
  rows.map((row) =>
    row.map((value, at): Value => {
      const type = everyColumn[at]?.type
      if (typeof value === 'string')
        return value.slice(0, value.length >> 1) + value.slice(value.length >> 1)
      const isWhole = typeof value === 'number' && (type === 'uint64' || type === 'int64')
      return isWhole ? BigInt(value) : value
    }),
  )

describe('encodeParquet is a function of its rows', () => {
  it('gives the same bytes again, for equal rows however they were made', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf, optionsOf, async (rows, options) => {
        const bytes = Buffer.from(await encodeParquet(everyColumn, rows, options))
        expect(bytes.equals(await encodeParquet(everyColumn, rows, options))).toBe(true)
        const others = await encodeParquet(everyColumn, madeOtherwise(rows), options)
        expect(bytes.equals(others)).toBe(true)
      }),
    )
  })

  it('gives the same bytes for any NaN: that of Math.sqrt(-1) has a sign on some machines', () => {
    const column = everyColumn.find(({ type }) => type === 'float64') as Column
    const [other] = new Float64Array(new BigUint64Array([0xfff8_0000_dead_beefn]).buffer)
    const bytesOf = (value = NaN) => Buffer.from(encodeParquet([column], [[value]])).toString('hex')
    expect(bytesOf(other)).toBe(bytesOf(NaN))
  })

  it('gives the same bytes while it encodes others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rowsOf, { minLength: 2, maxLength: 5 }), async (files) => {
        const alone: Uint8Array[] = []
        for (const rows of files) alone.push(await encodeParquet(everyColumn, rows))
        const together = await Promise.all(files.map((rows) => encodeParquet(everyColumn, rows)))
        expect(together.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(
          alone.map((bytes) => Buffer.from(bytes).toString('hex')),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('leaves the rows as they were', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf, optionsOf, async (rows, options) => {
        const before = structuredClone(rows)
        await encodeParquet(everyColumn, rows, options)
        expect(rows).toEqual(before)
      }),
    )
  })
})

it('the reader gives back the rows of any columns, in their order', async () => {
  const names = everyColumn.map(({ name }) => name)
  await fc.assert(
    fc.asyncProperty(rowsOf, fc.subarray(names, { minLength: 1 }), async (rows, wanted) => {
      const columns = everyColumn.filter(({ name }) => wanted.includes(name))
      const own = rows.map((row) => row.filter((_, at) => wanted.includes(names[at] ?? '')))
      const bytes = await encodeParquet(columns, own)
      expect(await readParquet(bytes)).toEqual(seenRows(columns, own))
      const whole = await encodeParquet(everyColumn, rows)
      expect(await readParquet(whole, wanted)).toEqual(seenRows(columns, own))
    }),
  )
})

it('rows of one part become a file of their own, whatever came between them and whenever they were packed', async () => {
  const step = fc.record({ part: fc.integer({ min: -2, max: 2 }), packs: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anyTable, fc.record({ columns: fc.constant(everyColumn), rows: rowsOf })),
      fc.array(step, { minLength: 30, maxLength: 30 }),
      fc.integer({ min: 1, max: 20 }),
      async ({ columns, rows }, steps, rowGroupRows) => {
        const encoder = createParquetEncoder({ compression: 'none', rowGroupRows })
        const together = encoder.createRows(columns)
        const byPart = new Map<number, Row[]>()
        for (const [at, row] of rows.entries()) {
          const part = steps[at]?.part ?? 0
          byPart.set(part, [...(byPart.get(part) ?? []), row])
          together.add(row, [], part)
          if (steps[at]?.packs) together.pack()
        }
        const finished = together.finish()
        expect([...finished.keys()].toSorted()).toEqual([...byPart.keys()].toSorted())
        for (const [part, groups] of finished) {
          const file = await encoder.join(columns, groups)
          expect(await readParquet(file)).toEqual(seenRows(columns, byPart.get(part) ?? []))
        }
      },
    ),
  )
})

it('rows that are packed take less memory', () => {
  const rows = createParquetEncoder().createRows(everyColumn)
  for (const row of fc.sample(anyRow, { numRuns: 400, seed: 1 })) rows.add(row)
  const { heldBytes, openBytes } = rows
  expect(openBytes).toBe(heldBytes)
  rows.pack()
  expect(rows.openBytes).toBeLessThan(openBytes / 4)
  expect(rows.heldBytes).toBeLessThan(heldBytes)
})
