import { createHash } from 'node:crypto'
import type { Column, ColumnType, Row, Value } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Compression } from './index.ts'
import { checkParquet, encodeParquet, readParquet } from './index.ts'

const types: readonly ColumnType[] = [
  'text',
  'category',
  'json',
  'uint32',
  'uint64',
  'int64',
  'float64',
  'boolean',
  'timestamp',
]

const columnOf = (type: ColumnType, nullable: boolean): Column => ({
  name: `${type}_${nullable ? 'maybe' : 'always'}`,
  type,
  nullable,
  description: type,
})

const everyColumn = types.flatMap((type) => [columnOf(type, false), columnOf(type, true)])

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', 'a\0b', '𝔘😀', '\ud800', 'x\udc00y', 'é'.repeat(300)),
)
const few = fc.constantFrom('video', 'page', '')

const valueOf = (type: ColumnType): fc.Arbitrary<Value> => {
  switch (type) {
    case 'text':
      return text
    case 'category':
      return few
    case 'json':
      return fc.json()
    case 'uint32':
      return fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 2 ** 32 - 1, 7n))
    case 'uint64':
      return fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.maxSafeNat())
    case 'int64':
      return fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger())
    case 'float64':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'timestamp':
      return fc.oneof(fc.maxSafeInteger(), fc.constantFrom(1_636_000_000_123_456, -1, 0))
  }
}

const row = fc.tuple(
  ...everyColumn.map(({ type, nullable }) =>
    nullable ? fc.option(valueOf(type), { nil: null }) : valueOf(type),
  ),
)

/** What a reader must see for a value that was written. */
const seen = (type: ColumnType, value: Value): unknown => {
  if (value === null) return null
  if (type === 'uint64' || type === 'int64') return BigInt(value)
  if (type === 'uint32' || type === 'timestamp') return Number(value) + 0
  return typeof value === 'string' ? Buffer.from(value).toString() : value
}

const seenRows = (columns: readonly Column[], rows: readonly Row[]): Record<string, unknown>[] =>
  rows.map((values) =>
    Object.fromEntries(
      columns.map(({ name, type }, at) => [name, seen(type, values[at] as Value)]),
    ),
  )

describe('encodeParquet', () => {
  it('gives back every value of every type, nulls included, for any codec and row group size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 40 }),
        fc.constantFrom<Compression>('snappy', 'gzip', 'none'),
        fc.integer({ min: 1, max: 50 }),
        async (rows, compression, rowGroupRows) => {
          const bytes = await encodeParquet(everyColumn, rows, { compression, rowGroupRows })
          expect(await readParquet(bytes)).toEqual(seenRows(everyColumn, rows))
          await checkParquet(bytes, everyColumn, rows)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('gives equal bytes for equal rows', async () => {
    const rows = fc.sample(row, { numRuns: 500, seed: 7 })
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
    await expect(readParquet(bytes, ['nothing'])).rejects.toThrow(/no column nothing/)
  })

  const wrong: readonly (readonly [ColumnType, unknown])[] = [
    ['text', 1],
    ['text', undefined],
    ['category', null],
    ['json', { a: 1 }],
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
  it.each(wrong)(
    'refuses a %s that is %s instead of writing something else',
    async (type, value) => {
      const rows = [[value]] as unknown as Row[]
      await expect(encodeParquet([columnOf(type, false)], rows)).rejects.toThrow(
        `Column ${type}_always, row 0: the value is not a ${type}.`,
      )
    },
  )

  it('does not put a refused value into the message', async () => {
    const rows = [['secret']] as Row[]
    await expect(encodeParquet([columnOf('uint32', true)], rows)).rejects.toThrow(
      /^(?!.*secret).*uint32 or null/,
    )
  })

  it('refuses rows of another width and columns of one name', async () => {
    const column = columnOf('text', true)
    await expect(encodeParquet([column], [['a', 'b']])).rejects.toThrow('Row 0 has 2 values')
    await expect(encodeParquet([column, column], [])).rejects.toThrow('same name')
    await expect(encodeParquet([{ ...column, name: '1' }], [])).rejects.toThrow('identifier')
  })
})

describe('checkParquet', () => {
  const columns = [columnOf('text', false), columnOf('uint64', true)]
  const rows: Row[] = [
    ['a', 1],
    ['b', null],
  ]

  it('finds another number of rows, another schema and another value', async () => {
    const bytes = await encodeParquet(columns, rows)
    await expect(checkParquet(bytes, columns, 3)).rejects.toThrow('2 rows')
    await expect(checkParquet(bytes, [columns[0] as Column], rows)).rejects.toThrow('2 columns')
    await expect(
      checkParquet(bytes, [columns[0] as Column, columnOf('uint64', false)], 2),
    ).rejects.toThrow('Column 1')
    await expect(
      checkParquet(bytes, columns, [
        ['a', 1],
        ['c', null],
      ]),
    ).rejects.toThrow('Column text_always, row 1')
  })

  it('finds every cut of a file', async () => {
    const bytes = await encodeParquet(columns, rows)
    for (let size = 0; size < bytes.length; size++)
      await expect(checkParquet(bytes.subarray(0, size), columns, 2)).rejects.toThrow(RangeError)
  })
})
