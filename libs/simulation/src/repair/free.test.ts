import type { Claim, Ledger } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { createMemoryLedger } from '../index.ts'
import { createRepairRoom, namesOf } from './repair-room.ts'

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
    const claim: Claim = { kind: 'claim', id: source.id, batch: 'gone', generation: 0, tries: 0 }
    room.state.ledger = await loseBatch([claim])
    expect(await room.deliver([source])).toHaveLength(1)
    expect(room.clickhouse()).toEqual([])

    expect(await room.free('gone', { dryRun: true })).toMatchObject({ outcome: 'planned' })
    expect(await room.deliver([source])).toHaveLength(1)
    expect(await room.free('gone')).toMatchObject({ batch: 'gone', outcome: 'freed' })
    expect(await room.deliver([source])).toEqual([])
    const once = namesOf(room.clickhouse())
    expect(once).toHaveLength(1)

    expect(await room.free('gone')).toMatchObject({
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
})
