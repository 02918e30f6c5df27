import { type Chunk, Fault, reloadsTable, type Target } from '@silversmith/core'
import { rejectBatch } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMortalProcess, type Fate } from './mortal-process.ts'
import { createRepairRoom, namesOf, type RepairRoom } from './repair-room.ts'

const data = new Fault('TARGET_REFUSED_DATA', 'no such rows here')
const january = (chunk: Chunk): boolean => chunk.month === '2026-01' && chunk.table === 'notes'
const lines = [0, 1, 2]
  .map((n) => `{"id":"${n}","at":${Date.UTC(2026, n, 1)}}`)
  .concat('oops')
  .join('\n')

/** A batch of three months, with a quarantine file; ClickHouse refuses January for ever. */
const sealRefused = async (room: RepairRoom, generation = 0): Promise<string> => {
  const source = { ...room.put('a.jsonl', lines), generation }
  room.state.refuse = (chunk) => (january(chunk) ? data : undefined)
  expect(await room.deliver([source])).toEqual([])
  const batch = room.items('batch')[0]!
  expect(batch).toMatchObject({ state: 'S' })
  return batch.id
}

const expectWhole = async (room: RepairRoom): Promise<void> => {
  expect(namesOf([...room.clickhouse(), ...(await room.refused())])).toEqual(
    namesOf(await room.silver()),
  )
  expect(await room.silver()).toHaveLength(3)
  expect(room.rejected()).toHaveLength(1)
  expect(room.items('batch')).toMatchObject([{ state: 'C' }])
}

describe('a batch that ClickHouse refuses for ever', () => {
  test('commits: what is refused is in quarantine, all else in its targets', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    const result = await room.reject(id)
    const key = `quarantine/notes/reason=refused/dt=2026-01-01/clickhouse-${id}-0.parquet`
    expect(result).toEqual({
      ...{ batch: id, target: 'clickhouse', outcome: 'rejected', held: 2, committed: true },
      chunks: [
        {
          ...{ n: 0, table: 'notes', rows: 1, quarantine: [key] },
          reason: 'TARGET_REFUSED_DATA: no such rows here',
        },
      ],
    })
    expect(room.items('batch')).toMatchObject([{ rejected: { clickhouse: 1 } }])
    await expectWhole(room)
    const item = room.manifests()[0]!.chunks[0]!
    expect(room.store.files.get(key)?.sha256).toBe(item.block!.sha256)
  })

  test('is changed by nothing that comes after', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    await room.reject(id)
    room.state.refuse = () => undefined
    const before = [...room.store.files.keys()]
    const again = {
      outcome: 'rejected',
      reason: 'it was rejected before',
      committed: true,
      held: 2,
    }
    expect(await room.reject(id)).toMatchObject({ ...again, chunks: [{ n: 0 }] })
    expect(await room.reject(id, { dryRun: true })).toMatchObject({ ...again, chunks: [{ n: 0 }] })
    await room.sweepAll()
    await room.deliver([room.put('a.jsonl', lines)])
    expect([...room.store.files.keys()]).toEqual(before)
    await expectWhole(room)
  })

  test('is loaded by a repair once the table is mended and its files are taken out of quarantine', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    const result = await room.reject(id)
    room.state.refuse = () => undefined
    expect(await room.repair(id)).toMatchObject({
      ...{ outcome: 'whole', intact: 5, chunks: [] },
      reason: `left out, for an operator rejected them: 1 chunks of clickhouse; silversmith batch show ${id} names their files`,
    })
    expect(room.clickhouse()).toHaveLength(2)
    const files = result?.chunks.flatMap(({ quarantine }) => quarantine) ?? []
    await room.store.remove(files, room.call().signal)
    expect(await room.repair(id)).toMatchObject({ outcome: 'whole', chunks: [{ n: 0 }] })
    expect(namesOf(room.clickhouse())).toEqual(namesOf(await room.silver()))
    expect(await room.repair(id)).not.toHaveProperty('reason')
  })

  test('of a reload rejects its entries in _reloads too, so that no view turns over', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room, 1)
    expect(await room.reject(id)).toMatchObject({
      outcome: 'rejected',
      chunks: [{ table: 'notes' }, { table: '_reloads', reason: expect.stringMatching(/before/) }],
    })
    expect(room.engine.rows(reloadsTable.name)).toEqual([])
    await room.sweepAll()
    expect(room.engine.rows(reloadsTable.name)).toEqual([])
    expect(await room.refused()).toHaveLength(2)
  })

  test('is only told of in a dry run', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    const before = JSON.stringify([room.state.ledger.items(), [...room.store.files.keys()]])
    expect(await room.reject(id, { dryRun: true })).toMatchObject({
      ...{ outcome: 'planned', committed: false },
      chunks: [{ n: 0, reason: expect.stringMatching(/REFUSED_DATA/) }, { n: 1 }, { n: 2 }],
    })
    expect(JSON.stringify([room.state.ledger.items(), [...room.store.files.keys()]])).toBe(before)
  })

  test('is kept from the sweep while it is rejected', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    room.clock.advance(3_700_000)
    const process = createMortalProcess()
    const deps = room.depsOf(process)
    const store = {
      ...deps.store,
      copy: async (...args: Parameters<typeof deps.store.copy>) => {
        if (args[1].includes('refused')) expect(await room.sweep()).toEqual([])
        return deps.store.copy(...args)
      },
    }
    const result = await rejectBatch({ ...deps, store }, id, 'clickhouse', room.call())
    expect(result.outcome).toBe('rejected')
  })

  test('whose rows were taken after all commits with nothing rejected', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    room.state.refuse = () => undefined
    expect(await room.reject(id)).toMatchObject({ outcome: 'applied', chunks: [], held: 3 })
    expect(await room.refused()).toEqual([])
    await expectWhole(room)
  })
})

describe('nothing is rejected on a guess', () => {
  const withTarget = async (
    room: RepairRoom,
    id: string,
    change: (own: Target) => Partial<Target>,
  ) => {
    const deps = room.depsOf(createMortalProcess())
    const targets = deps.targets.map((own) =>
      own.name === 'clickhouse' ? { ...own, has: own.has, put: own.put, ...change(own) } : own,
    )
    return rejectBatch({ ...deps, targets }, id, 'clickhouse', room.call())
  }

  test.each([
    ['TARGET_UNAVAILABLE', /run it again when that has passed/],
    ['TARGET_OUTCOME_UNKNOWN', /run it again when that has passed/],
    ['TARGET_DENIED', /Check the proxy. .* mend that/],
    ['TARGET_MISCONFIGURED', /Check the proxy. .* mend that/],
  ] as const)('when the answer is %s, and it is said what to look at', async (code, advice) => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    room.state.refuse = (chunk) =>
      january(chunk) ? data : chunk.n === 2 ? new Fault(code, 'Check the proxy.') : undefined
    expect(await room.reject(id)).toMatchObject({
      outcome: 'stopped',
      reason: expect.stringMatching(advice),
    })
    expect(room.clickhouse()).toHaveLength(1)
    expect(await room.refused()).toEqual([])
    expect(room.items('batch')[0]).not.toHaveProperty('rejected')
    room.state.refuse = () => undefined
    await room.sweepAll()
    await expectWhole(room)
  })

  test('when the target cannot say whether it holds the chunk', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    const result = await withTarget(room, id, () => ({
      has: () => Promise.reject(new Fault('TARGET_MISCONFIGURED', 'views')),
    }))
    expect(result).toMatchObject({ outcome: 'stopped', chunks: [] })
    expect(await room.refused()).toEqual([])
  })

  test.each([2, 3])('when rows turn up late, at the question number %i', async (at) => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    let asked = 0
    const result = await withTarget(room, id, (own) => ({
      has: async (batch, chunk, signal) => {
        if (january(chunk)) asked += 1
        if (january(chunk) && asked === at) {
          room.state.refuse = () => undefined
          await own.put(batch, chunk, signal)
        }
        return own.has(batch, chunk, signal)
      },
    }))
    expect(result.outcome).not.toBe('rejected')
    expect(await room.refused()).toEqual([])
    await room.sweepAll()
    await expectWhole(room)
  })

  test('rows that turn up at the very last moment are told', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    let asked = 0
    const result = await withTarget(room, id, (own) => ({
      has: async (batch, chunk, signal) => {
        if (january(chunk)) asked += 1
        return (january(chunk) && asked === 4) || own.has(batch, chunk, signal)
      },
    }))
    expect(result).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringMatching(/chunk 0 turned up .* remove their files/),
    })
  })

  test.each([
    ['that is not there', 'X', 'clickhouse', /has no batch/],
    ['for a target it was not sealed for', undefined, 'http', /not for http/],
  ])('of a batch %s', async (_, other, target, reason) => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    const deps = room.depsOf(createMortalProcess())
    expect(await rejectBatch(deps, other ?? id, target, room.call())).toMatchObject({
      ...{ outcome: 'refused', reason: expect.stringMatching(reason) },
    })
  })

  test('of a batch of another pipeline', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    const deps = { ...room.depsOf(createMortalProcess()), pipeline: 'other' }
    expect(await rejectBatch(deps, id, 'clickhouse', room.call())).toMatchObject({
      ...{ outcome: 'refused', reason: 'it is of pipeline p' },
    })
  })
})

describe('killed at any of its calls', () => {
  const mended = [false, true]
  const fates: readonly Fate[] = ['before', 'after']
  test.each(mended.flatMap((isMended) => fates.map((fate) => ({ isMended, fate }))))(
    'and begun again, every row is in one place: %o',
    async ({ isMended, fate }) => {
      let died = 0
      for (let at = 1; ; at += 1) {
        const room = createRepairRoom()
        const id = await sealRefused(room)
        const process = createMortalProcess(at, fate)
        if (await room.reject(id, {}, process)) break
        died += 1
        if (isMended) {
          room.state.refuse = () => undefined
          await room.sweepAll()
        }
        await room.reject(id)
        await room.sweepAll()
        await expectWhole(room)
      }
      expect(died).toBeGreaterThan(20)
    },
  )

  test('two at once reject the same', async () => {
    const room = createRepairRoom()
    const id = await sealRefused(room)
    const results = await Promise.all([room.reject(id), room.reject(id)])
    expect(results.map((result) => result?.outcome)).toEqual(['rejected', 'rejected'])
    await room.sweepAll()
    await expectWhole(room)
    expect(room.items('batch')).toMatchObject([{ rejected: { clickhouse: 1 } }])
  })
})
