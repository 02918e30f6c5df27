import { addPlans, estimatePlan, noPlan, planJob } from '@silversmith/flow'
import { assumedDeployment, usualInputs } from '@silversmith/flow/cost'
import { expect, test } from 'vitest'
import { createBulkRoom, linesOf } from './bulk-room.ts'

const fill = (room: ReturnType<typeof createBulkRoom>): void => {
  for (let day = 1; day <= 9; day += 1)
    for (const section of [1, 2, 3])
      room.put(
        `section/${section}/video/2026-01-0${day}T10-00-00Z_A.jsonl`,
        linesOf(`${section}/${day}`),
      )
  room.put('section/1/video/2026-01-05T10-00-00Z_A.txt', 'no route')
}

const window = { start: Date.UTC(2026, 0, 3), end: Date.UTC(2026, 0, 7) }

test('001-11: a plan is what a run then does, object by object, whatever pages and calls it takes', async () => {
  for (const force of [false, true]) {
    const room = createBulkRoom({ pageMax: 3, replace: { sliceObjects: 2 } })
    fill(room)
    await room.room.run(room.put('section/2/video/2026-01-04T10-00-00Z_A.jsonl', linesOf('2/4')))
    const request = room.request({ window, force, prefixes: ['section/1/', 'section/2/'] })
    let plan = noPlan
    let from: string | undefined
    let calls = 0
    do {
      // Time for one slice.
      let isOver = false
      const clock = { ...room.clock, now: () => (isOver ? 2 : 0) }
      const list: typeof room.bronze.list = (...args) => {
        isOver = true
        return room.bronze.list(...args)
      }
      const call = { deadline: 1, signal: new AbortController().signal }
      const deps = { ...room.deps, clock, bronze: { list } }
      const part = await planJob({ ...deps, sliceObjects: 1 }, request, from, call)
      plan = addPlans(plan, part)
      from = part.next
      calls += 1
    } while (from !== undefined && calls < 100)
    expect(calls).toBeGreaterThan(3)
    const { counts } = (await room.run('job', request)) ?? {}
    const { sent, found, bytes, standings, dates, outside, listed } = plan.counts
    expect(counts).toEqual({ sent, found, bytes, standings, dates, outside, listed })
    const sentKeys = room.take().map(({ object }) => object.key)
    expect(plan.cells.reduce((sum, cell) => sum + cell.sent, 0)).toBe(sentKeys.length)
    const days = sentKeys.map((key) => key.split('/')[3]?.slice(0, 10))
    for (const cell of plan.cells.filter(({ dataset }) => dataset !== undefined))
      expect([cell.day, days.filter((day) => day === cell.day).length]).toEqual([
        cell.day,
        cell.sent,
      ])
  }
})

test('001-11: a plan whose call ends in the middle of a stretch keeps what was looked at before', async () => {
  for (const isAborted of [false, true]) {
    const room = createBulkRoom({ pageMax: 2, replace: { sliceObjects: 4 } })
    fill(room)
    let plan = noPlan
    let from: string | undefined
    let calls = 0
    do {
      let pages = 0
      const stop = new AbortController()
      const clock = { ...room.clock, now: () => (pages >= 5 && !isAborted ? 2 : 0) }
      const list: typeof room.bronze.list = async (bucket, prefix, at, signal) => {
        pages += 1
        if (isAborted && pages >= 5) stop.abort()
        return room.bronze.list(bucket, prefix, at, signal)
      }
      const call = { deadline: 1, signal: stop.signal }
      const part = await planJob(
        { ...room.deps, clock, bronze: { list } },
        room.request(),
        from,
        call,
      )
      plan = addPlans(plan, part)
      from = part.next
      calls += 1
    } while (from !== undefined && calls < 100)
    expect(calls).toBeGreaterThan(3)
    expect(plan.counts).toMatchObject({ listed: 28, found: 28 })
  }
})

test('sends and writes nothing, and reads no object', async () => {
  const room = createBulkRoom()
  fill(room)
  const before = room.store.files.size
  const plan = await planJob(room.deps, room.request({ window }), undefined, room.call())
  expect(plan).toMatchObject({ counts: { found: 13, sent: 12, standings: { unrouted: 1 } } })
  expect(plan.cells).toHaveLength(5)
  expect([room.queue.bodies.length, room.store.files.size, room.ledger.items().length]).toEqual([
    ...[0, before, 0],
  ])
})

test('goes on only where a plan ended', async () => {
  const room = createBulkRoom()
  for (const from of ['x', '{}', '{"part":7}', '{"part":0,"from":1}'])
    await expect(planJob(room.deps, room.request(), from, room.call())).rejects.toMatchObject({
      code: 'EVENT_UNKNOWN',
    })
})

test('001-11: rows are estimated by what objects of the dataset had before, and by nothing else', async () => {
  const room = createBulkRoom()
  fill(room)
  const assumed = { inputs: usualInputs, deployment: assumedDeployment }
  const { cells } = await planJob(room.deps, room.request({ window }), undefined, room.call())
  const estimate = () => estimatePlan(room.deps, { cells }, assumed, room.call())
  const [unknown] = await estimate()
  expect(unknown).toMatchObject({ dataset: 'notes', objects: 12, rows: undefined, batches: 1 })
  for (const id of ['x/1', 'x/2']) await room.room.run(room.put(`${id}.jsonl`, linesOf(id)))
  const [known] = await estimate()
  expect(known).toMatchObject({ rows: 12, inserts: 2 })
  expect(known?.dollars).toBeGreaterThan(0)
  expect(known?.lambdaSeconds).toBeGreaterThan(0)
})
