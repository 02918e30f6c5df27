import { type Column, columnsOf, type Row } from '@silversmith/core'
import { createFileEraser } from '@silversmith/flow'
import { encodeParquet, readColumnNames, readParquet, readParquetTable } from '@silversmith/parquet'
import { expect, test } from 'vitest'
import { createMemoryClock, createMemoryStore, sha256Of } from '../index.ts'
import { visits } from './erasure-room.ts'

const { signal } = new AbortController()
const table = visits().tables[0]!
const columns = columnsOf(table)
const valueOf = ({ name, type }: Column): Row[number] =>
  name === 'by' ? 'ann' : type === 'text' || type === 'category' ? name : 0

/** A file of one row of ann's that lacks some columns. */
const createRoom = async (lacking: readonly string[], own: readonly Column[] = columns) => {
  const store = createMemoryStore()
  const kept = own.filter(({ name }) => !lacking.includes(name))
  const bytes = encodeParquet(kept, [kept.map(valueOf)])
  const file = { sha256: sha256Of(bytes), contentType: 'application/vnd.apache.parquet' }
  await store.write('silver/visits/dt=1970-01-01/B-0.parquet', bytes, file, signal)
  const eraser = createFileEraser({
    ...{ name: 'silver', store, clock: createMemoryClock(), tables: [table] },
    folderOf: (name) => `silver/${name}/`,
    ...{ decode: readParquet, columnsOf: readColumnNames },
    ...{ readTable: readParquetTable, encode: encodeParquet },
  })
  return {
    store,
    find: () => eraser.find('visits', { column: 'by', value: 'ann' }, 9, signal),
    eraser,
  }
}

test('a file of before the column was there holds nobody by it', async () => {
  expect(await (await createRoom([])).find()).toHaveLength(1)
  expect(await (await createRoom(['by'])).find()).toEqual([])
})

test.each(['_line', '_source', '_record'])(
  'no file is passed over for want of %s',
  async (name) => {
    const { find } = await createRoom([name])
    await expect(find()).rejects.toThrow(/B-0.parquet is no Parquet file of ours/)
  },
)

test('nor is one passed over whose rows cannot be told', async () => {
  const { eraser } = await createRoom(['_chunk'])
  await expect(eraser.locate('visits', [], signal)).rejects.toThrow(/no Parquet file of ours/)
})

test('a file with a column that is not known stays as it is, and is named', async () => {
  const other: Column = { name: 'other', type: 'text', nullable: false, description: '' }
  const { eraser, find, store } = await createRoom([], [...columns, other])
  const before = new Map(store.files)
  const rows = await eraser.locate('visits', await find(), signal)
  expect(rows).toHaveLength(1)
  await expect(eraser.erase('visits', rows, signal)).rejects.toThrow(/B-0.parquet/)
  expect(new Map(store.files)).toEqual(before)
})
