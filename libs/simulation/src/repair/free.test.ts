import type { Batch, Claim, Ledger, Source } from '@silversmith/core'
import { manifestPrefix } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryIds, createMemoryLedger } from '../index.ts'
import type { MortalProcess } from './mortal-process.ts'
import { createRepairRoom, namesOf, type RepairRoom } from './repair-room.ts'

const signal = new AbortController().signal

/** A ledger that has lost the batch, and of the rest only the claims. */
const loseBatch = async (
  claims: readonly Claim[],
): Promise<ReturnType<typeof createMemoryLedger>> => {
  const ledger = createMemoryLedger()
  for (const claim of claims) await (ledger as Ledger).write(claim, 0, signal)
  return ledger
}

describe('a batch the ledger lacks', () => {
  test('and that was never sealed keeps its sources out until it is freed; then they are loaded once', async () => {
    const room = createRepairRoom()
    const source = room.put('a.jsonl', '{"id":"a1"}')
    const gone = createMemoryIds(9, room.clock).next()
    const claim: Claim = { kind: 'claim', id: source.id, batch: gone, generation: 0, tries: 0 }
    room.state.ledger = await loseBatch([claim])
    expect(await room.deliver([source])).toHaveLength(1)
    expect(room.clickhouse()).toEqual([])

    expect(await room.free(gone, { dryRun: true })).toMatchObject({ outcome: 'planned' })
    expect(await room.deliver([source])).toHaveLength(1)
    expect(await room.free(gone)).toMatchObject({ batch: gone, outcome: 'freed' })
    expect(await room.deliver([source])).toEqual([])
    const once = namesOf(room.clickhouse())
    expect(once).toHaveLength(1)

    expect(await room.free(gone)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('it is aborted'),
    })
    expect(await room.deliver([source])).toEqual([])
    expect(namesOf(room.clickhouse())).toEqual(once)
  })

  test('and that has a manifest may have been sealed: it is left to the rebuild', async () => {
    const room = createRepairRoom()
    const source = room.put('a.jsonl', '{"id":"a1"}')
    await room.deliver([source])
    const [batch] = room.items('batch')
    const once = namesOf(room.clickhouse())
    room.state.ledger = await loseBatch(room.items<Claim>('claim'))
    expect(await room.free(batch!.id)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/_batches\/.*silversmith ledger rebuild/),
    })
    expect(await room.deliver([source])).toHaveLength(1)
    await room.rebuild()
    expect(await room.deliver([source])).toEqual([])
    expect(namesOf(room.clickhouse())).toEqual(once)
  })
  test.each([-1, 0, 1])('is found by a manifest of the day %i days from its own', async (days) => {
    const room = createRepairRoom()
    await room.deliver([room.put('a.jsonl', '{"id":"a1"}')])
    const [batch] = room.items('batch')
    const [found] = [...room.store.files].filter(([key]) => key.startsWith(manifestPrefix))
    const [key, { bytes, sha256, contentType }] = found!
    const day = new Date(room.clock.now() + days * 86_400_000).toISOString().slice(0, 10)
    await room.store.remove([key], signal)
    const moved = `${manifestPrefix}dt=${day}/${batch!.id}.json`
    await room.store.write(moved, bytes, { sha256, contentType }, signal)
    room.state.ledger = await loseBatch(room.items<Claim>('claim'))
    expect(await room.free(batch!.id)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(moved),
    })
  })

  test('by a name that is none of a batch is not freed', async () => {
    const room = createRepairRoom()
    expect(await room.free('01B')).toMatchObject({
      outcome: 'refused',
      reason: 'that is no id of a batch',
    })
    expect(room.items('batch')).toEqual([])
  })
})

/** A process that is held up before one of its calls until something else has happened. */
const heldUp = (at: number, meanwhile: () => Promise<void>) => {
  let count = 0
  const process: MortalProcess = {
    wrap: (port) =>
      new Proxy(port, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name)
          if (typeof member !== 'function' || name === 'list') return member
          return async (...args: unknown[]) => {
            if ((count += 1) === at) await meanwhile()
            return (member as (...args: unknown[]) => unknown).apply(target, args)
          }
        },
      }),
    run: (work) => work(),
    calls: () => count,
  }
  return process
}

/** Loses the batches that are open, frees them, and lets another process load the source. */
const loseAndFree = async (room: RepairRoom, source: Source): Promise<readonly string[]> => {
  const batches = room.items<Batch>('batch')
  room.state.ledger = await loseBatch(room.items<Claim>('claim'))
  const outcomes: string[] = []
  for (const { id } of batches) outcomes.push((await room.free(id))?.outcome ?? '')
  await room.deliver([source])
  return outcomes
}

test('a batch that is lost and freed at any call of its worker has its rows once', async () => {
  const outcomes = new Set<string>()
  for (let at = 1; ; at += 1) {
    const room = createRepairRoom()
    const source = room.put('a.jsonl', '{"id":"a1"}\n{"id":"a2"}')
    let isHeldUp = false
    const worker = heldUp(at, async () => {
      isHeldUp = true
      for (const outcome of await loseAndFree(room, source)) outcomes.add(outcome)
    })
    await room.deliver([source], worker)
    if (!isHeldUp) break
    await room.rebuild()
    room.clock.advance(3_700_000)
    await room.deliver([source])
    await room.sweepAll()
    const names = namesOf(room.clickhouse())
    expect(names, `held up at call ${at}`).toHaveLength(2)
    expect(new Set(names).size).toBe(2)
    expect(namesOf(await room.silver()), `held up at call ${at}`).toEqual(names)
  }
  expect(outcomes).toEqual(new Set(['freed', 'refused']))
})
