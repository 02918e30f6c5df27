import { Fault, type Store } from '@silversmith/core'
import { createReconcile } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryLedger, sha256Of } from '../index.ts'
import { createRepairRoom } from '../repair/repair-room.ts'
import { createReconcileRoom, line } from './reconcile-room.ts'

const idle = new AbortController().signal
const nothing = new Uint8Array()

/** As consoles make a folder. */
const mark = (store: Store, key: string): Promise<void> =>
  store.write(key, nothing, { sha256: sha256Of(nothing), contentType: '' }, idle)

describe('files that others put between ours', () => {
  test('do not keep reconcile from comparing what the targets hold', async () => {
    const { room, wait, countsOf, engine } = createReconcileRoom()
    await room.run(room.put('a.jsonl', line('a')))
    wait()
    for (const key of ['_batches/', '_batches/README', 'silver/notes/', 'silver/notes/_SUCCESS'])
      await mark(room.store, key)
    expect(await countsOf()).toEqual({ matched: 1, chunksMatched: 2 })
    engine.removeRows('notes', () => true)
    expect(await countsOf()).toEqual({ matched: 1, chunksMatched: 1, chunksMissing: 1 })
  })

  test('do not pass for manifests of batches nobody knows', async () => {
    const { room, wait, look } = createReconcileRoom()
    await room.run(room.put('a.jsonl', line('a')))
    room.put('lost.jsonl', line('lost'))
    wait()
    const [manifest = ''] = [...room.store.files.keys()].filter((key) =>
      key.startsWith('_batches/'),
    )
    await mark(room.store, manifest.slice(0, manifest.lastIndexOf('/') + 1))
    expect((await look({ enqueue: true })).counts).toMatchObject({ enqueued: 1 })
  })

  test('do not keep a ledger from being rebuilt', async () => {
    const room = createRepairRoom()
    const source = room.put('a.jsonl', line('a'))
    await room.deliver([source])
    room.state.ledger = createMemoryLedger()
    await mark(room.store, '_batches/')
    expect(await room.rebuild()).toMatchObject({ batches: { committed: 1 } })
    await room.deliver([source])
    expect(room.clickhouse()).toHaveLength(1)
  })
})

test('a target that does not answer hides no lost event', async () => {
  const refuse = (): Promise<never> => Promise.reject(new Fault('TARGET_DENIED', 'no'))
  const down = { name: 'clickhouse', inspect: refuse, listTokens: refuse }
  const { room, wait } = createReconcileRoom()
  await room.run(room.put('a.jsonl', line('a')))
  room.put('lost.jsonl', line('lost'))
  wait()
  const reconcile = createReconcile({
    ...{ pipeline: 'p', bronze: room.bronze, ledger: room.ledger, store: room.store },
    ...{ queue: room.queue, clock: room.clock, log: room.log, inspectors: [down], tables: [] },
    routes: [{ prefix: '', suffixes: ['.jsonl'], dataset: 'notes' }],
  })
  const request = { bucket: 'b', prefix: '', enqueue: false }
  await expect(reconcile(request, room.call())).rejects.toMatchObject({ code: 'TARGET_DENIED' })
  expect(room.log.events).toContainEqual(
    expect.objectContaining({ kind: 'reconcile-found', finding: 'source-missing' }),
  )
})

test('a repair after a restore of the ledger uses a token no target remembers', async () => {
  const room = createRepairRoom()
  await room.deliver([room.put('a.jsonl', line('a') + line('b'))])
  const { id } = room.items('batch')[0]!
  const lose = (): void => room.engine.removeRows('notes', (row) => row['id'] === 'a')
  lose()
  expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
  room.state.ledger = createMemoryLedger()
  await room.rebuild()
  room.clock.advance(3_600_000)
  lose()
  expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
})
