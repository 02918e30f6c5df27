import { type Batch, breakerIdOf, Fault, readObjectsMessage, type Target } from '@silversmith/core'
import {
  countOpen,
  countQuarantine,
  firstBatchAt,
  listProblems,
  openedAt,
  readOpenBatches,
  readRecentWork,
  replayQuarantine,
  viewBreakers,
} from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { sha256Of } from '../index.ts'
import { createRoom, pipeline } from '../transform/transform-room.ts'

const minuteMs = 60_000
const hourMs = 3_600_000

const createScene = () => {
  const state = { isUp: true }
  const wrap = (target: Target): Target => ({
    ...target,
    put: async (batch, chunk, signal) => {
      if (!state.isUp) throw new Fault('TARGET_UNAVAILABLE', 'no answer')
      return target.put(batch, chunk, signal)
    },
  })
  const room = createRoom({ clickhouse: wrap })
  const { clock } = room
  let count = 0
  const load = async (body = '{"id":"a","at":1}', laterMs = 0): Promise<void> => {
    const source = room.put(`k${(count += 1)}.jsonl`, body)
    clock.advance(laterMs)
    await room.run(source)
  }
  const work = () => readRecentWork(room.deps, clock.now() - hourMs, room.call())
  const open = () => readOpenBatches(room.deps, pipeline, 100, room.call())
  const breakers = () => viewBreakers(room.deps, ['silver', 'clickhouse'], ['notes'], room.call())
  const files = () => countQuarantine(room.deps, room.call())
  return { ...room, state, load, work, open, breakers, files }
}

describe('the last hour', () => {
  test('is what was sealed since, with its records, reasons, and lag', async () => {
    const { load, work, clock } = createScene()
    await load('{"id":"old","at":1}')
    clock.advance(2 * hourMs)
    await load('{"id":"a","at":1}\n{"at":1}\n{"id":"odd","at":1}', 5_000)
    await load('{"id":"b","at":1}\n{"at":2}', 30_000)
    await load('not JSON', 1_000)
    expect(await work()).toMatchObject({
      ...{ sealed: 3, committed: 3, rows: 2, chunks: 2, isCut: false, batchesRead: 3 },
      ...{ objects: 3, records: 6, rejected: 4, dispositions: { rows: 2, empty: 1 } },
      rejectedByReason: { 'notes/no_id': 2, 'notes/mapping_failed': 1, 'notes/invalid_json': 1 },
      lag: { objects: 2, halfMs: 5_000, most95Ms: 30_000, longestMs: 30_000 },
    })
  })

  test('begins with its first minute', async () => {
    const { load, work, clock } = createScene()
    await load()
    clock.advance(hourMs + 5 * minuteMs)
    await load()
    expect(await work()).toMatchObject({ sealed: 1 })
  })

  test('reads the newest hundred manifests only, and says so', async () => {
    const { load, work } = createScene()
    for (let n = 0; n < 103; n += 1) await load()
    expect(await work()).toMatchObject({ sealed: 103, batchesRead: 100, objects: 100, rows: 103 })
  })

  test('measures no lag of what no target has yet', async () => {
    const { load, work, state } = createScene()
    state.isUp = false
    await load()
    expect(await work()).toMatchObject({ sealed: 1, committed: 0, rows: 1, lag: undefined })
  })

  test('is found on both sides of midnight', async () => {
    const { load, work, clock } = createScene()
    clock.advance(24 * hourMs - (clock.now() % (24 * hourMs)) - 10 * minuteMs)
    await load()
    clock.advance(20 * minuteMs)
    await load()
    expect(await work()).toMatchObject({ sealed: 2 })
  })

  test('of a manifest that is gone tells what the ledger knows', async () => {
    const { load, work, store } = createScene()
    await load()
    await load()
    const [first] = [...store.files.keys()].filter((key) => key.startsWith('_batches/'))
    await store.remove([first ?? ''], new AbortController().signal)
    // It is found by its manifest.
    expect(await work()).toMatchObject({ sealed: 1, batchesRead: 1, objects: 1 })
  })
})

test('the first id of a moment stands before all of that moment, and after all before', () => {
  const at = Date.UTC(2026, 5, 1, 12, 0, 0, 123)
  expect(openedAt(firstBatchAt(at))).toBe(at)
  expect(firstBatchAt(at) < firstBatchAt(at + 1)).toBe(true)
  expect(firstBatchAt(at)).toMatch(/^01[0-9A-Z]{8}0{16}$/)
})

test('open batches are told by state and age, with what keeps them', async () => {
  const { load, open, state, clock } = createScene()
  state.isUp = false
  await load()
  clock.advance(10 * minuteMs)
  await load()
  clock.advance(hourMs)
  await load()
  const batches = await open()
  const [work, ...others] = countOpen(batches, clock.now())
  expect(others).toEqual([])
  expect(work).toMatchObject({
    ...{ state: 'failing', batches: 3, rows: 3, young: 1, middling: 0, old: 2 },
  })
  expect(clock.now() - (work?.oldestAt ?? 0)).toBeGreaterThanOrEqual(hourMs + 10 * minuteMs)
  expect(listProblems(batches)).toMatchObject([
    { target: 'clickhouse', code: expect.stringMatching(/^TARGET_/), batches: expect.any(Number) },
    ...listProblems(batches).slice(1),
  ])
  expect(listProblems(batches).reduce((sum, one) => sum + one.batches, 0)).toBe(3)
})

test('a batch whose target rests is failing from the first', () => {
  const one: Batch = {
    ...{ kind: 'batch', id: 'B', pipeline, state: 'S', owner: 'o', leaseUntil: 0, sourceCount: 1 },
    problems: { clickhouse: 'TARGET_RESTING: later' },
  }
  expect(countOpen([one], 0)).toMatchObject([{ state: 'failing' }])
  expect(countOpen([{ ...one, problems: {}, failures: 1 }], 0)).toMatchObject([
    { state: 'failing' },
  ])
  expect(countOpen([{ ...one, problems: {} }], 0)).toMatchObject([{ state: 'sealed' }])
})

test('another pipeline on the same ledger is not told', async () => {
  const { load, state, ledger, clock, call } = createScene()
  state.isUp = false
  await load()
  expect(await readOpenBatches({ ledger, clock }, 'other', 100, call())).toEqual([])
})

test('a breaker is told from its first failure on, with its problem and when it is tried again', async () => {
  const { load, breakers, state, clock, sweepAndRun } = createScene()
  await load()
  expect(await breakers()).toEqual([])
  state.isUp = false
  await load()
  expect(await breakers()).toMatchObject([
    { target: 'clickhouse', table: undefined, state: 'closed', failures: 1, retryAt: undefined },
  ])
  await load()
  await load()
  const [opened] = await breakers()
  expect(opened).toMatchObject({
    ...{ state: 'open', failures: 3, problem: 'TARGET_UNAVAILABLE: no answer' },
  })
  expect(opened?.retryAt).toBeGreaterThan(clock.now())
  clock.advance(hourMs)
  expect(await breakers()).toMatchObject([{ state: 'half-open' }])
  state.isUp = true
  await sweepAndRun()
  expect(await breakers()).toEqual([])
})

test('a breaker that is being probed is tried again when that is over', async () => {
  const { ledger, breakers, clock } = createScene()
  const [openUntil, until] = [clock.now() - minuteMs, clock.now() + minuteMs]
  const id = breakerIdOf(pipeline, 'silver')
  const probe = { owner: 'o', until }
  const breaker = { kind: 'breaker' as const, id, failures: 3, openUntil, probe }
  await ledger.write(breaker, 0, new AbortController().signal)
  expect(await breakers()).toMatchObject([{ target: 'silver', retryAt: until }])
})

describe('quarantine', () => {
  test('is counted by dataset and reason, and what was replayed is told', async () => {
    const { load, files, deps, queue, transform, call } = createScene()
    expect(await files()).toEqual([])
    await load('{"at":1}')
    await load('{"at":1}\nno JSON')
    await load('{"id":"odd","at":1}')
    const counts = await files()
    expect(counts).toMatchObject([
      { dataset: 'notes', reason: 'invalid_json', files: 1, open: 1, isCut: false },
      { dataset: 'notes', reason: 'mapping_failed', files: 1, open: 1, lastDay: '2026-01-01' },
      { dataset: 'notes', reason: 'no_id', files: 2, open: 2 },
    ])
    await replayQuarantine({ ...deps, queue }, { reason: 'no_id' }, { dryRun: false }, call())
    const deliveries = queue.take().map((body, at) => ({
      messageId: `${at}`,
      message: readObjectsMessage(pipeline, body),
    }))
    expect(deliveries).toHaveLength(2)
    await transform(deliveries, call())
    const after = (await files()).find(({ reason }) => reason === 'no_id')
    // They became one newer file, for nothing was mended.
    expect(after).toMatchObject({ files: 3, open: 1 })
  })

  test('takes files of others, and refused chunks, for no reason of its own', async () => {
    const { load, files, store } = createScene()
    await load('{"at":1}')
    const bytes = Buffer.from('x')
    const file = { sha256: sha256Of(bytes), contentType: 'x' }
    const write = (key: string) => store.write(key, bytes, file, new AbortController().signal)
    for (const key of ['a.txt', 'notes/reason=refused/dt=2026-01-01/x.parquet', 'z/y/x'])
      await write(`quarantine/${key}`)
    expect((await files()).map(({ reason }) => reason)).toEqual(['no_id'])
  })
})

test('a batch tells when it was committed', async () => {
  const { load, items, clock } = createScene()
  await load()
  expect(items<Batch>('batch')).toMatchObject([{ state: 'C', committedAt: clock.now() }])
})
