import type { Dataset, TableRow } from '@silversmith/core'
import { expect, test } from 'vitest'
import { createRoom, notes, type RoomOptions } from './transform-room.ts'

/** `{"id": "a", "rows": 3}` → rows a0, a1, a2 of `notes`. */
const lists: Dataset = {
  ...notes,
  map: (record) => {
    const { id, rows } = record as { id: string; rows: number }
    const rowOf = (n: number): TableRow => ({
      table: 'notes',
      timeMicros: 0,
      values: [`${id}${n}`, 0],
    })
    return { rows: Array.from({ length: rows }, (_, n) => rowOf(n)) }
  },
}

const createListRoom = (limits: RoomOptions['limits'] = {}) =>
  createRoom({ datasets: [lists], limits })

test('the rows of one record fill several chunks, none over its limit, and are there once', async () => {
  const room = createListRoom({ chunkRowsMax: 3 })
  const source = room.put('a.jsonl', '{"id":"a","rows":7}\n{"id":"b","rows":1}')
  expect(await room.run(source)).toEqual([])
  expect(await room.run(source)).toEqual([])
  expect(room.manifests()[0]?.chunks.map(({ rows }) => rows)).toEqual([3, 3, 2])
  const places = Array.from({ length: 7 }, (_, part) => `0 ${part} a${part}`)
  const found = room.rows().map((row) => [row['_record'], row['_part'], row['id']].join(' '))
  expect(found.toSorted()).toEqual([...places, '1 0 b0'])
  expect(await room.silver()).toHaveLength(8)
})

test('a record that makes more rows than one may is rejected whole, the others go on', async () => {
  const room = createListRoom()
  const most = 10_000
  const many = `{"id":"b","rows":${most + 1}}`
  const lines = ['{"id":"a","rows":2}', many, `{"id":"c","rows":${most}}`]
  expect(await room.run(room.put('a.jsonl', lines.join('\n')))).toEqual([])
  expect(room.quarantined()).toMatchObject([{ record: 1, reason: 'too_many_rows', raw: many }])
  expect(room.manifests()[0]?.sources).toMatchObject([{ records: 3, rows: 2, rejected: 1 }])
  const ids = new Set(room.rows().map(({ id }) => id))
  expect(ids.size).toBe(2 + most)
  expect([...ids].filter((id) => String(id).startsWith('b'))).toEqual([])
})
