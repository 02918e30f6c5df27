import { defaultLimits, type Store, type Table, tokenOf } from '@silversmith/core'
import { createParquetEncoder, readParquet } from '@silversmith/parquet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createChunkBuilder } from './chunk-builder.ts'

const tableOf = (name: string): Table => ({
  ...{ name, description: '', orderBy: [], indexes: [], views: [] },
  columns: [{ name: 'id', type: 'uint32', nullable: false, description: '' }],
})
const tables = [tableOf('a'), tableOf('b')]

type FileRow = Readonly<Record<string, unknown>>

const hourMs = 3_600_000
/** Around the turn of a month, and years away. */
const time = fc.oneof(
  fc.integer({ min: -60, max: 60 }).map((hours) => Date.UTC(2026, 1, 1) + hours * hourMs),
  fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2099, 11, 31) }),
)
const rowsOf = fc.array(fc.tuple(fc.constantFrom('a', 'b'), time), { maxLength: 120 })

const limitsOf = fc.record({
  chunkRowsMax: fc.integer({ min: 1, max: 20 }),
  chunkBytesMax: fc.integer({ min: 1, max: 3_000 }),
  // An open chunk takes 6 KB before its first row.
  openBytesMax: fc.oneof(fc.integer({ min: 1, max: 60_000 }), fc.constant(1e9)),
  openBuildersMax: fc.integer({ min: 1, max: 5 }),
})

const batch = '01JZZZZZZZZZZZZZZZZZZZZZZZ'

/** Nine for each of eleven values; source, version and token are texts. */
const rowBytesMin = 11 * 9 + 's3://b/k'.length + 'v'.length + tokenOf(batch, 0).length

const build = async (
  rows: readonly (readonly [string, number])[],
  limits: { readonly [Name in keyof typeof defaultLimits]?: number },
  days = true,
) => {
  const staged = new Map<string, readonly FileRow[]>()
  let [writes, writesMost] = [0, 0]
  const chunks = createChunkBuilder({
    ...{ batch, attempt: 1, tables, kinds: { block: true, days } },
    limits: { ...defaultLimits, ...limits },
    encoder: createParquetEncoder({ compression: 'none' }),
    store: {
      write: async (key, bytes) => {
        expect(staged.has(key)).toBe(false)
        writesMost = Math.max(writesMost, (writes += 1))
        staged.set(key, await readParquet(bytes))
        writes -= 1
      },
    } satisfies Pick<Store, 'write'> as unknown as Store,
    clock: { now: () => 0, sleep: async () => undefined },
    call: { deadline: Infinity, signal: new AbortController().signal },
  })
  const origin = {
    ...{ source: 's3://b/k', version: 'v', generation: 0 },
    ...{ objectTimeMicros: 0, loadedAtMicros: 0, datasetVersion: 1 },
  }
  for (const [record, [table, timeMs]] of rows.entries()) {
    const row = { table, timeMicros: timeMs * 1000, values: [record] }
    chunks.addRow(row, origin, { record, part: 0, line: null })
    if (chunks.isFull()) await chunks.settle()
  }
  return { chunks: await chunks.finish(), staged, writesMost }
}

const idOf = (row: FileRow): number => Number(row['id'])
const sorted = (ids: readonly number[]): readonly number[] => ids.toSorted((a, b) => a - b)

test('every row is in one chunk, of its table and month and within the limits, and in one day of it', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, limitsOf, async (rows, limits) => {
      const { chunks, staged } = await build(rows, limits)
      const all: number[] = []
      const used = new Set<string>()
      expect(chunks.map(({ n }) => n)).toEqual(chunks.map((_, index) => index))
      for (const chunk of chunks) {
        const block = staged.get(chunk.block?.key ?? '') ?? []
        used.add(chunk.block?.key ?? '')
        const ids = block.map(idOf)
        all.push(...ids)
        expect(block.length).toBe(chunk.rows)
        expect(chunk.rows).toBeLessThanOrEqual(limits.chunkRowsMax)
        expect((chunk.rows - 1) * rowBytesMin).toBeLessThan(limits.chunkBytesMax)
        expect(new Set(block.map((row) => row['_chunk']))).toEqual(
          new Set([tokenOf(batch, chunk.n)]),
        )
        for (const id of ids) {
          const [table, timeMs] = rows[id]!
          expect(table).toBe(chunk.table)
          expect(new Date(timeMs).toISOString().slice(0, 7)).toBe(chunk.month)
        }
        const ofDays = (chunk.days ?? []).flatMap(({ key, day, rows: count }) => {
          used.add(key)
          const own = (staged.get(key) ?? []).map(idOf)
          expect(own.length).toBe(count)
          for (const id of own) expect(new Date(rows[id]![1]).toISOString().slice(0, 10)).toBe(day)
          return own
        })
        expect(sorted(ofDays)).toEqual(sorted(ids))
      }
      expect(sorted(all)).toEqual(rows.map((_, index) => index))
      // Nothing is staged that no chunk names.
      expect([...staged.keys()].toSorted()).toEqual([...used].toSorted())
    }),
    { numRuns: 200 },
  )
})

test('the same rows in the same order give the same chunks', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, limitsOf, async (rows, limits) => {
      expect(await build(rows, limits)).toEqual(await build(rows, limits))
    }),
    { numRuns: 50 },
  )
})

const fromDay = (rows: number, stepDays: number): readonly (readonly [string, number])[] =>
  Array.from({ length: rows }, (_, at) => ['a', Date.UTC(2026, 0, 1) + at * stepDays * 24 * hourMs])

test('what is closed counts as memory no longer', async () => {
  const limits = { chunkRowsMax: 50, openBytesMax: 100_000 }
  const { chunks } = await build(fromDay(2_000, 0), limits)
  expect(chunks.map(({ rows }) => rows)).toEqual(Array(40).fill(50))
})

test('files are staged eight at a time, and chunks only as far as memory allows', async () => {
  const many = fromDay(300, 1)
  expect((await build(many, {})).writesMost).toBe(8)
  expect((await build(fromDay(10, 31), { openBytesMax: 100_000 }, false)).writesMost).toBe(1)
})
