import { type Chunk, columnsOf, type Row, type Table, tokenOf } from '@silversmith/core'
import { createSilverInspector, silverKeyOf } from '@silversmith/flow'
import { encodeParquet, readParquet } from '@silversmith/parquet'
import { expect, test } from 'vitest'
import { createEngine, createMemoryInspector, createMemoryStore, sha256Of } from '../index.ts'
import { describeInspector } from '../contracts/inspector-contract.ts'

const idle = new AbortController().signal

describeInspector('memory', async () => {
  const engine = createEngine({ windowBlocks: 1_000 })
  const inspector = createMemoryInspector({ name: 'clickhouse', engine })
  const rowsOf = (batch: string, n: number, count: number) =>
    Array.from({ length: count }, (_, record) => ({
      ...{ _chunk: tokenOf(batch, n), _source: 's', _version: 'v', _record: record, _part: 0 },
    }))
  let others = 0
  const insert = (batch: string, n: number, count: number): boolean =>
    engine.insertBlock({
      ...{ table: 'events', token: `${(others += 1)}`, partition: 'p' },
      rows: rowsOf(batch, n, count),
    })
  return {
    inspector,
    originOf: () => ({ source: 's', version: 'v' }),
    put: async (batch, n, count) => {
      insert(batch, n, count)
      return { n, table: 'events', month: '2026-01', rows: count }
    },
    double: async (batch, { n }, count) => void insert(batch, n, count),
    lose: async (batch, { n }, count) => {
      const lost = engine.rows('events').filter((row) => row['_chunk'] === tokenOf(batch, n))
      engine.removeRows('events', (row) => lost.slice(0, count).includes(row))
    },
  }
})

const table: Table = {
  ...{ name: 'events', description: '', orderBy: [], indexes: [], views: [] },
  columns: [{ name: 'timestamp', type: 'timestamp', nullable: false, description: '' }],
}
const days = ['2026-01-01', '2026-01-02']

/** Row `record` of a chunk; every other one is of the second day. */
const rowOf = (token: string, record: number): Row => [
  ...[Date.parse(days[record % 2]!) * 1_000, 's3://b/k', 'v', record, 0, null],
  ...[token, 0, 0, 0, 1],
]

const createSilver = () => {
  const store = createMemoryStore()
  const write = async (key: string, rows: readonly Row[]) => {
    const bytes = await encodeParquet(columnsOf(table), rows)
    const sha256 = sha256Of(bytes)
    await store.remove([key], idle)
    await store.write(key, bytes, { sha256, contentType: 'x' }, idle)
    return { key, sha256, sizeBytes: bytes.length, rows: rows.length }
  }
  const fileOf = (batch: string, n: number, day: number): string =>
    silverKeyOf('silver/', batch, { table: 'events', n }, days[day]!)
  const rowsOf = (batch: string, n: number, count: number, day: number): readonly Row[] =>
    Array.from({ length: count }, (_, record) => rowOf(tokenOf(batch, n), record)).filter(
      (_, record) => record % 2 === day,
    )
  const put = async (batch: string, n: number, count: number): Promise<Chunk> => {
    const payloads = []
    for (const [index, day] of days.entries())
      payloads.push({
        ...(await write(fileOf(batch, n, index), rowsOf(batch, n, count, index))),
        day,
      })
    return { n, table: 'events', month: '2026-01', rows: count, days: payloads }
  }
  const inspector = createSilverInspector({ store, prefix: 'silver/', decode: readParquet })
  return { store, write, fileOf, rowsOf, put, inspector }
}

describeInspector('silver', async () => {
  const { write, fileOf, rowsOf, put, inspector, store } = createSilver()
  const rewrite = async (
    batch: string,
    chunk: Chunk,
    change: (rows: readonly Row[]) => readonly Row[],
  ): Promise<void> => {
    for (const day of days.keys()) {
      const rows = change(rowsOf(batch, chunk.n, chunk.rows, day))
      const key = fileOf(batch, chunk.n, day)
      if (rows.length > 0) await write(key, rows)
      else await store.remove([key], idle)
    }
  }
  const isBelow = (limit: number) => (row: Row) => Number(row[3]) < limit
  return {
    inspector,
    put,
    originOf: () => ({ source: 's3://b/k', version: 'v' }),
    double: (batch, chunk, count) =>
      rewrite(batch, chunk, (rows) => [...rows, ...rows.filter(isBelow(count))]),
    lose: (batch, chunk, count) =>
      rewrite(batch, chunk, (rows) => rows.filter((row) => !isBelow(count)(row))),
  }
})

test('a silver file written anew with the same rows holds them all', async () => {
  const { write, fileOf, rowsOf, put, inspector } = createSilver()
  const chunk = await put('B', 0, 6)
  const anew = await write(fileOf('B', 0, 0), rowsOf('B', 0, 6, 0).toReversed())
  expect(anew.sha256).not.toBe(chunk.days?.[0]?.sha256)
  expect(await inspector.inspect('B', [chunk], idle)).toEqual([{ rows: 6, distinct: 6 }])
})

test('a silver file with the rows of another chunk, or of no Parquet, holds none', async () => {
  const { store, write, fileOf, rowsOf, put, inspector } = createSilver()
  const chunk = await put('B', 0, 6)
  await write(fileOf('B', 0, 0), rowsOf('C', 0, 6, 0))
  expect(await inspector.inspect('B', [chunk], idle)).toEqual([{ rows: 3, distinct: 3 }])
  const bytes = Buffer.from('not Parquet at all')
  await store.remove([fileOf('B', 0, 1)], idle)
  await store.write(fileOf('B', 0, 1), bytes, { sha256: sha256Of(bytes), contentType: 'x' }, idle)
  expect(await inspector.inspect('B', [chunk], idle)).toEqual([{ rows: 0, distinct: 0 }])
})

test('a file that is not named as ours is listed by its key', async () => {
  const { store, put, inspector } = createSilver()
  await put('B', 0, 2)
  const bytes = Buffer.from('x')
  const key = 'silver/events/dt=2026-01-01/mine.parquet'
  await store.write(key, bytes, { sha256: sha256Of(bytes), contentType: 'x' }, idle)
  expect(await inspector.listTokens('events', undefined, 10, idle)).toEqual([
    ...['dt=2026-01-01/B#0', key, 'dt=2026-01-02/B#0'],
  ])
})
