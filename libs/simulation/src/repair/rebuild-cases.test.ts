import type { MemoryFile } from '../index.ts'
import { type Batch, type Claim, Fault, type Source } from '@silversmith/core'
import { manifestPrefix, rebuildLedger } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryLedger } from '../index.ts'
import { createMortalProcess, type DeathPlace } from './mortal-process.ts'
import { createRepairRoom, namesOf, type RepairRoom } from './repair-room.ts'

const atManifest: DeathPlace = (method, [key]) =>
  method === 'write' && String(key).startsWith(manifestPrefix)
const atSeal: DeathPlace = (method, [item]) =>
  method === 'write' && (item as Partial<Batch>).state === 'S'
const atCopy: DeathPlace = (method) => method === 'copy'
const atRemoval: DeathPlace = (method) => method === 'remove'

const line = (id: string): string => `{"id":"${id}"}`

/** A batch that dies there, the call having had its effect. */
const deliverTo = async (room: RepairRoom, place: DeathPlace, ...sources: Source[]) => {
  const before = new Set(room.items<Batch>('batch').map(({ id }) => id))
  await room.deliver(sources, createMortalProcess(place, 'after'))
  room.clock.advance(600_000)
  return room.items<Batch>('batch').find(({ id }) => !before.has(id))!.id
}

const forget = (room: RepairRoom): void => void (room.state.ledger = createMemoryLedger())

const statesOf = (room: RepairRoom): Readonly<Record<string, string>> =>
  Object.fromEntries(room.items<Batch>('batch').map(({ id, state }) => [id, state]))

const claimsOf = (room: RepairRoom): Readonly<Record<string, string>> =>
  Object.fromEntries(room.items<Claim>('claim').map(({ id, batch }) => [id, batch]))

describe('a batch the ledger forgot', () => {
  test('and that was applied in part is sealed again; the sweep commits it', async () => {
    const room = createRepairRoom()
    const a = room.put('a.jsonl', line('a'))
    const id = await deliverTo(room, atCopy, a)
    forget(room)
    expect(await room.rebuild()).toMatchObject({ batches: { sealed: 1 }, claims: 1, findings: [] })
    expect(statesOf(room)).toEqual({ [id]: 'S' })
    expect(room.state.ledger.items().map(({ item }) => item)).toContainEqual({
      ...{ kind: 'pipeline', id: 'p', targets: ['clickhouse', 'silver'] },
    })
    await room.sweepAll()
    await room.deliver([a])
    expect(statesOf(room)).toEqual({ [id]: 'C' })
    expect(room.clickhouse()).toHaveLength(1)
    expect(namesOf(await room.silver())).toEqual(namesOf(room.clickhouse()))
  })

  test('and of which nothing was applied yet is sealed again: its messages may be gone', async () => {
    const room = createRepairRoom()
    const id = await deliverTo(room, atSeal, room.put('a.jsonl', line('a')))
    forget(room)
    await room.rebuild()
    expect(statesOf(room)).toEqual({ [id]: 'S' })
    await room.sweepAll()
    expect(room.clickhouse()).toHaveLength(1)
  })

  test('and that was committed is committed again, whether its staging was deleted or not', async () => {
    const room = createRepairRoom()
    const done = await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    const staged = await deliverTo(room, atRemoval, room.put('b.jsonl', line('b')))
    forget(room)
    await room.rebuild()
    expect(statesOf(room)[done]).toBe('C')
    await room.sweepAll()
    expect(statesOf(room)[staged]).toBe('C')
    expect(room.clickhouse()).toHaveLength(2)
  })

  test('of two that have a source in common the newer was sealed, if any', async () => {
    const room = createRepairRoom()
    const [a, b, c] = ['a', 'b', 'c'].map((id) => room.put(`${id}.jsonl`, line(id)))
    const older = await deliverTo(room, atManifest, a!, c!)
    // Of suspects one half is tried at a time, and the older one's staging is never cleaned away.
    const newer = await deliverTo(room, atSeal, a!)
    const other = await deliverTo(room, atSeal, b!)
    forget(room)
    expect(await room.rebuild()).toMatchObject({ batches: { sealed: 2, aborted: 1 } })
    expect(statesOf(room)).toEqual({ [older]: 'A', [newer]: 'S', [other]: 'S' })
    expect(claimsOf(room)).toEqual({ [a!.id]: newer, [b!.id]: other })
    await room.sweepAll()
    await room.deliver([a!, b!, c!])
    expect(namesOf(room.clickhouse()).map((name) => name.at(-1))).toEqual(['a', 'b', 'c'])
  })

  test('and that was aborted, its staging deleted, is aborted again', async () => {
    const room = createRepairRoom()
    const a = room.put('a.jsonl', line('a'))
    const id = await deliverTo(room, atManifest, a)
    await room.sweepAll()
    expect(statesOf(room)).toEqual({ [id]: 'A' })
    forget(room)
    expect(await room.rebuild()).toMatchObject({ batches: { aborted: 1 }, claims: 0 })
    await room.deliver([a])
    expect(room.clickhouse()).toHaveLength(1)
  })

  test('and that lost rows since is committed, with the finding that it is to be repaired', async () => {
    const room = createRepairRoom()
    const id = await deliverTo(room, () => false, room.put('a.jsonl', `${line('a')}\n${line('b')}`))
    room.engine.removeRows('notes', (row) => row['id'] === 'a')
    forget(room)
    expect(await room.rebuild()).toMatchObject({
      batches: { committed: 1 },
      findingCount: 1,
      findings: [{ batch: id, problem: expect.stringContaining(`silversmith repair ${id}`) }],
    })
    expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
  })

  test('keeps what an operator rejected of it', async () => {
    const room = createRepairRoom()
    room.state.refuse = () => new Fault('TARGET_REFUSED_DATA', 'no')
    const id = await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    await room.reject(id)
    forget(room)
    expect(await room.rebuild()).toMatchObject({ batches: { committed: 1 }, findings: [] })
    expect(room.items('batch')).toMatchObject([{ state: 'C', rejected: { clickhouse: 1 } }])
  })

  test('of which a target cannot be looked into, and nothing is left, is told of', async () => {
    const room = createRepairRoom()
    const id = await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    const [manifest] = room.manifests()
    const silver = [...room.store.files.keys()].filter((key) => key.startsWith('silver/'))
    await room.store.remove(silver, room.call().signal)
    forget(room)
    const deps = { ...room.depsOf(createMortalProcess()), inspectors: [] }
    expect(manifest?.batch).toBe(id)
    expect(await rebuildLedger(deps, room.call())).toMatchObject({
      batches: { undecided: 1 },
      findings: [{ batch: id, problem: expect.stringContaining('clickhouse') }],
    })
    expect(statesOf(room)).toEqual({})
  })
})

describe('a batch the ledger remembers', () => {
  test('as forming is judged like one it forgot, and counted', async () => {
    const room = createRepairRoom()
    const id = await deliverTo(room, atManifest, room.put('a.jsonl', line('a')))
    const forming = room.state.ledger.items()
    await deliverTo(room, () => false, room.put('b.jsonl', line('b')))
    expect(statesOf(room)[id]).toBe('F')
    forget(room)
    for (const { item } of forming) await room.ledger.write(item, 0, room.call().signal)
    const result = await room.rebuild()
    expect(result).toMatchObject({ forming: 1, batches: { sealed: 1, committed: 1 } })
    expect(result?.warning).toMatch(/must be paused/)
    await room.sweepAll()
    expect(room.clickhouse()).toHaveLength(2)
  })

  test('as sealed, its staging deleted since, is committed', async () => {
    const room = createRepairRoom()
    const id = await deliverTo(room, atCopy, room.put('a.jsonl', line('a')))
    const sealed = room.state.ledger.items()
    await room.sweepAll()
    forget(room)
    for (const { item } of sealed) await room.ledger.write(item, 0, room.call().signal)
    expect(statesOf(room)).toEqual({ [id]: 'S' })
    expect(await room.rebuild()).toMatchObject({ batches: { committed: 1 }, findings: [] })
    expect(statesOf(room)).toEqual({ [id]: 'C' })
  })

  test('as aborted, though rows of it are there, is committed: a sweep ran before the rebuild', async () => {
    const room = createRepairRoom()
    const a = room.put('a.jsonl', line('a'))
    const id = await deliverTo(room, atManifest, a)
    const forming = room.state.ledger.items()
    const batch = room.items<Batch>('batch')[0]!
    await room.rebuild()
    await room.sweepAll()
    expect(room.clickhouse()).toHaveLength(1)
    forget(room)
    for (const { item } of forming) await room.ledger.write(item, 0, room.call().signal)
    await room.sweepAll()
    expect(batch.state).toBe('F')
    expect(statesOf(room)).toEqual({ [id]: 'A' })
    expect(await room.rebuild()).toMatchObject({ batches: { committed: 1 }, claims: 0 })
    await room.deliver([a])
    expect(room.clickhouse()).toHaveLength(1)
  })

  test('with another manifest is left alone and told of', async () => {
    const room = createRepairRoom()
    const id = await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    const batch = room.items<Batch>('batch')[0]!
    const changed = { ...batch, manifest: { ...batch.manifest!, sha256: 'other' } }
    forget(room)
    await room.ledger.write(changed, 0, room.call().signal)
    expect(await room.rebuild()).toMatchObject({
      batches: { undecided: 1 },
      findings: [{ batch: id, problem: expect.stringContaining('another manifest') }],
    })
    expect(room.items('batch')).toEqual([changed])
  })
})

describe('manifests', () => {
  test('of other pipelines are passed over', async () => {
    const room = createRepairRoom()
    await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    forget(room)
    const deps = { ...room.depsOf(createMortalProcess()), pipeline: 'other' }
    expect(await rebuildLedger(deps, room.call())).toMatchObject({ batches: { foreign: 1 } })
    expect(room.state.ledger.items()).toEqual([])
  })

  test('of days before the first to be looked at are not read', async () => {
    const room = createRepairRoom()
    await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    room.clock.advance(2 * 86_400_000)
    const late = await deliverTo(room, () => false, room.put('b.jsonl', line('b')))
    forget(room)
    await room.rebuild({ from: '2026-01-02' })
    expect(statesOf(room)).toEqual({ [late]: 'C' })
  })

  test('that are damaged are told of, and the others rebuilt', async () => {
    const room = createRepairRoom()
    const bad = await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    const good = await deliverTo(room, () => false, room.put('b.jsonl', line('b')))
    const key = [...room.store.files.keys()].find((one) => one.endsWith(`${bad}.json`))!
    const files = room.store.files as Map<string, MemoryFile>
    const file = files.get(key)!
    files.set(key, { ...file, bytes: file.bytes.with(0, 0) })
    forget(room)
    expect(await room.rebuild()).toMatchObject({
      batches: { undecided: 1, committed: 1 },
      findings: [{ batch: bad, manifest: key }],
    })
    expect(statesOf(room)).toEqual({ [good]: 'C' })
  })

  const putBack = async (room: RepairRoom, change: (text: string) => string = (text) => text) => {
    const [key] = [...room.store.files.keys()].filter((one) => one.startsWith(manifestPrefix))
    const files = room.store.files as Map<string, unknown>
    const { bytes } = files.get(key!) as MemoryFile
    // As a copy is: without the metadata.
    files.set(key!, { bytes: Buffer.from(change(Buffer.from(bytes).toString())) })
    return key!
  }

  test('put back from a copy, without their hash, are taken by their bytes', async () => {
    const room = createRepairRoom()
    const a = room.put('a.jsonl', line('a'))
    const id = await deliverTo(room, () => false, a)
    const { sha256 } = room.items<Batch>('batch')[0]!.manifest!
    await putBack(room)
    forget(room)
    expect(await room.rebuild()).toMatchObject({ batches: { committed: 1 }, findings: [] })
    expect(room.items('batch')).toMatchObject([{ id, state: 'C', manifest: { sha256 } }])
    await room.deliver([a])
    expect(room.clickhouse()).toHaveLength(1)
    expect(await room.rebuild()).toMatchObject({ batches: { kept: 1 }, findings: [] })
  })

  test.each([
    ['cut short', (text: string) => text.slice(0, -9)],
    ['of another batch', (text: string) => text.replace(/"batch":"./, '"batch":"7')],
    ['of another day', (text: string) => text.replace(/"createdAt":\d/, '"createdAt":9')],
    ['with other fields', (text: string) => text.replace('"sources"', '"others"')],
  ])('put back without their hash and %s are not believed', async (_, change) => {
    const room = createRepairRoom()
    await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    const manifest = await putBack(room, change)
    forget(room)
    expect(await room.rebuild()).toMatchObject({
      ...{ batches: { undecided: 1 }, findings: [{ manifest }] },
    })
    expect(statesOf(room)).toEqual({})
  })

  test('put back without their hash are not believed against the seal', async () => {
    const room = createRepairRoom()
    await deliverTo(room, () => false, room.put('a.jsonl', line('a')))
    await putBack(room, (text) => `${text} `)
    const before = room.items('batch')
    expect(await room.rebuild()).toMatchObject({
      batches: { undecided: 1 },
      findings: [{ problem: expect.stringContaining('another manifest') }],
    })
    expect(room.items('batch')).toEqual(before)
  })

  test('there being none, there is nothing to do', async () => {
    expect(await createRepairRoom().rebuild()).toMatchObject({ claims: 0, findingCount: 0 })
  })
})
