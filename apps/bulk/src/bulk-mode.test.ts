import {
  createMemoryBronze,
  createMemoryClock,
  createMemoryIds,
  createMemoryLedger,
  createMemoryLog,
  createMemoryQueue,
  createMemoryStore,
} from '@silversmith/simulation'
import { beforeEach, expect, test } from 'vitest'
import { createBulkMode } from './bulk-mode.ts'
import type { Fields } from './handler.ts'

const clock = createMemoryClock()
let room: ReturnType<typeof openRoom>

/** `pageMs`: what a page of two objects takes. */
const openRoom = (pageMs?: number) => {
  const memory = createMemoryBronze(clock, undefined, pageMs === undefined ? undefined : 2)
  const list: typeof memory.list = (...args) => {
    clock.advance(pageMs ?? 0)
    return memory.list(...args)
  }
  const bronze = { ...memory, list }
  bronze.setBucket('bronze', 'unversioned')
  const queue = createMemoryQueue()
  const store = createMemoryStore()
  const mode = createBulkMode({
    ...{ pipeline: 'p', buckets: ['bronze'], silverBucket: 'silver', bronze, queue, store, clock },
    routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
    ...(pageMs !== undefined && { sliceObjects: 1 }),
    ...{ ledger: createMemoryLedger(), ids: createMemoryIds(1, clock), log: createMemoryLog() },
  })
  for (let day = 1; day <= 9; day += 1)
    for (const section of [145, 146])
      bronze.putObject(
        'bronze',
        `section/${section}/video/2026-02-0${day}T10-00-00.000000Z_A.jsonl`,
        Buffer.from('{}'),
      )
  bronze.putObject('bronze', 'section/145/video/2026-02-05T10-00-00Z_A.txt', Buffer.from('?'))
  const invoke = (fields: Fields, forMs = 60_000): Promise<Record<string, unknown>> =>
    mode(
      fields,
      { deadline: clock.now() + forMs, signal: new AbortController().signal },
      'one',
    ) as Promise<Record<string, unknown>>
  return { invoke, queue, store }
}

beforeEach(() => {
  room = openRoom()
})

const asked = { section_id: 145, start_date: '2026-02-03', end_date: '2026-02-05' }

test('001-11: a dry run says what a run then does, in numbers and bytes, and does nothing', async () => {
  const plan = await room.invoke({ ...asked, dry_run: true })
  expect(plan).toMatchObject({
    ...{ files_found: 4, total_files: 4, processing_mode: 'bulk', section_id: 145 },
    files: [
      'section/145/video/2026-02-05T10-00-00Z_A.txt',
      'section/145/video/2026-02-03T10-00-00.000000Z_A.jsonl',
      'section/145/video/2026-02-04T10-00-00.000000Z_A.jsonl',
      'section/145/video/2026-02-05T10-00-00.000000Z_A.jsonl',
    ],
    counts: { listed: 10, found: 4, sent: 3, bytes: 7, standings: { new: 3, unrouted: 1 } },
    days: [
      { day: '2026-02-03', dataset: 'xapi_events', objects: 1, bytes: 2, sent: 1, sentBytes: 2 },
      { day: '2026-02-04', sent: 1 },
      { day: '2026-02-05', dataset: undefined, objects: 1, sent: 0 },
      { day: '2026-02-05', dataset: 'xapi_events', sent: 1 },
    ],
  })
  expect(plan['estimates']).toEqual([
    {
      ...{ dataset: 'xapi_events', objects: 3, bytes: 6, rows: undefined, batches: 1, inserts: 2 },
      ...{ lambdaSeconds: expect.any(Number), queueRequests: 2, dollars: expect.any(Number) },
    },
  ])
  expect([room.queue.bodies.length, room.store.files.size]).toEqual([0, 0])
  const run = await room.invoke(asked)
  expect(run).toMatchObject({ total_files_found: 4, sent_files: 3, bytes: 7 })
})

test('001-11: a dry run longer than an invocation ends in time to say what it costs, and goes on', async () => {
  const slow = openRoom(7_000)
  const deadline = clock.now() + 60_000
  const part = await slow.invoke({ s3_prefix: 'section/', dry_run: true })
  expect(clock.now()).toBeLessThan(deadline)
  expect(part).toMatchObject({ estimates: [{ objects: 15 }], next: expect.any(String) })
  const rest = await slow.invoke({ s3_prefix: 'section/', dry_run: true, from: part['next'] })
  expect(Number(part['files_found']) + Number(rest['files_found'])).toBe(19)
  expect(rest['next']).toBeUndefined()
})

test('answers with the keys of the first system', async () => {
  expect(await room.invoke(asked)).toMatchObject({
    ...{ total_files_found: 4, processed_files: 0, failed_files: 1, skipped_files: 0 },
    ...{
      pending_files: 3,
      total_events_processed: 0,
      rejected_events: 0,
      section_id: 145,
      success: false,
    },
    ...{ processing_mode: 'bulk', job_id: 'bulk-one', state: 'done', next: false },
    ...{ codes: { unrouted: 1, sent: 3 }, dates: { key: 4 }, is_looked_at: true, generation: 0 },
  })
  expect(room.queue.bodies).toHaveLength(3)
  expect(room.queue.bodies.map((body) => JSON.parse(body) as object)).toMatchObject([
    { bucket: 'bronze', dataset: 'xapi_events', generation: 0 },
    ...[{}, {}],
  ])
})

test('001-3: force_reprocess sends a generation of its own, the same however often it is asked', async () => {
  const event = { ...asked, job_id: 'again', force_reprocess: true }
  const { generation } = await room.invoke(event)
  expect(generation).toBeGreaterThan(0)
  expect(await room.invoke(event)).toMatchObject({ generation })
  expect((await room.invoke({ ...event, job_id: 'more' }))['generation']).toBeGreaterThan(
    Number(generation),
  )
  const generations = room.queue.bodies.map((body) => JSON.parse(body) as { generation: number })
  expect(new Set(generations.map((body) => body.generation)).size).toBe(2)
})

test('001-11: goes on where the invocation before ended', async () => {
  const event = { ...asked, job_id: 'slow', budget: { objects_per_second: 1 } }
  expect(await room.invoke(event, 500)).toMatchObject({
    next: true,
    state: 'running',
    sent_files: 1,
  })
  clock.advance(1_000)
  expect(await room.invoke(event, 500)).toMatchObject({ next: true, sent_files: 2 })
  clock.advance(1_000)
  expect(await room.invoke(event)).toMatchObject({ next: false, state: 'done', sent_files: 3 })
  expect(room.queue.bodies).toHaveLength(3)
})

test('001-8: of nothing is an error, for a run and a dry run', async () => {
  const nothing = { section_id: 145, start_date: '2027-01-01', end_date: '2027-01-02' }
  for (const dry_run of [true, false])
    await expect(room.invoke({ ...nothing, dry_run })).rejects.toMatchObject({
      ...{ code: 'JOB_EMPTY', message: expect.stringContaining('10 by date') },
    })
})

test('writes its report when it is asked to', async () => {
  await room.invoke(asked)
  const { report } = await room.invoke({ ...asked, report: true })
  const key = String(report).replace('s3://silver/', '')
  const manifest = JSON.parse(Buffer.from(room.store.files.get(key)?.bytes ?? []).toString())
  const lines = manifest.Results.flatMap(({ Key }: { Key: string }) =>
    Buffer.from(room.store.files.get(Key)?.bytes ?? [])
      .toString()
      .trimEnd()
      .split('\n'),
  )
  expect(manifest).toMatchObject({ Format: 'Report_CSV_20180820', Sum: { objects: 4, pending: 3 } })
  expect(lines).toHaveLength(4)
  expect(lines[0]).toBe(
    '"bronze","section/145/video/2026-02-05T10-00-00Z_A.txt","","failed","unrouted","","no route accepts its key"',
  )
})
