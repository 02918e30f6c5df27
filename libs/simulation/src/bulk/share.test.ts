import type { Job, JobBudget, JobRequest, ListedObject } from '@silversmith/core'
import {
  endMap,
  listJobs,
  readItems,
  readReport,
  type SendGuard,
  sendShare,
  startMap,
  sumReport,
  turnJob,
} from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../random.ts'
import { createMortalProcess, type MortalProcess } from '../repair/mortal-process.ts'
import { createBulkRoom, type BulkRoomOptions, linesOf, meterOf } from './bulk-room.ts'

const lives = Number(process.env['LIVES'] ?? 60)

const map = { execution: 'e' }

/** A mapped job over bronze in memory, its children each a process of its own. */
const createMapRoom = async (options: BulkRoomOptions = {}, asked: Partial<JobRequest> = {}) => {
  const room = createBulkRoom(options)
  const id = 'job'
  const call = (forMs = 60_000) => room.callOf(forMs)
  const begin = async (name = id, given = asked, budget: JobBudget = {}) => {
    const request = room.request({ map, ...given })
    return startMap({ ...room.deps, bronze: room.bronze }, { id: name, request, budget }, call())
  }
  const list = async (): Promise<readonly ListedObject[]> =>
    (await room.bronze.list('b', '', undefined, call().signal)).objects
  const share = (
    objects: readonly ListedObject[],
    { process = createMortalProcess(), name = id }: { process?: MortalProcess; name?: string } = {},
  ) => process.run(() => sendShare(room.depsOf(process), name, objects, call()))
  const end = (failed = 0, name = id) => endMap(room.deps, name, failed, call())
  const readJob = async (name = id): Promise<Job> => {
    const [found] = await room.ledger.read([{ kind: 'job', id: `p/${name}` }], call().signal)
    return found?.item as Job
  }
  const report = async (name = id) => {
    const entries = []
    for await (const page of readReport(room.deps, await readJob(name), call()))
      entries.push(...page.entries)
    return entries
  }
  return { ...room, begin, list, share, end, readJob, report }
}

type MapRoom = Awaited<ReturnType<typeof createMapRoom>>

const fill = (room: MapRoom, count: number): void => {
  for (let n = 0; n < count; n += 1)
    room.put(`a/${String(n).padStart(4, '0')}.jsonl`, linesOf(`${n}`))
}

const sharesOf = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  )

describe('a share of a mapped job', () => {
  test('is one slice, sent once, however often and in whatever order it comes', async () => {
    const room = await createMapRoom()
    fill(room, 20)
    await room.begin()
    const objects = await room.list()
    const first = await room.share(objects)
    expect(first).toMatchObject({ state: 'running', found: 20, sent: 20, next: false })
    expect(await room.share(objects.toReversed())).toEqual(first)
    expect(room.queue.bodies).toHaveLength(20)
    expect((await room.report()).map(({ status, code }) => `${status} ${code}`)).toEqual(
      Array.from({ length: 20 }, () => 'pending sent'),
    )
    await room.load()
    expect(await room.end()).toMatchObject({
      ...{ state: 'done', next: false, failedParts: 0, counts: { found: 20, sent: 20 } },
    })
    expect(await sumReport(room.deps, await room.readJob(), room.callOf(60_000))).toMatchObject({
      ...{ objects: 20, succeeded: 20, before: 0, pending: 0 },
    })
    expect(room.shown()).toHaveLength(20)
    expect(await room.end()).toEqual(await room.end())
    const { jobs } = await listJobs(room.deps, 10, room.callOf(60_000))
    expect(jobs.map(({ id, state }) => `${id} ${state}`)).toEqual(['p/job done'])
  })

  test.each(['before', 'after'] as const)(
    'goes on where it died: %s each of its calls',
    async (side) => {
      for (const at of [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 205, 206, 207, 208, 209, 210, 219, 220, 221, 222,
      ]) {
        const room = await createMapRoom()
        fill(room, 210)
        await room.begin()
        const objects = await room.list()
        await room.share(objects, { process: createMortalProcess(at, side) })
        // Between its slice and its repetition a live object is loaded, and one more comes.
        await room.load()
        room.put('a/0000b.jsonl', linesOf('late'))
        const view = await room.share(objects)
        expect([at, view?.next, view?.found]).toEqual([at, false, 210])
        await room.load()
        expect(await room.end()).toMatchObject({ state: 'done', failedParts: 0 })
        const entries = await room.report()
        expect([at, new Set(entries.map(({ key }) => key)).size, entries.length]).toEqual([
          at,
          210,
          210,
        ])
        expect(entries.filter(({ status }) => status !== 'succeeded')).toEqual([])
        expect([at, room.shown().length]).toEqual([at, 210])
      }
    },
  )

  test('of which a slice was written and nothing sent is unsent in the report, and fails the end', async () => {
    const room = await createMapRoom()
    fill(room, 10)
    await room.begin()
    const [one = [], other = []] = sharesOf(await room.list(), 5)
    const isSend = (name: string): boolean => name === 'send'
    await room.share(one, { process: createMortalProcess(isSend, 'before') })
    await room.share(other)
    expect((await room.report()).filter(({ code }) => code === 'unsent')).toHaveLength(5)
    expect(await room.end(1)).toMatchObject({
      ...{ state: 'done', failedParts: 1, counts: { sent: 5 } },
      parts: [{ problem: expect.stringContaining('1 batches of the map failed') }],
    })
    await expect(turnJob(room.deps, 'job', 'resume', room.callOf(60_000))).rejects.toThrow(
      'begin another one of the same window',
    )
    await room.begin('rest')
    await room.load()
    for (const share of sharesOf(await room.list(), 5)) await room.share(share, { name: 'rest' })
    expect(await room.end(0, 'rest')).toMatchObject({
      counts: { sent: 5, standings: { loaded: 5 } },
    })
  })

  test('sends all of it, though more fits after a death than before', async () => {
    const done = new Set<string>()
    let ready = 90
    const guard: SendGuard = async ({ checkpoint }, send) => {
      if (done.has(checkpoint)) return
      await send()
      done.add(checkpoint)
      if (done.size === 1) throw new Error('dies here')
    }
    const room = await createMapRoom({ replace: { guard, meter: meterOf(() => ready) } })
    fill(room, 30)
    await room.begin('job', {}, { concurrency: 100 })
    const objects = await room.list()
    await expect(room.share(objects)).rejects.toThrow('dies here')
    ready = 200
    expect(await room.share(objects)).toMatchObject({ next: true, sent: 0 })
    ready = 0
    expect(await room.share(objects)).toMatchObject({ next: false, sent: 30 })
    await room.load()
    expect(room.shown()).toHaveLength(30)
  })

  test('001-3: with force it is one generation, whatever is repeated', async () => {
    const room = await createMapRoom({}, { force: true })
    fill(room, 6)
    for (const { object } of await room.list())
      await room.room.run(room.put(object.key, linesOf('x')))
    const { generation } = await room.begin()
    expect(generation).toBeGreaterThan(0)
    expect((await room.begin()).generation).toBe(generation)
    const objects = await room.list()
    for (const again of [objects, objects]) await room.share(again)
    expect(room.take().map((source) => source.generation)).toEqual(objects.map(() => generation))
  })

  test('paused and cancelled it sends nothing, and refuses a job that lists by itself', async () => {
    const room = await createMapRoom()
    fill(room, 4)
    await room.begin()
    const objects = await room.list()
    await room.turn('job', 'pause')
    expect(await room.share(objects)).toMatchObject({ state: 'paused', next: true, sent: 0 })
    await room.turn('job', 'resume')
    await room.turn('job', 'cancel')
    expect(await room.share(objects)).toMatchObject({ state: 'cancelled', next: false, sent: 0 })
    expect([room.queue.bodies.length, room.store.files.size]).toEqual([0, 0])
    expect(await room.end()).toMatchObject({ state: 'cancelled', next: false })
    await room.run('walked')
    await expect(room.share(objects, { name: 'walked' })).rejects.toThrow('lists by itself')
    await expect(room.goOn('job')).rejects.toThrow('handed out by execution e')
  })

  test('of nothing inside the window is counted, and a job of nothing else is an error', async () => {
    const room = await createMapRoom({}, { window: { start: Date.UTC(2040, 0, 1) } })
    fill(room, 3)
    await room.begin()
    expect(await room.share(await room.list())).toMatchObject({ found: 0, next: false })
    await expect(room.end()).rejects.toThrow(
      '3 objects in the bucket were looked at, all are outside of it',
    )
  })
})

test('001-11: shares in any order, repeated and dying, beside live objects: rows are exact, each object is once in the report', async () => {
  for (let seed = 1; seed <= lives; seed += 1) {
    const random = createRandom(seed)
    const room = await createMapRoom({ limits: { batchSourcesMax: 7 } })
    fill(room, 60)
    await room.begin()
    const listed = await room.list()
    const shares = sharesOf(listed, 1 + random.below(30))
    const undone = new Set(shares)
    for (let step = 0; undone.size > 0; step += 1) {
      const one = random.pick(step < 60 ? shares : [...undone])
      const isMortal = step < 60 && random.chance(0.5)
      const process = isMortal
        ? createMortalProcess(1 + random.below(25), random.pick(['before', 'after']))
        : createMortalProcess()
      const both = [room.share(one, { process }), ...(random.chance(0.3) ? [room.share(one)] : [])]
      const views = await Promise.all(both)
      if (views.some((view) => view?.next === false)) undone.delete(one)
      if (random.chance(0.3)) await room.load()
      if (random.chance(0.2))
        await room.room.run(room.put(`live/${step}.jsonl`, linesOf(`l${step}`)))
    }
    await room.load()
    expect(await room.end()).toMatchObject({ state: 'done', failedParts: 0, counts: { found: 60 } })
    const entries = await room.report()
    expect([seed, entries.length, new Set(entries.map(({ key }) => key)).size]).toEqual([
      seed,
      60,
      60,
    ])
    expect(entries.filter(({ status }) => status !== 'succeeded')).toEqual([])
    expect([seed, room.shown().filter((id) => !id.startsWith('l')).length]).toEqual([seed, 60])
  }
})

describe('items', () => {
  const scope = { bucket: 'b', prefix: 'a/', replayPrefix: 'a/_replay/', map }
  const inventoried = {
    ...scope,
    map: { ...map, inventory: { bucket: 'i', key: 'manifest.json' } },
  }
  const entry = { Key: 'a/x y+z%2B.jsonl', Etag: '"e1"', LastModified: 1_700_000_000, Size: 7 }
  const line = {
    ...{ Bucket: 'b', VersionId: 'v1', IsLatest: 'false', IsDeleteMarker: 'false', Size: '7' },
    ...{ LastModifiedDate: '2026-01-01T00:00:00.000Z', ETag: 'e1', StorageClass: 'STANDARD' },
  }

  test('of a listing are keys as they are, times in seconds and etags in quotes', () => {
    expect(readItems([entry], scope)).toEqual([
      {
        object: { bucket: 'b', key: 'a/x y+z%2B.jsonl', version: 'e1', versioned: false },
        ...{ etag: 'e1', sizeBytes: 7, lastModified: 1_700_000_000_000 },
      },
    ])
    expect(readItems([{ ...entry, LastModified: '2026-01-01T00:00:00Z' }], scope)).toMatchObject([
      { lastModified: Date.UTC(2026, 0, 1) },
    ])
  })

  test.each([
    ['a/x%2By.jsonl', 'a/x+y.jsonl'],
    ['a/x+y.jsonl', 'a/x y.jsonl'],
    ['a/x%20y.jsonl', 'a/x y.jsonl'],
    ['a%2F%C3%B8%E6%97%A5%25.jsonl', 'a/ø日%.jsonl'],
  ])('of an inventory have encoded keys: %s is %s', (Key, key) => {
    expect(readItems([{ ...line, Key }], inventoried)).toEqual([
      {
        object: { bucket: 'b', key, version: 'v1', versioned: true },
        ...{ etag: 'e1', sizeBytes: 7, lastModified: Date.UTC(2026, 0, 1) },
      },
    ])
  })

  test('of an inventory are all versions, by etag where there is none, and no delete markers', () => {
    const items = [
      ...['v2', '', 'null'].map((VersionId) => ({ ...line, Key: 'a/1', VersionId })),
      { ...line, Key: 'a/2', IsDeleteMarker: 'TRUE', Size: '', ETag: '' },
      { ...line, Key: 'other/3' },
      { ...line, Key: 'a/_replay/4' },
    ]
    expect(
      readItems(items, inventoried).map(({ object }) => [object.version, object.versioned]),
    ).toEqual([
      ...[
        ['v2', true],
        ['e1', false],
        ['e1', false],
      ],
    ])
  })

  test.each([
    [scope, { ...entry, Key: '' }],
    [scope, { ...entry, Etag: undefined }],
    [scope, { ...entry, Size: '7' }],
    [scope, { ...entry, LastModified: 'soon' }],
    [scope, 'a/x'],
    [inventoried, { ...line, Key: 'a/%E0%A4%A' }],
    [inventoried, { ...line, Key: 'a/1', Bucket: 'c' }],
    [inventoried, { ...line, Key: 'a/1', Size: 'x' }],
    [inventoried, { ...line, Key: 'a/1', ETag: '' }],
    [inventoried, { ...line, Key: 'a/1', LastModifiedDate: undefined }],
  ])('that nobody can read are never left out: %#', (given, item) => {
    expect(() => readItems([item], given)).toThrow('item 1 of 1 is no object')
  })

  test('001-7: as handed out they are the same objects a listing of ours tells', async () => {
    for (const state of ['unversioned', 'versioned', 'suspended'] as const) {
      const room = await createMapRoom()
      room.put('a/before +.jsonl', linesOf('0'))
      room.bronze.setBucket('b', state)
      for (const n of [1, 2]) room.put('a/ø +%2B.jsonl', linesOf(`${n}`))
      const own = await room.list()
      const items = own.map(({ object, etag, sizeBytes, lastModified }) => ({
        ...{ Bucket: 'b', Key: encodeURIComponent(object.key), ETag: etag, Size: `${sizeBytes}` },
        ...{ VersionId: object.versioned ? object.version : '', IsDeleteMarker: 'false' },
        LastModifiedDate: new Date(lastModified).toISOString(),
      }))
      expect(readItems(items, inventoried)).toEqual(own)
    }
  })
})
