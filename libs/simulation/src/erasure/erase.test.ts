import { describe, expect, test } from 'vitest'
import { createMemoryIds, sha256Of } from '../index.ts'
import { createMortalProcess, type Fate } from '../repair/mortal-process.ts'
import { createErasureRoom, type ErasureRoom, requestFor } from './erasure-room.ts'

type Held = Awaited<ReturnType<ErasureRoom['held']>>

const ann = requestFor('ann')
/** Her rows have ids of her name; the last two of her records in a.jsonl are rejected. */
const isAnn = (name: string): boolean => / ann-/.test(name) || /a\.jsonl [69]$/.test(name)

const without = (held: Held): Held => ({
  clickhouse: held.clickhouse.filter((name) => !isAnn(name)),
  silver: held.silver.filter((name) => !isAnn(name)),
  rejected: held.rejected.filter((name) => !isAnn(name)),
})

const expectErased = async (room: ErasureRoom, before: Held): Promise<void> => {
  expect(await room.held()).toEqual(without(before))
  expect(room.text()).not.toContain('"by":"ann"')
}

test('takes every row of the records out of every store, and leaves all others', async () => {
  const room = await createErasureRoom()
  const before = await room.held()
  expect(before.silver.filter(isAnn)).toEqual(before.clickhouse.filter(isAnn))
  expect(before.silver.filter(isAnn)).toHaveLength(6)
  const result = await room.erase(ann)
  expect(result).toMatchObject({ outcome: 'erased', finished: 0, rejected: 2, cut: 0 })
  expect(result?.rows).toEqual([
    { eraser: 'clickhouse', table: 'visits', rows: 4 },
    { eraser: 'clickhouse', table: 'tags', rows: 2 },
    { eraser: 'silver', table: 'visits', rows: 4 },
    { eraser: 'silver', table: 'tags', rows: 2 },
  ])
  const named = result?.records.map(({ source, record, line }) => `${source} ${record} ${line}`)
  expect(named?.toSorted()).toEqual([
    ...[0, 2, 6, 9].map((record) => `s3://b/a.jsonl ${record} ${record + 1}`),
    ...[0, 1].map((record) => `s3://b/b.jsonl ${record} ${record + 1}`),
  ])
  await expectErased(room, before)
  expect(await room.erase(ann)).toMatchObject({ outcome: 'nothing', records: [] })
  expect(await room.reconcile()).toMatchObject({ findings: [], counts: { chunksMissing: 0 } })
})

test('changes nothing in a dry run, and tells the same', async () => {
  const room = await createErasureRoom()
  const before = new Map(room.store.files)
  const planned = await room.erase(ann, { dryRun: true })
  expect(new Map(room.store.files)).toEqual(before)
  const done = await room.erase(ann)
  expect(planned).toEqual({ ...done, outcome: 'planned' })
})

describe('does not come back', () => {
  const ways: readonly (readonly [string, (room: ErasureRoom) => Promise<unknown>])[] = [
    ['by messages that come again', async (room) => room.deliver(room.sources)],
    ['by repair', (room) => room.repairAll()],
    ['by a replay of the quarantine', (room) => room.replay()],
    [
      'by a ledger that was lost and rebuilt, and what reconcile sends then',
      async (room) => {
        room.loseLedger()
        await room.rebuild()
        await room.reconcile(true)
        await room.runSent()
        await room.deliver(room.sources)
        await room.sweepAll()
      },
    ],
  ]
  test.each(ways)('%s', async (_, bringBack) => {
    const room = await createErasureRoom()
    const before = await room.held()
    await room.erase(ann)
    await bringBack(room)
    const after = await room.held()
    expect({ ...after, rejected: [...new Set(after.rejected)] }).toEqual({
      ...without(before),
      rejected: [...new Set(without(before).rejected)],
    })
    expect(await room.reconcile()).toMatchObject({ findings: [] })
  })

  test('by a reload of the objects, of which the erased records are discarded', async () => {
    const room = await createErasureRoom()
    const before = await room.held()
    await room.erase(ann)
    await room.deliver(room.sources.map((source) => ({ ...source, generation: 1 })))
    const after = await room.held()
    expect(after.silver).toEqual(after.clickhouse)
    const again = without(before).silver.flatMap((name) => [name, name.replace(' g0 ', ' g1 ')])
    expect(after.silver).toEqual(again.toSorted())
    const counts = room
      .manifests()
      .flatMap(({ sources }) =>
        sources
          .filter(({ generation }) => generation === 1)
          .map(({ object, rows, rejected, discarded }) => [object.key, rows, rejected, discarded]),
      )
    expect(counts.toSorted()).toEqual([
      ['a.jsonl', 4, 2, 4],
      ['b.jsonl', 0, 0, 2],
      ['c.jsonl', 1, 1, 0],
    ])
  })

  test('by a release that takes what was rejected', async () => {
    const room = await createErasureRoom()
    await room.erase(ann)
    room.release()
    await room.replay()
    const rejected = (await room.held()).silver.filter((name) => name.endsWith(' none'))
    expect(rejected.map((name) => name.replace(/ \S+ g0/, ''))).toEqual([
      ...['s3://b/a.jsonl 7/0 none', 's3://b/a.jsonl 8/0 none', 's3://b/c.jsonl 1/0 none'],
    ])
  })
})

test('her records stay away where no claim tells that they were there', async () => {
  const room = await createErasureRoom()
  await room.erase(ann)
  room.loseLedger()
  await room.deliver(room.sources)
  expect(room.text()).not.toContain('"by":"ann"')
  const { clickhouse, silver, rejected } = await room.held()
  expect(silver).toEqual(clickhouse)
  expect(silver.filter((name) => / bob-/.test(name)).length).toBeGreaterThan(0)
  expect([...silver, ...rejected].filter(isAnn)).toEqual([])
})

test('a batch of which nothing is left was sealed, for a rebuilt ledger too', async () => {
  const room = await createErasureRoom()
  const lines = ['ann', 'bob'].map((by) => JSON.stringify({ by }))
  const source = { ...room.put('d.jsonl', lines.join('\n')), dataset: 'visits' }
  await room.deliver([source])
  room.release()
  await room.replay()
  // Resolved, so that it goes whole; and with it all that the batch left anywhere.
  await room.erase(ann)
  const { clickhouse, silver } = await room.held()
  room.loseLedger()
  await room.rebuild()
  await room.deliver([...room.sources, source])
  await room.replay()
  expect(await room.held()).toMatchObject({ clickhouse, silver })
})

test('deletes a resolved file whole, for its other records are loaded', async () => {
  const room = await createErasureRoom()
  room.release()
  await room.replay()
  const before = await room.held()
  expect(await room.states()).toEqual(['resolved 1', 'resolved 4'])
  await room.erase(ann)
  expect(await room.states()).toEqual(['resolved 1'])
  await room.replay()
  const { clickhouse, silver } = await room.held()
  const names = before.silver.filter((name) => !isAnn(name) && !/a\.jsonl \S+ g0 [69]\//.test(name))
  expect({ clickhouse, silver }).toEqual({ clickhouse: names, silver: names })
})

test('a file of the quarantine that was written anew stays open, and its count is not known', async () => {
  const room = await createErasureRoom()
  expect(await room.states()).toEqual(['open 1', 'open 4'])
  await room.erase(ann)
  expect(await room.states()).toEqual(['open 1', 'open ?'])
})

test('rows that come back by hand are told, and go again', async () => {
  const room = await createErasureRoom()
  const before = await room.held()
  const rows = room.engine.rows('visits').filter(({ by }) => by === 'ann')
  await room.erase(ann)
  room.engine.insertBlock({ table: 'visits', token: 'by hand', partition: 'x', rows })
  const { findings } = await room.reconcile()
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['erasure-unfinished']))
  expect(await room.erase(ann)).toMatchObject({ outcome: 'erased' })
  await expectErased(room, before)
  expect(await room.reconcile()).toMatchObject({ findings: [] })
})

test('all rows of a batch that come back by hand are told, though none is missing', async () => {
  const room = await createErasureRoom()
  const rows = ['visits', 'tags'].map((table) => [table, room.engine.rows(table)] as const)
  await room.erase(ann)
  for (const [table, own] of rows) {
    room.engine.removeRows(table, () => true)
    room.engine.insertBlock({ table, token: 'by hand', partition: 'x', rows: own })
  }
  const { findings } = await room.reconcile()
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['erasure-unfinished']))
})

test('a file of silver that is put back as it was is told, and gives nothing to a repair', async () => {
  const room = await createErasureRoom()
  const before = await room.held()
  const files = [...room.store.files].filter(([key]) => key.startsWith('silver/'))
  await room.erase(ann)
  const { signal } = room.call()
  await room.store.purge('silver/', signal)
  for (const [key, file] of files) await room.store.write(key, file.bytes, file, signal)
  const { findings } = await room.reconcile()
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['erasure-unfinished']))
  room.engine.removeRows('visits', ({ by }) => by === 'bob')
  await room.repairAll()
  expect(room.clickhouse().filter(({ by }) => by === 'ann')).toEqual([])
  await room.erase(ann)
  await room.repairAll()
  await expectErased(room, before)
})

test('rows that were lost beside come back by repair without those that were erased', async () => {
  const room = await createErasureRoom()
  const before = await room.held()
  await room.erase(ann)
  room.engine.removeRows('visits', () => true)
  const { findings } = await room.reconcile()
  expect(findings.every(({ kind }) => kind === 'chunk-missing')).toBe(true)
  await room.repairAll()
  await expectErased(room, before)
  await room.store.purge('silver/', room.call().signal)
  await room.repairAll()
  await expectErased(room, before)
})

test('refuses while a batch is open, and what cannot be asked for', async () => {
  const room = await createErasureRoom()
  const { call, state } = room
  const [batch] = room.items('batch')
  const [found] = await state.ledger.read([{ kind: 'batch', id: batch!.id }], call().signal)
  const open = { ...batch!, kind: 'batch', state: 'S' } as never
  await state.ledger.write(open, found!.revision, call().signal)
  expect(await room.erase(ann)).toMatchObject({
    ...{ outcome: 'refused', reason: expect.stringContaining(batch!.id) },
  })
  const wrong = { ...ann, match: { column: 'who', value: 'ann' } }
  await expect(room.erase(wrong)).rejects.toThrow(/no column|there are id, by/)
  await expect(room.erase({ ...ann, dataset: 'x' })).rejects.toThrow(/there are visits/)
  await expect(room.erase(requestFor(''))).rejects.toThrow(/everybody/)
})

test('a message of a quarantine file as it was before brings only the others', async () => {
  const room = await createErasureRoom()
  const before = await room.held()
  const copies = [...room.store.files].filter(([key]) => key.startsWith('quarantine/'))
  await room.erase(ann)
  const { signal } = room.call()
  for (const [key, file] of copies) {
    await room.store.purge(key, signal)
    await room.store.write(key, file.bytes, file, signal)
  }
  room.release()
  await room.replay()
  const { clickhouse, silver } = await room.held()
  expect(silver).toEqual(clickhouse)
  const added = silver.filter((name) => name.endsWith(' none'))
  expect(added.map((name) => name.replace(/ \S+ g0/, ''))).toEqual([
    ...['s3://b/a.jsonl 7/0 none', 's3://b/a.jsonl 8/0 none', 's3://b/c.jsonl 1/0 none'],
  ])
  expect(silver.length - added.length).toBe(without(before).silver.length)
})

test('what a batch that ended left staged goes, too', async () => {
  const room = await createErasureRoom()
  const [{ batch } = { batch: '' }] = room.manifests()
  const bytes = Buffer.from('{"by":"ann"}')
  const file = { sha256: sha256Of(bytes), contentType: 'application/x-ndjson' }
  await room.store.write(`_staging/${batch}/1-q0.jsonl`, bytes, file, room.call().signal)
  const before = await room.held()
  await room.erase(ann)
  await expectErased(room, before)
  const left = `_staging/${createMemoryIds(7, room.clock).next()}`
  await room.store.write(`${left}/1-q0.jsonl`, bytes, file, room.call().signal)
  expect(await room.erase(ann)).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/rebuild first, and silversmith batch free/),
  })
  await room.rebuild()
  expect(await room.free(left.slice(9))).toMatchObject({ outcome: 'freed' })
  // Nothing else is found, and still it goes.
  expect(await room.erase(ann)).toMatchObject({ outcome: 'nothing' })
  expect(room.text()).not.toContain('"by":"ann"')
})

test('says that it may have missed something, where a batch was opened meanwhile', async () => {
  const room = await createErasureRoom()
  const open = (method: string): boolean => {
    if (method !== 'erase' && method !== 'removeRows') return false
    const key = `_staging/${room.manifests()[0]!.batch}x/1-0.parquet`
    const bytes = Buffer.from('{}')
    const file = { sha256: sha256Of(bytes), contentType: '' }
    void room.store.write(key, bytes, file, room.call().signal)
    return false
  }
  const result = await room.erase(ann, {}, createMortalProcess(open))
  expect(result).toMatchObject({ outcome: 'more', reason: expect.stringContaining('staged') })
})

test('no repair while an erasure is not finished, and reconcile tells of it', async () => {
  const room = await createErasureRoom()
  const process = createMortalProcess((method) => method === 'removeRows' || method === 'erase')
  await room.erase(ann, {}, process)
  const [{ batch } = { batch: '' }] = room.manifests()
  expect(await room.repair(batch)).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/erase --yes/),
  })
  const { findings } = await room.reconcile()
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['erasure-unfinished']))
  expect(await room.erase(undefined, { dryRun: true })).toMatchObject({ outcome: 'planned' })
  expect(await room.erase()).toMatchObject({ outcome: 'erased', finished: 1 })
  expect((await room.reconcile()).findings).toEqual([])
  expect(await room.erase()).toMatchObject({ outcome: 'nothing', finished: 0 })
})

test('takes as many as it may, and the rest the next time', async () => {
  const room = await createErasureRoom()
  const before = await room.held()
  const outcomes: (string | undefined)[] = []
  for (let run = 0; run < 4; run += 1)
    outcomes.push((await room.erase(ann, { recordsMax: 2 }))?.outcome)
  expect(outcomes).toEqual(['more', 'more', 'erased', 'nothing'])
  await expectErased(room, before)
})

test('a word in quarantine is not found in a longer one', async () => {
  const room = await createErasureRoom()
  const before = await room.held()
  expect(await room.erase(requestFor('nobody', ['an', 'nn', 'bo', 'no_id']))).toMatchObject({
    ...{ outcome: 'nothing', rejected: 0 },
  })
  expect(await room.held()).toEqual(before)
})

test('a file of the quarantine that is replayed before the erasure is finished brings each row once', async () => {
  const room = await createErasureRoom()
  // Its new contents are beside it.
  const isCut = (method: string, [key]: readonly unknown[]) =>
    method === 'purge' && String(key).startsWith('quarantine/')
  await room.erase(ann, {}, createMortalProcess(isCut))
  room.release()
  await room.replay()
  expect(await room.erase()).toMatchObject({ outcome: 'erased' })
  await room.replay()
  const { clickhouse, silver } = await room.held()
  expect(silver).toEqual(clickhouse)
  expect(silver).toEqual([...new Set(silver)])
  expect(silver.filter((name) => name.endsWith(' none'))).toHaveLength(3)
})

describe('killed at any call, and run again', () => {
  const fates: readonly Fate[] = ['before', 'after']
  test.each(fates)(
    'has the same end; the call has its effect: %s',
    async (fate) => {
      const whole = createMortalProcess()
      const reference = await createErasureRoom()
      await reference.erase(ann, {}, whole)
      expect(whole.calls()).toBeGreaterThan(30)
      for (let at = 1; at <= whole.calls(); at += 1) {
        const room = await createErasureRoom()
        const before = await room.held()
        await room.erase(ann, {}, createMortalProcess(at, fate))
        // Whoever comes first in between brings nothing back, and loses nothing.
        if (at % 3 === 0) await room.repairAll()
        if (at % 5 === 0) {
          room.loseLedger()
          await room.rebuild()
        }
        if (at % 2 === 0) await room.erase()
        await room.erase(ann)
        await expectErased(room, before)
        expect((await room.reconcile()).findings).toEqual([])
        const begun = [...room.store.files.keys()].filter((key) =>
          /^_erasures\/(open|files)/.test(key),
        )
        expect(begun).toEqual([])
      }
    },
    120_000,
  )

  test.each(fates)(
    'brings no row twice, whatever is loaded in between; the call has its effect: %s',
    async (fate) => {
      const whole = createMortalProcess()
      await (await createErasureRoom()).erase(ann, {}, whole)
      for (let at = 1; at <= whole.calls(); at += 1) {
        const room = await createErasureRoom()
        await room.erase(ann, {}, createMortalProcess(at, fate))
        room.release()
        if (at % 2 === 0) await room.replay()
        else await room.deliver(room.sources.map((source) => ({ ...source, generation: 1 })))
        await room.erase(ann)
        await room.replay()
        await room.deliver(room.sources)
        const { clickhouse, silver, rejected } = await room.held()
        expect(silver).toEqual(clickhouse)
        expect(silver).toEqual([...new Set(silver)])
        const isHers = (name: string): boolean =>
          isAnn(name) || /a\.jsonl \S+ g\d+ [69]\//.test(name)
        expect([...silver, ...rejected].filter(isHers)).toEqual([])
      }
    },
    120_000,
  )
})
