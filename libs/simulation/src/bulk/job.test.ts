import { Fault, type Job } from '@silversmith/core'
import { refuseTurn, type SendGuard } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMortalProcess } from '../repair/mortal-process.ts'
import { createBulkRoom, linesOf, meterOf } from './bulk-room.ts'

const dayOf = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10)

/** One object a day, of one row. */
const fill = (room: ReturnType<typeof createBulkRoom>, days: number, section = 7): void => {
  for (let n = 0; n < days; n += 1)
    room.put(
      `section/${section}/video/${dayOf(n)}T10-00-00.000000Z_${n}.jsonl`,
      linesOf(`${section}-${n}`),
    )
}

describe('a job', () => {
  test('001-8: loads the asked window by the dates of the file names, and nothing else', async () => {
    const room = createBulkRoom()
    fill(room, 30)
    const start = Date.UTC(2026, 0, 11)
    const view = await room.run('job', { window: { start, end: start + 3 * 86_400_000 } })
    expect(view).toMatchObject({
      ...{ state: 'done', next: false, failedParts: 0 },
      counts: {
        ...{ listed: 30, found: 3, sent: 3, standings: { new: 3 } },
        ...{ dates: { key: 3 }, outside: { date: 27 } },
      },
    })
    await room.load()
    expect(room.shown()).toEqual(['7-10', '7-11', '7-12'])
  })

  test('001-2: loads what is missing of a section that has rows already, and leaves the rest alone', async () => {
    const room = createBulkRoom()
    fill(room, 3)
    const live = room.put('section/7/video/2026-02-01T00-00-00.000000Z_l.jsonl', linesOf('live'))
    await room.room.run(live)
    expect(await room.run('job')).toMatchObject({
      counts: { found: 4, sent: 3, standings: { new: 3, loaded: 1 } },
    })
    await room.load()
    expect(room.shown()).toEqual(['7-0', '7-1', '7-2', 'live'])
  })

  test('001-3: a second one sends nothing, and one that was asked for twice is one', async () => {
    const room = createBulkRoom()
    fill(room, 5)
    await room.run('job')
    await room.load()
    expect(await room.run('job')).toMatchObject({ state: 'done', counts: { found: 5, sent: 5 } })
    expect(await room.run('again')).toMatchObject({ counts: { sent: 0, standings: { loaded: 5 } } })
    expect(room.take()).toEqual([])
    expect(room.shown()).toHaveLength(5)
  })

  test('has one request: its name is refused to another', async () => {
    const room = createBulkRoom()
    fill(room, 5)
    await room.run('job')
    await expect(room.run('job', { prefixes: ['section/'] })).rejects.toMatchObject({
      ...{ code: 'JOB_REFUSED', message: expect.stringContaining('another request') },
    })
    await expect(room.run('no/name')).rejects.toMatchObject({ code: 'JOB_REFUSED' })
    await expect(room.goOn('nobody')).rejects.toMatchObject({ code: 'JOB_REFUSED' })
  })

  test('001-8: of nothing says why, each time it is asked', async () => {
    const room = createBulkRoom()
    fill(room, 5)
    for (let time = 0; time < 2; time += 1)
      await expect(room.run('job', { window: { start: Date.UTC(2027, 0, 1) } })).rejects.toThrow(
        '5 objects in the bucket were looked at, all are outside of it (5 by date)',
      )
    await expect(room.run('none', { prefixes: ['nothing/'] })).rejects.toMatchObject({
      ...{ code: 'JOB_EMPTY', message: expect.stringContaining('no object below "nothing/"') },
    })
  })

  test('001-11: stops with its call and goes on with the next, each object once', async () => {
    const room = createBulkRoom()
    fill(room, 2_500)
    let calls = 1
    // The clock only moves by what the budget makes it wait.
    let view = await room.run('job', { budget: { objectsPerSecond: 100 } }, undefined, 4_000)
    for (; view?.next && calls < 100; calls += 1) {
      if (view.restUntil) room.clock.advance(Math.max(0, view.restUntil - room.clock.now()))
      view = await room.goOn('job', undefined, 4_000)
    }
    expect(calls).toBeGreaterThan(4)
    expect(view).toMatchObject({ state: 'done', counts: { found: 2_500, sent: 2_500 } })
    expect(new Set(room.take().map(({ id }) => id)).size).toBe(2_500)
  })

  test('001-11: a slice that a dead run wrote is what counts, whatever came to bronze since', async () => {
    const room = createBulkRoom({ pageMax: 10, replace: { sliceObjects: 10 } })
    fill(room, 30)
    const isSlice = (name: string, [key]: readonly unknown[]): boolean =>
      name === 'write' && String(key).includes('/slices/000-0000001')
    expect(await room.run('job', {}, createMortalProcess(isSlice, 'after'))).toBeUndefined()
    for (let n = 0; n < 3; n += 1)
      room.put(`section/7/video/${dayOf(12)}T09-00-00.000000Z_live${n}.jsonl`, linesOf(`l${n}`))
    room.clock.advance(200_000)
    expect(await room.run('job')).toMatchObject({ state: 'done', counts: { found: 30 } })
    const sent = room.take().map(({ object }) => object.key)
    expect([sent.length, new Set(sent).size]).toEqual([30, 30])
    expect(await room.run('rest')).toMatchObject({ counts: { found: 33 } })
  })

  test('keeps its budget from call to call', async () => {
    const room = createBulkRoom()
    fill(room, 100)
    const begun = room.clock.now()
    let view = await room.run('job', { budget: { objectsPerSecond: 2 } }, undefined, 1_500)
    while (view?.next) {
      room.clock.advance(100)
      view = await room.goOn('job', undefined, 1_500)
      const seconds = (room.clock.now() - begun) / 1_000
      expect(room.queue.bodies.length).toBeLessThanOrEqual(2 * seconds + 2)
    }
    expect(room.queue.bodies).toHaveLength(100)
  })

  test('by bytes, too: one that is over the budget alone still goes', async () => {
    const room = createBulkRoom()
    room.put('a.jsonl', linesOf('x'.repeat(5_000)))
    room.put('b.jsonl', linesOf('y'))
    const view = await room.run('job', { budget: { bytesPerSecond: 1_000 } }, undefined, 2_000)
    expect([view?.counts.sent, view?.next]).toEqual([1, true])
    expect(view?.restUntil).toBeGreaterThan(room.clock.now() + 4_000)
    expect(await room.goOn('job', undefined, 10_000)).toMatchObject({ state: 'done' })
  })

  test('waits while its queue is full', async () => {
    let depth = 50
    const room: ReturnType<typeof createBulkRoom> = createBulkRoom({
      replace: { meter: meterOf(() => depth + room.queue.bodies.length) },
    })
    fill(room, 300)
    const budget = { concurrency: 50 }
    expect(await room.run('job', { budget })).toMatchObject({ next: true, counts: { sent: 0 } })
    depth = 20
    expect(await room.goOn('job')).toMatchObject({ next: true, counts: { sent: 30 } })
    room.take()
    depth = 0
    expect(await room.goOn('job')).toMatchObject({ next: true, counts: { sent: 80 } })
  })

  test('sends all of a slice, though more fits after a death than before', async () => {
    const done = new Set<string>()
    let ready = 90
    const guard: SendGuard = async ({ checkpoint }, send) => {
      if (done.has(checkpoint)) return
      await send()
      done.add(checkpoint)
      if (done.size === 1) throw new Error('dies here')
    }
    const room = createBulkRoom({ replace: { guard, meter: meterOf(() => ready) } })
    fill(room, 30)
    const given = { budget: { concurrency: 100 } }
    await expect(room.run('job', given)).rejects.toThrow('dies here')
    ready = 0
    expect(await room.run('job', given)).toMatchObject({ state: 'done', counts: { sent: 30 } })
    await room.load()
    expect(room.shown()).toHaveLength(30)
  })

  test('is paused, resumed and cancelled; cancelled is for ever', async () => {
    const room = createBulkRoom()
    fill(room, 30)
    const slow = { budget: { objectsPerSecond: 10 } }
    await room.run('job', slow, undefined, 0)
    expect(await room.turn('job', 'pause')).toMatchObject({ state: 'paused', next: false })
    expect(await room.turn('job', 'pause')).toMatchObject({ state: 'paused' })
    expect(await room.run('job', slow)).toMatchObject({ state: 'paused', counts: { sent: 10 } })
    expect(await room.turn('job', 'resume')).toMatchObject({ state: 'running', next: true })
    await room.goOn('job', undefined, 1_000)
    await room.turn('job', 'cancel')
    expect(await room.goOn('job')).toMatchObject({ state: 'cancelled', next: false })
    expect(room.queue.bodies).toHaveLength(20)
    await expect(room.turn('job', 'resume')).rejects.toThrow('take another name')
    await expect(room.turn('job', 'pause')).rejects.toMatchObject({ code: 'JOB_REFUSED' })
    // What a dry run asks, so that it never promises what is refused then.
    const job = { id: 'p/job', state: 'cancelled', parts: [], request: {} } as unknown as Job
    expect(() => refuseTurn(job, 'pause')).toThrow('job job is cancelled: only one that runs')
    expect(() => refuseTurn(job, 'cancel')).not.toThrow()
    expect(() => refuseTurn({ ...job, state: 'done' }, 'cancel')).toThrow('has sent all there is')
    const turned = room.log.events.filter(({ kind }) => kind === 'job-turned')
    expect(turned.map((event) => 'state' in event && event.state)).toEqual([
      ...['running', 'paused', 'running', 'cancelled'],
    ])
  })

  test('a prefix that cannot be listed is failed, the others go on, resume opens it again', async () => {
    let isDenied = true
    const room: ReturnType<typeof createBulkRoom> = createBulkRoom({
      replace: {
        bronze: {
          list: (bucket, prefix, from, signal) => {
            if (isDenied && prefix === 'section/8/')
              throw new Fault('STORE_DENIED', 'listing it is denied')
            return room.bronze.list(bucket, prefix, from, signal)
          },
        },
      },
    })
    for (const section of [7, 8, 9]) fill(room, 3, section)
    const prefixes = ['section/7/', 'section/8/', 'section/9/']
    expect(await room.run('job', { prefixes })).toMatchObject({
      ...{ state: 'done', failedParts: 1, counts: { sent: 6 } },
      parts: [
        { state: 'done' },
        { state: 'failed', problem: 'STORE_DENIED: listing it is denied' },
        {},
      ],
    })
    isDenied = false
    expect(await room.turn('job', 'resume')).toMatchObject({ state: 'running', failedParts: 0 })
    expect(await room.goOn('job')).toMatchObject({ state: 'done', counts: { sent: 9 } })
  })

  test('one runner at a time works at it, and a dead one is waited for no longer than its lease', async () => {
    const room = createBulkRoom()
    fill(room, 3)
    const [item] = [await room.run('job', {}, undefined, -1)]
    expect(item).toMatchObject({ next: true, busy: false })
    const key = { kind: 'job', id: 'p/job' } as const
    const [found] = await room.ledger.read([key], room.call().signal)
    const job = found?.item as Job
    const held = { ...job, owner: 'another', leaseUntil: room.clock.now() + 5_000 }
    await room.ledger.write(held, found?.revision ?? 0, room.call().signal)
    expect(await room.goOn('job')).toMatchObject({ busy: true, next: true, counts: { sent: 0 } })
    room.clock.advance(5_001)
    expect(await room.goOn('job')).toMatchObject({
      state: 'done',
      busy: false,
      counts: { sent: 3 },
    })
  })
})
