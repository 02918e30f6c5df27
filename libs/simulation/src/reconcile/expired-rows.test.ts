import type { Dataset } from '@silversmith/core'
import { createReconcile } from '@silversmith/flow'
import { expect, test } from 'vitest'
import { createMortalProcess } from '../repair/mortal-process.ts'
import { createRepairRoom } from '../repair/repair-room.ts'
import { notes } from '../transform/transform-room.ts'

const dayMs = 86_400_000
const kept: Dataset = {
  ...notes,
  tables: notes.tables.map((table) => ({ ...table, retentionDays: 5 })),
}

/** One object with a row of this day and one of some days before: in one chunk where that is the same month. */
const load = async (datasets: readonly Dataset[], days = 40) => {
  const room = createRepairRoom(1, datasets)
  while (new Date(room.clock.now()).getUTCDate() < 20) room.clock.advance(dayMs)
  const today = Math.floor(room.clock.now() / dayMs) * dayMs
  const lines = [today, today - days * dayMs].map((at, n) => JSON.stringify({ id: `${n}`, at }))
  await room.deliver([room.put('a.jsonl', lines.join('\n'))])
  const isOld = (at: unknown): boolean => Number(at) / 1000 < today
  const [batch] = room.items('batch')
  const expire = async (): Promise<void> => {
    room.engine.removeRows('notes', (row) => isOld(row['timestamp']))
    await room.store.purge(`silver/notes/dt=${dayName(today - days * dayMs)}/`, room.call().signal)
  }
  const dayName = (at: number): string => new Date(at).toISOString().slice(0, 10)
  const loseTodaysFile = () =>
    room.store.purge(`silver/notes/dt=${dayName(today)}/`, room.call().signal)
  const loseToday = (): void => room.engine.removeRows('notes', (row) => !isOld(row['timestamp']))
  const reconcile = async () => {
    const deps = { ...room.depsOf(createMortalProcess()), routes: [] }
    const request = { bucket: 'b', prefix: 'none', enqueue: false }
    const { findings } = await createReconcile(deps)(request, room.call())
    return findings.map(({ kind, target }) => `${kind} ${target}`)
  }
  return { room, expire, loseToday, loseTodaysFile, reconcile, id: batch!.id }
}

test('rows that are older than their table keeps them are not missing, there or not', async () => {
  const { room, expire, reconcile, id } = await load([kept])
  expect(await reconcile()).toEqual([])
  await expire()
  expect(room.clickhouse()).toHaveLength(1)
  expect(await reconcile()).toEqual([])
  expect(await room.repair(id)).toMatchObject({ outcome: 'whole', intact: 4, chunks: [] })
})

test.each([40, 10])('others are, and come back, beside some %i days old', async (days) => {
  const { room, expire, loseToday, reconcile, id } = await load([kept], days)
  await expire()
  loseToday()
  expect(await reconcile()).toEqual(['chunk-missing clickhouse'])
  expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
  expect(room.clickhouse()).toHaveLength(1)
})

test('a loss is not made up for by old rows that are still there', async () => {
  const { room, loseToday, loseTodaysFile, reconcile, id } = await load([kept], 10)
  loseToday()
  expect(await reconcile()).toEqual(['chunk-missing clickhouse'])
  await loseTodaysFile()
  expect(await reconcile()).toEqual(['chunk-missing clickhouse', 'chunk-missing silver'])
  // Nobody has today's row: nothing is made worse.
  const reload = { outcome: 'reload' }
  expect(await room.repair(id)).toMatchObject({ outcome: 'broken', chunks: [reload, reload] })
  expect(room.clickhouse()).toHaveLength(1)
})

test('a lost file comes back beside one that was let go', async () => {
  const { room, expire, loseTodaysFile, reconcile, id } = await load([kept], 10)
  await expire()
  await loseTodaysFile()
  expect(await reconcile()).toEqual(['chunk-missing silver'])
  expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
  expect(await room.silver()).toHaveLength(1)
  expect(await reconcile()).toEqual([])
})

test('where rows are kept for ever, they are missed', async () => {
  const { expire, reconcile } = await load([notes])
  await expire()
  expect(await reconcile()).toEqual(['chunk-missing clickhouse', 'chunk-missing silver'])
})
