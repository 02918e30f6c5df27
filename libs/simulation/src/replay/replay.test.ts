import { Fault, type Replicator } from '@silversmith/core'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createMortalProcess } from '../repair/mortal-process.ts'
import { createReplayRoom, folder, linesOf } from './replay-room.ts'

const ways = [
  ['copy', folder],
  ['queue', undefined],
] as const

type Room = ReturnType<typeof createReplayRoom>

const fill = async (room: Room): Promise<void> => {
  room.put('dt=2026-01-01/a.jsonl', linesOf('a1', 'a2'))
  room.put('naïve/漢字 +%.jsonl', linesOf('u1'))
  room.put('array.json', JSON.stringify([{ id: 'j1' }, { id: 'j2' }, { no: 'id' }]))
  room.put('packed.jsonl.gz', gzipSync(linesOf('z1')))
  room.put('encoded.jsonl', gzipSync(linesOf('e1')), 'gzip')
}
const all = ['a1', 'a2', 'e1', 'j1', 'j2', 'u1', 'z1']

describe.each(ways)('a replay via %s', (via, copiesTo) => {
  test('003-14: of what is loaded makes no row, and copies and sends nothing', async () => {
    const room = createReplayRoom()
    await fill(room)
    await room.settle()
    expect(room.shown()).toEqual(all)
    expect(await room.replay({ copiesTo })).toMatchObject({
      ...{ listed: 5, found: 5, sent: 0, standings: { loaded: 5 } },
    })
    expect([...room.events, ...room.queue.bodies]).toEqual([])
  })

  test('003-14: of what was handed over before it was loaded makes each row once', async () => {
    const room = createReplayRoom()
    await fill(room)
    // Nothing is loaded yet: a replay cannot know that the events are still coming.
    expect(await room.replay({ copiesTo })).toMatchObject({ sent: 5 })
    expect(await room.settle()).toEqual([])
    expect(room.shown()).toEqual(all)
  })

  test.each(['versioned', 'unversioned', 'suspended'] as const)(
    '003-14: of a %s bucket loads what was never told, arrays and gzip, with the names of the origins',
    async (state) => {
      const room = createReplayRoom(state)
      await fill(room)
      room.loseEvents()
      expect(await room.replay({ copiesTo })).toMatchObject({ found: 5, sent: 5, there: 0 })
      expect(await room.settle()).toEqual([])
      expect(room.shown()).toEqual(all)
      const sources = new Set(room.rows().map((row) => String(row['_source'])))
      expect([...sources].every((source) => !source.includes('_replay'))).toBe(true)
      expect(sources).toContain('s3://b/naïve/漢字 +%.jsonl')
      // Its copies are no objects: no later replay sees them, whatever the routes accept.
      expect(await room.replay({ copiesTo })).toMatchObject({ listed: 5, sent: 0 })
      expect(await room.replay({ copiesTo: '_replay/s/' })).toMatchObject({ listed: 5, sent: 0 })
    },
  )

  test('003-14: takes the start of its window and leaves the end, so that none is in two or in none', async () => {
    const room = createReplayRoom()
    const start = room.clock.now()
    for (const id of ['a', 'b', 'c']) {
      room.put(`${id}.jsonl`, linesOf(id))
      await room.clock.sleep(1_000)
    }
    room.loseEvents()
    const window = { start, end: start + 1_000 }
    expect(await room.replay({ copiesTo, ...window })).toMatchObject({ found: 1, sent: 1 })
    await room.settle()
    expect(room.shown()).toEqual(['a'])
    const next = { start: start + 1_000, end: start + 2_000 }
    expect(await room.replay({ copiesTo, ...next })).toMatchObject({ found: 1, sent: 1 })
    await room.settle()
    expect(room.shown()).toEqual(['a', 'b'])
  })

  test('forced shows the new generation only, and a second one the next', async () => {
    const room = createReplayRoom()
    await fill(room)
    await room.settle()
    const generations: (number | undefined)[] = []
    for (const n of [1, 2]) {
      const to = copiesTo && `${copiesTo}${n}/`
      const sum = await room.replay({ copiesTo: to, force: true })
      expect(sum).toMatchObject({ found: 5, sent: 5 })
      generations.push(sum?.generation)
      expect(await room.settle()).toEqual([])
      expect(room.shown()).toEqual(all)
      expect(new Set(room.current().map((row) => Number(row['_generation'])))).toEqual(
        new Set([sum?.generation]),
      )
    }
    expect(generations[1]).toBeGreaterThan(generations[0] ?? Infinity)
  })

  test('says what it would do and does nothing', async () => {
    const room = createReplayRoom()
    await fill(room)
    room.loseEvents()
    const sum = await room.replay({ copiesTo, dryRun: true, force: true })
    expect(sum).toMatchObject({ found: 5, sent: 5, generation: undefined })
    expect([...room.events, ...room.queue.bodies]).toEqual([])
  })

  test('stops at its limit and says so', async () => {
    const room = createReplayRoom()
    await fill(room)
    room.loseEvents()
    expect(await room.replay({ copiesTo, limit: 2 })).toMatchObject({ sent: 2, isCut: true })
    expect(await room.replay({ copiesTo, limit: 5 })).toMatchObject({ isCut: false })
  })

  test('keeps to its rate', async () => {
    const room = createReplayRoom()
    await fill(room)
    const before = room.clock.now()
    await room.replay({ copiesTo, objectsPerSecond: 2 })
    expect(room.clock.now() - before).toBeGreaterThanOrEqual(2_000)
  })

  test('003-14: hands over the others where one fails, and tells of it', async () => {
    const room = createReplayRoom()
    await fill(room)
    room.loseEvents()
    const refused = new Fault('QUEUE_DENIED', 'the entry failed')
    const queue = {
      send: async (body: string) => {
        if (body.includes('packed')) throw refused
        await room.queue.send(body)
      },
    }
    const replicator: Pick<Replicator, 'copy'> = {
      copy: async (origin, order, signal) => {
        if (origin.key.includes('packed')) throw refused
        return room.replicator.copy(origin, order, signal)
      },
    }
    const sum = await room.replay({ copiesTo }, undefined, { queue, replicator })
    expect(sum).toMatchObject({
      sent: 4,
      failed: [{ url: 's3://b/packed.jsonl.gz', problem: 'QUEUE_DENIED: the entry failed' }],
    })
    await room.settle()
    expect(room.shown()).toEqual(all.filter((id) => id !== 'z1'))
    await room.replay({ copiesTo })
    await room.settle()
    expect(room.shown()).toEqual(all)
  })

  test.each([false, true])(
    'killed at any call and run again is right (forced: %s)',
    async (force) => {
      const probe = createMortalProcess()
      const whole = createReplayRoom()
      await fill(whole)
      whole.loseEvents()
      await whole.replay({ copiesTo, force }, probe)
      for (let at = 1; at <= probe.calls(); at += 1)
        for (const fate of ['before', 'after'] as const) {
          const room = createReplayRoom()
          await fill(room)
          room.loseEvents()
          await room.replay({ copiesTo, force }, createMortalProcess(at, fate))
          if (at % 2 === 0) await room.settle()
          await room.replay({ copiesTo, force })
          await room.settle()
          expect(room.shown(), `${via}: died ${fate} call ${at}`).toEqual(all)
        }
    },
  )
})

describe('a copy', () => {
  test('is read where its origin is gone, as what that was', async () => {
    const room = createReplayRoom('unversioned')
    await fill(room)
    room.loseEvents()
    const before = room.clock.now()
    await room.replay({ copiesTo: folder })
    await room.clock.sleep(86_400_000)
    for (const key of ['dt=2026-01-01/a.jsonl', 'array.json']) room.bronze.deleteObject('b', key)
    room.bronze.putObject('b', 'packed.jsonl.gz', gzipSync(linesOf('other')))
    room.events.pop()
    expect(await room.settle()).toEqual([])
    expect(room.shown()).toEqual(all)
    const times = new Set(room.rows().map((row) => Number(row['_object_time'])))
    expect(Math.max(...times)).toBeLessThan((before + 86_400_000) * 1_000)
  })

  test('003-14: that was put there by hand is refused, and nothing is loaded', async () => {
    const room = createReplayRoom()
    room.put('_replay/by-hand.jsonl', linesOf('x'))
    const refused = await room.settle()
    expect(refused).toMatchObject([{ code: 'EVENT_UNKNOWN' }])
    expect(room.shown()).toEqual([])
  })

  test('made with --force is not mistaken for one made without, in the same folder', async () => {
    const room = createReplayRoom()
    await fill(room)
    room.loseEvents()
    await room.replay({ copiesTo: folder })
    await room.settle()
    const sum = await room.replay({ copiesTo: folder, force: true })
    expect(sum?.sent).toBe(0)
    expect(sum?.failed.map(({ problem }) => problem.split(':')[0])).toEqual(
      Array.from({ length: 5 }, () => 'STORE_CONFLICT'),
    )
  })
})
