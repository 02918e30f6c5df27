import { createHash } from 'node:crypto'
import type { Column, ColumnType, Row } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyRow, columnOf, everyColumn, seenRows } from './any-row.ts'
import type { Compression } from './index.ts'
import { checkParquet, encodeParquet, readParquet } from './index.ts'

describe('encodeParquet', () => {
  it('gives back every value of every type, nulls included, for any codec and row group size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { maxLength: 40 }),
        fc.constantFrom<Compression>('snappy', 'zstd', 'gzip', 'none'),
        fc.integer({ min: 1, max: 50 }),
        async (rows, compression, rowGroupRows) => {
          const bytes = await encodeParquet(everyColumn, rows, { compression, rowGroupRows })
          expect(await readParquet(bytes)).toEqual(seenRows(everyColumn, rows))
          await checkParquet(bytes, everyColumn, rows.length)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('gives equal bytes for equal rows', async () => {
    const rows = fc.sample(anyRow, { numRuns: 500, seed: 7 })
    const digest = async (): Promise<string> =>
      createHash('sha256')
        .update(await encodeParquet(everyColumn, rows))
        .digest('hex')
    expect(await digest()).toBe(await digest())
  })

  it('writes a file without rows that still has its columns', async () => {
    const bytes = await encodeParquet(everyColumn, [])
    expect(await readParquet(bytes)).toEqual([])
    await checkParquet(bytes, everyColumn, 0)
  })

  it('keeps repeated and distinct texts apart over long runs, with nulls between', async () => {
    const column = columnOf('text', true)
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.option(fc.integer({ min: 0, max: 70 })), fc.integer({ min: 1, max: 40 })),
          {
            maxLength: 60,
          },
        ),
        async (runs) => {
          const rows = runs.flatMap(([value, times]) =>
            Array.from({ length: times }, (): Row => [value === null ? null : `v${value}`]),
          )
          const bytes = await encodeParquet([column], rows)
          expect(await readParquet(bytes)).toEqual(seenRows([column], rows))
        },
      ),
    )
  })

  it('keeps long runs of many values apart', async () => {
    const column = columnOf('category', false)
    const rows = Array.from({ length: 20_000 }, (_, at): Row => [`value ${Math.floor(at / 20)}`])
    const bytes = await encodeParquet([column], rows)
    expect(await readParquet(bytes)).toEqual(seenRows([column], rows))
  })

  it('spends next to nothing on a column of few values', async () => {
    const column = columnOf('category', true)
    const rows = Array.from({ length: 100_000 }, (_, at): Row => [`kind ${Math.floor(at / 1e3)}`])
    const bytes = await encodeParquet([column], rows, { compression: 'none' })
    expect(bytes.length).toBeLessThan(5_000)
  })

  it('closes pages of long texts and reads them all back', async () => {
    const column = columnOf('json', true)
    const rows = Array.from({ length: 5_000 }, (_, at): Row => [
      at % 7 === 0 ? null : JSON.stringify({ at, pad: `${at}`.repeat(200) }),
    ])
    const bytes = await encodeParquet([column], rows, { compression: 'none' })
    expect(await readParquet(bytes)).toEqual(seenRows([column], rows))
  })

  it('reads only the columns asked for and refuses one that is not there', async () => {
    const columns = [columnOf('text', false), columnOf('uint32', true)]
    const bytes = await encodeParquet(columns, [['a', 1]])
    expect(await readParquet(bytes, ['uint32_maybe'])).toEqual([{ uint32_maybe: 1 }])
    await expect(readParquet(bytes, ['nothing'])).rejects.toThrow(/nothing/)
  })

  const wrong: readonly (readonly [ColumnType, unknown])[] = [
    ['text', 1],
    ['text', undefined],
    ['category', null],
    ['json', { a: 1 }],
    ['uint32', null],
    ['float64', null],
    ['boolean', null],
    ['timestamp', null],
    ['uint32', -1],
    ['uint32', 2 ** 32],
    ['uint32', 1.5],
    ['uint32', '1'],
    ['uint64', -1n],
    ['uint64', 2n ** 64n],
    ['uint64', 2 ** 53],
    ['int64', 2n ** 63n],
    ['int64', NaN],
    ['float64', '1.5'],
    ['float64', 1n],
    ['boolean', 'false'],
    ['boolean', 0],
    ['timestamp', '2021-11-29T23:09:00Z'],
    ['timestamp', new Date(0)],
    ['timestamp', 0.5],
  ]
  it.each(wrong)('refuses a %s that is %s instead of writing something else', (type, value) => {
    const rows = [[value]] as unknown as Row[]
    expect(() => encodeParquet([columnOf(type, false)], rows)).toThrow(
      `Column ${type}_always, row 0: the value is not a ${type}.`,
    )
  })

  it('does not put a refused value into the message', () => {
    const rows = [['secret']] as Row[]
    expect(() => encodeParquet([columnOf('uint32', true)], rows)).toThrow(
      /^(?!.*secret).*uint32 or null/,
    )
  })

  it('refuses rows of another width and columns of one name', () => {
    const column = columnOf('text', true)
    expect(() => encodeParquet([column], [['a', 'b']])).toThrow('A row has 2 values')
    expect(() => encodeParquet([column, column], [])).toThrow('same name')
    expect(() => encodeParquet([{ ...column, name: '1' }], [])).toThrow('identifier')
  })
})

describe('checkParquet', () => {
  const columns = [columnOf('text', false), columnOf('uint64', true)]
  const rows: Row[] = [
    ['a', 1],
    ['b', null],
  ]

  it('finds another number of rows and another schema', async () => {
    const bytes = await encodeParquet(columns, rows)
    await expect(checkParquet(bytes, columns, 3)).rejects.toThrow('2 rows')
    await expect(checkParquet(bytes, [columns[0] as Column], 2)).rejects.toThrow('2 elements')
    await expect(
      checkParquet(bytes, [columns[0] as Column, columnOf('uint64', false)], 2),
    ).rejects.toThrow('Element 1')
  })

  it('finds pages that are not where the footer says', async () => {
    const bytes = Buffer.from(encodeParquet(columns, rows, { compression: 'none' }))
    const shifted = Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(1), bytes.subarray(4)])
    await expect(checkParquet(shifted, columns, 2)).rejects.toThrow(RangeError)
  })

  it('finds every cut of a file', async () => {
    const bytes = await encodeParquet(columns, rows)
    for (let size = 0; size < bytes.length; size++)
      await expect(checkParquet(bytes.subarray(0, size), columns, 2)).rejects.toThrow(RangeError)
  })
})
