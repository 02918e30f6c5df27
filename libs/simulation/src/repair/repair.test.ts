import { type Batch, type Chunk, Fault } from '@silversmith/core'
import { repairBatch } from '@silversmith/flow'
import { encodeParquet } from '@silversmith/parquet'
import { describe, expect, test } from 'vitest'
import type { StoredRow } from '../index.ts'
import { sha256Of } from '../index.ts'
import { createMortalProcess, type Fate } from './mortal-process.ts'
import { createRepairRoom, namesOf, type RepairRoom } from './repair-room.ts'

const dayMs = 86_400_000
/** Three days of January in one chunk, one of February in another. */
const lines = [0, 1, 1, 2, 40].map(
  (day, n) => `{"id":"${n}","at":${Date.UTC(2026, 0, 1) + day * dayMs}}`,
)

const commit = async (room: RepairRoom) => {
  expect(await room.deliver([room.put('a.jsonl', lines.join('\n'))])).toEqual([])
  const [batch] = room.items('batch')
  expect(batch).toMatchObject({ state: 'C' })
  return { id: batch!.id, rows: namesOf(room.clickhouse()) }
}

const lose = (room: RepairRoom, where: (row: StoredRow) => boolean = () => true): void =>
  room.engine.removeRows('notes', where)

const silverKeys = (room: RepairRoom): readonly string[] =>
  [...room.store.files.keys()].filter((key) => key.startsWith('silver/'))

const loseFile = (room: RepairRoom, day: string): Promise<void> =>
  room.store.remove(
    silverKeys(room).filter((key) => key.includes(day)),
    room.call().signal,
  )

const expectRows = async (room: RepairRoom, rows: readonly string[]): Promise<void> => {
  expect(namesOf(room.clickhouse())).toEqual(rows)
  expect(namesOf(await room.silver())).toEqual(rows)
}

describe('rows lost from ClickHouse', () => {
  test.each([
    ['all of a batch', () => true, 2],
    ['some of one chunk', (row: StoredRow) => row['id'] === '1', 1],
    ['a whole chunk', (row: StoredRow) => row['id'] === '4', 1],
  ])('%s: come back out of silver', async (_, where, count) => {
    const room = createRepairRoom()
    const { id, rows } = await commit(room)
    lose(room, where)
    const result = await room.repair(id)
    expect(result).toMatchObject({ batch: id, outcome: 'whole', intact: 4 - count })
    expect(result?.chunks).toHaveLength(count)
    for (const { rows: due, after, outcome, target } of result?.chunks ?? []) {
      expect(after).toEqual({ rows: due, distinct: due })
      expect({ outcome, target }).toEqual({ outcome: 'repaired', target: 'clickhouse' })
    }
    await expectRows(room, rows)
  })

  test('come back as often as they are lost', async () => {
    const room = createRepairRoom()
    const { id, rows } = await commit(room)
    const numbers = new Set<number | undefined>()
    for (const round of [1, 2, 3]) {
      lose(room)
      expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
      await expectRows(room, rows)
      const [batch] = room.items<Batch>('batch')
      expect(batch?.state).toBe('C')
      expect(numbers.add(batch?.repairs).size).toBe(round)
    }
  })

  test('that are there twice are there once again', async () => {
    const room = createRepairRoom()
    const { id, rows } = await commit(room)
    const [first] = room.engine.rows('notes')
    room.engine.insertBlock({ table: 'notes', token: 'other', partition: 'x', rows: [first!] })
    expect(await room.repair(id)).toMatchObject({
      outcome: 'whole',
      chunks: [{ before: { rows: 5, distinct: 4 }, after: { rows: 4, distinct: 4 } }],
    })
    await expectRows(room, rows)
  })

  test.each(['never', 'at once', 'after the run'])(
    'come back by a second run after a DELETE that took too long and is done %s',
    async (isDone) => {
      const room = createRepairRoom()
      const { id, rows } = await commit(room)
      lose(room, (row) => row['id'] === '1')
      const deps = room.depsOf(createMortalProcess())
      const late: (() => Promise<void>)[] = []
      const menders = deps.menders.map((mender) => ({
        ...{ name: mender.name, fill: mender.fill, readDay: mender.readDay },
        clear: async (...args: Parameters<typeof mender.clear>) => {
          if (isDone === 'at once') await mender.clear(...args)
          if (isDone === 'after the run') late.push(() => mender.clear(...args))
          throw new Fault('TARGET_OUTCOME_UNKNOWN', 'DELETE took too long: run the same again.')
        },
      }))
      expect(await repairBatch({ ...deps, menders }, id, room.call())).toMatchObject({
        outcome: 'broken',
        chunks: [{ reason: expect.stringMatching(/DELETE took too long: run the same again/) }],
      })
      for (const land of late) await land()
      expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
      await expectRows(room, rows)
    },
  )

  test('are only told of in a dry run', async () => {
    const room = createRepairRoom()
    const { id } = await commit(room)
    lose(room)
    const before = JSON.stringify(room.state.ledger.items())
    expect(await room.repair(id, { dryRun: true })).toMatchObject({
      outcome: 'planned',
      chunks: [{ outcome: 'planned', before: { rows: 0 } }, { outcome: 'planned' }],
    })
    expect(room.clickhouse()).toEqual([])
    expect(JSON.stringify(room.state.ledger.items())).toBe(before)
  })

  test('and a whole batch are left as they are', async () => {
    const room = createRepairRoom()
    const { id } = await commit(room)
    const before = JSON.stringify(room.state.ledger.items())
    expect(await room.repair(id)).toMatchObject({ outcome: 'whole', intact: 4, chunks: [] })
    expect(JSON.stringify(room.state.ledger.items())).toBe(before)
  })
})

describe('a silver file', () => {
  test('that is lost is written anew out of the rows in ClickHouse', async () => {
    const room = createRepairRoom()
    const { id, rows } = await commit(room)
    await loseFile(room, 'dt=2026-01-02')
    expect(await room.silver()).toHaveLength(3)
    expect(await room.repair(id)).toMatchObject({
      outcome: 'whole',
      chunks: [{ target: 'silver', before: { rows: 2 }, after: { rows: 4, distinct: 4 } }],
    })
    await expectRows(room, rows)
    expect(await room.repair(id)).toMatchObject({ outcome: 'whole', chunks: [] })
  })

  test('written anew, in another order, serves ClickHouse like the first', async () => {
    const room = createRepairRoom()
    const [z, a] = ['z', 'a'].map((key) => room.put(`${key}.jsonl`, '{"id":"x"}'))
    await room.deliver([z!, a!])
    const { id } = room.items('batch')[0]!
    const rows = namesOf(room.clickhouse())
    const [key] = silverKeys(room)
    const before = room.store.files.get(key!)?.sha256
    await loseFile(room, 'dt=')
    await room.repair(id)
    expect(room.store.files.get(key!)?.sha256).not.toBe(before)
    lose(room)
    expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
    await expectRows(room, rows)
  })

  test('that is there with other rows is told of and not replaced', async () => {
    const room = createRepairRoom()
    const { id } = await commit(room)
    const [key] = silverKeys(room)
    const bytes = await encodeParquet([], [])
    await room.store.remove([key!], room.call().signal)
    const file = { sha256: sha256Of(bytes), contentType: '' }
    await room.store.write(key!, bytes, file, room.call().signal)
    expect(await room.repair(id)).toMatchObject({
      outcome: 'broken',
      chunks: [
        { target: 'silver', outcome: 'broken', reason: expect.stringMatching(/delete that/) },
      ],
    })
    expect(room.store.files.get(key!)?.sha256).toBe(file.sha256)
  })

  test('is not written out of rows that are not those of the manifest', async () => {
    const room = createRepairRoom()
    const { id } = await commit(room)
    await loseFile(room, 'dt=2026-01-02')
    const process = createMortalProcess()
    const { menders } = room.depsOf(process)
    const mender = menders[0]!
    const readDay = mender.readDay.bind(mender)
    const doubled = {
      ...mender,
      readDay: async (...args: Parameters<typeof readDay>) => {
        const { columns, rows } = await readDay(...args)
        return { columns, rows: [rows[0]!, rows[0]!] }
      },
    }
    const deps = { ...room.depsOf(process), menders: [doubled] }
    expect(await repairBatch(deps, id, room.call())).toMatchObject({
      outcome: 'broken',
      chunks: [{ reason: expect.stringMatching(/2 rows \(1 distinct\) of 2026-01-02.* says 2/) }],
    })
    expect(await room.silver()).toHaveLength(3)
  })
})

describe('a repair refuses or gives up', () => {
  test('what no target holds whole: its sources are to be reloaded', async () => {
    const room = createRepairRoom()
    const { id } = await commit(room)
    lose(room, (row) => row['id'] === '0')
    await loseFile(room, 'dt=2026-01-02')
    const result = await room.repair(id)
    expect(result?.outcome).toBe('broken')
    expect(result?.chunks.map(({ target, outcome }) => [target, outcome])).toEqual([
      ['clickhouse', 'reload'],
      ['silver', 'reload'],
    ])
    expect(room.clickhouse()).toHaveLength(4)
  })

  test('a sealed batch: the sweep applies it', async () => {
    const room = createRepairRoom()
    room.state.refuse = () => new Fault('TARGET_UNAVAILABLE', 'down')
    await room.deliver([room.put('a.jsonl', lines.join('\n'))])
    const [batch] = room.items('batch')
    expect(await room.repair(batch!.id)).toMatchObject({
      ...{ outcome: 'refused', reason: expect.stringMatching(/the sweep applies it/) },
    })
  })

  test('a batch nobody knows', async () => {
    expect(await createRepairRoom().repair('X')).toMatchObject({ outcome: 'refused' })
  })

  test('chunks that were rejected stay rejected', async () => {
    const room = createRepairRoom()
    const isRefused = ({ month }: Chunk): boolean => month === '2026-02'
    room.state.refuse = (chunk) =>
      isRefused(chunk) ? new Fault('TARGET_REFUSED_DATA', 'no') : undefined
    await room.deliver([room.put('a.jsonl', lines.join('\n'))])
    const { id } = room.items('batch')[0]!
    await room.reject(id)
    room.state.refuse = () => undefined
    expect(await room.repair(id)).toMatchObject({ outcome: 'whole', intact: 3, chunks: [] })
    lose(room, (row) => row['id'] === '1')
    expect(await room.repair(id)).toMatchObject({ outcome: 'whole', chunks: [{ n: 0 }] })
    expect(room.clickhouse()).toHaveLength(4)
  })
})

describe('a repair killed at any of its calls', () => {
  const losses = [
    ['rows', (room: RepairRoom) => lose(room)],
    ['some rows', (room: RepairRoom) => lose(room, (row) => row['id'] === '2')],
    ['files', (room: RepairRoom) => loseFile(room, 'dt=2026-01')],
  ] as const
  const fates: readonly Fate[] = ['before', 'after']
  test.each(losses.flatMap(([name, damage]) => fates.map((fate) => [name, fate, damage] as const)))(
    'and begun again puts back %s, dying %s its effect',
    async (_, fate, damage) => {
      let died = 0
      for (let at = 1; ; at += 1) {
        const room = createRepairRoom()
        const { id, rows } = await commit(room)
        await damage(room)
        if (await room.repair(id, {}, createMortalProcess(at, fate))) break
        died += 1
        const result = await room.repair(id)
        expect(result).toMatchObject({ outcome: 'whole' })
        await expectRows(room, rows)
      }
      expect(died).toBeGreaterThan(12)
    },
  )

  test('two at once: the one that began first leaves it to the other', async () => {
    const room = createRepairRoom()
    const { id, rows } = await commit(room)
    lose(room)
    const results = await Promise.all([room.repair(id), room.repair(id)])
    expect(results).toMatchObject([
      { outcome: 'broken', chunks: [{ reason: expect.stringMatching(/another repair/) }, {}] },
      { outcome: 'whole' },
    ])
    await expectRows(room, rows)
  })
})
