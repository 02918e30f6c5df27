import { type Batch, type Claim, Fault, type Source } from '@silversmith/core'
import { adoptObjects } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryLedger } from '../index.ts'
import { createMortalProcess, type Fate } from '../repair/mortal-process.ts'
import { createAdoptionRoom, lineOf } from './adoption-room.ts'

const two = `${lineOf('1')}${lineOf('2')}`

describe('objects that another system loaded', () => {
  test('are adopted, and the backfill loads only what was missing', async () => {
    const room = createAdoptionRoom()
    const held = ['a', 'b', 'odd key/ü+%'].map((key) => room.putHeld(key))
    const missing = ['c', 'd'].map((key) => room.put(key, lineOf(key)))
    expect(await room.countsOf()).toEqual({ adopted: 3 })
    const sources = [...held, ...missing]
    expect(await room.backfill(sources)).toEqual(['c', 'd'])
    expect(room.loaded()).toEqual(['c', 'd'])
    // Their events come once more: nothing is left to do.
    expect(await room.deliver(sources)).toEqual([])
    expect(room.loaded()).toEqual(['c', 'd'])
    const { counts, findings } = await room.reconcile()
    expect(findings).toEqual([])
    expect(counts).toMatchObject({ matched: 5, missing: 0 })
  })

  test('of which lines are missing are loaded whole', async () => {
    const room = createAdoptionRoom()
    const part = room.put('part', two)
    room.hold('part', two, 1)
    const unnumbered = room.put('unnumbered', two)
    room.held.push({ ...room.held[0]!, key: 'unnumbered', lines: 0, lastLine: 0 })
    const sum = await room.adopt()
    expect(sum?.counts).toMatchObject({ adopted: 0, incomplete: 2 })
    expect(sum?.findings).toMatchObject([
      { kind: 'incomplete', url: 's3://b/part', lines: 1, lastLine: 2 },
      { kind: 'incomplete', url: 's3://b/unnumbered', lines: 0, lastLine: 0 },
    ])
    expect(await room.backfill([part, unnumbered])).toEqual(['part', 'unnumbered'])
    expect(room.clickhouse()).toHaveLength(4)
  })

  test('of which the table lacks the last lines are loaded whole', async () => {
    const room = createAdoptionRoom()
    const nine = Array.from({ length: 9 }, (_, n) => lineOf(`${n}`)).join('')
    const part = room.put('part', nine)
    room.hold('part', nine, 2, 2)
    room.putHeld('whole', nine)
    for (const dryRun of [true, false]) {
      const sum = await room.adopt({ dryRun })
      expect(sum?.counts).toMatchObject({ adopted: 1, incomplete: 1 })
      expect(sum?.findings).toEqual([
        {
          ...{ kind: 'incomplete', url: 's3://b/part', etag: room.held[0]?.etag },
          ...{ lines: 2, lastLine: 2, why: 'its line 9, without blank ones, is a record, too' },
        },
      ])
    }
    expect(await room.backfill([part])).toEqual(['part'])
    expect(room.clickhouse()).toHaveLength(9)
  })

  test('are whole without lines that the dataset makes no rows of', async () => {
    const room = createAdoptionRoom()
    const ends = [
      ...['\n\r\n  \n', '{"id": \n', '\xff\n', '7\n', '{"other": 1}\n', lineOf('skip')],
      lineOf('bug'),
    ]
    for (const [n, end] of ends.entries()) {
      const body = Buffer.from(`\n${two}\n${end}`, 'latin1').toString('latin1')
      room.put(`${n}`, body)
      room.hold(`${n}`, body, 2, 2)
    }
    // The last of these is behind a bad line.
    room.put('behind', `${two}{"id": \n${lineOf('3')}`)
    room.hold('behind', `${two}{"id": \n${lineOf('3')}`, 2, 2)
    const sum = await room.adopt()
    expect(sum?.counts).toMatchObject({ adopted: ends.length, incomplete: 1 })
    expect(sum?.findings).toMatchObject([
      { url: 's3://b/behind', why: 'its line 4, without blank ones, is a record, too' },
    ])
  })

  test('are not adopted when nobody can say what their lines are', async () => {
    const room = createAdoptionRoom()
    for (const key of ['a', 'b', 'large']) room.putHeld(key, two)
    room.limits.objectBytesMax = two.length - 1
    const large = await room.adopt()
    expect(large?.counts).toMatchObject({ adopted: 0, incomplete: 3 })
    expect(large?.findings[0]?.why).toMatch(/more than MAX_S3_OBJECT_BYTES/)
    room.limits.objectBytesMax = 1_000
    room.routes[0]!.prefix = 'large'
    const unrouted = await room.adopt()
    expect(unrouted?.counts).toMatchObject({ adopted: 1, incomplete: 2 })
    expect(unrouted?.findings.map(({ url }) => url)).toEqual(['s3://b/a', 's3://b/b'])
    expect(unrouted?.findings[0]?.why).toMatch(/^no route takes its key/)
  })

  test('are adopted unread where the table is trusted', async () => {
    const room = createAdoptionRoom()
    room.put('part', two)
    room.hold('part', two, 1, 1)
    room.put('gap', two)
    room.hold('gap', two, 1, 2)
    room.bronze.open = () => Promise.reject(new Error('it was read'))
    expect(await room.countsOf({ trustTable: true })).toEqual({ adopted: 1, incomplete: 1 })
  })

  test('are read again where a connection broke, and told when they are gone meanwhile', async () => {
    const room = createAdoptionRoom()
    for (const key of ['a', 'b']) room.putHeld(key, two)
    const { open } = room.bronze
    let broken = 0
    room.bronze.open = async (object, signal) => {
      if (object.key === 'b') room.bronze.deleteObject('b', 'b')
      const opened = await open(object, signal)
      if (broken > 0) return opened
      broken += 1
      return {
        ...opened,
        body: (async function* () {
          yield Buffer.from(lineOf('1'))
          throw new Fault('STORE_UNAVAILABLE', 'the connection broke')
        })(),
      }
    }
    expect(await room.countsOf()).toEqual({ adopted: 1, gone: 1 })
    expect(broken).toBe(1)
  })

  test('are read once: a second run leaves what was adopted unread', async () => {
    const room = createAdoptionRoom()
    room.putHeld('a', two)
    expect(await room.countsOf()).toEqual({ adopted: 1 })
    room.bronze.open = () => Promise.reject(new Error('it was read'))
    expect(await room.countsOf()).toEqual({ known: 1 })
  })

  test('and that bronze has no more are told, replaced ones are loaded as they are now', async () => {
    const room = createAdoptionRoom()
    room.hold('deleted', two)
    room.hold('replaced', two)
    const now = room.put('replaced', lineOf('now'))
    expect(await room.countsOf()).toEqual({ gone: 2 })
    expect(await room.backfill([now])).toEqual(['replaced'])
  })

  test('are adopted by the version that has their bytes', async () => {
    const room = createAdoptionRoom()
    room.bronze.setBucket('b', 'versioned')
    const first = room.putHeld('a', two)
    const second = room.put('a', lineOf('other'))
    const again = room.put('a', two)
    expect(await room.countsOf()).toEqual({ adopted: 2 })
    const claimed = room.items<Claim>('claim').map(({ id }) => id)
    expect(claimed.toSorted()).toEqual([first.id, again.id].toSorted())
    await room.deliver([first, second, again])
    expect(room.clickhouse().map((row) => row['_version'])).toEqual([second.object.version])
  })

  test('below a prefix only, where one is given', async () => {
    const room = createAdoptionRoom()
    for (const key of ['a/1', 'a/2', 'b/1']) room.putHeld(key)
    expect(await room.countsOf({ prefix: 'a/' })).toEqual({ adopted: 2 })
    expect(await room.countsOf()).toEqual({ adopted: 1, known: 2 })
  })

  test('are told apart from what the pipeline dealt with itself', async () => {
    const room = createAdoptionRoom()
    const source = room.putHeld('a')
    await room.deliver([source])
    expect(await room.countsOf()).toEqual({ loaded: 1 })
    expect(room.loaded()).toEqual(['a'])
  })

  test('are listed by a batch that says so', async () => {
    const room = createAdoptionRoom()
    room.putHeld('a', two)
    await room.adopt()
    expect(room.items<Batch>('batch')).toMatchObject([{ state: 'C' }])
    expect(room.manifests()).toMatchObject([
      {
        chunks: [],
        targets: ['silver', 'clickhouse'],
        sources: [
          {
            ...{ disposition: 'rows', adopted: true, reason: 'adopted from old.raw_events' },
            ...{ dataset: 'notes', records: 2, rows: 2 },
          },
        ],
      },
    ])
  })
})

test('a dry run tells the same and changes nothing', async () => {
  const room = createAdoptionRoom()
  const dead = room.putHeld('a')
  room.putHeld('b')
  // A batch died with one of them: its lease is over.
  await room.deliver(
    [dead],
    createMortalProcess((method) => method === 'open'),
  )
  room.clock.advance(3_600_000)
  const before = JSON.stringify([room.state.ledger.items(), [...room.store.files.keys()]])
  const planned = await room.adopt({ dryRun: true })
  expect(JSON.stringify([room.state.ledger.items(), [...room.store.files.keys()]])).toBe(before)
  expect(planned?.counts.adopted).toBe(2)
  expect(await room.adopt()).toEqual(planned)
})

test('thousands of objects are looked at in stretches, each once', async () => {
  const room = createAdoptionRoom()
  const keys = Array.from({ length: 2_300 }, (_, n) => `${n % 7}/${n}`)
  for (const [n, key] of keys.entries())
    if (n % 3 === 0) room.put(key, lineOf(key))
    else if (n % 100 === 1) room.hold(key, two)
    else room.putHeld(key)
  room.bronze.setBucket('b', 'versioned')
  // A key with more versions than a stretch holds.
  for (let n = 0; n < 60; n += 1) room.putHeld('3/many', lineOf(`${n}`))
  const gone = keys.filter((_, n) => n % 3 !== 0 && n % 100 === 1).length
  const adopted = keys.filter((_, n) => n % 3 !== 0).length - gone + 60
  for (const stretchMax of [50, 1_000])
    expect(await room.countsOf({ stretchMax, dryRun: true })).toEqual({ adopted, gone })
  expect(await room.countsOf({ stretchMax: 50 })).toEqual({ adopted, gone })
  expect(await room.countsOf()).toEqual({ known: adopted, gone })
})

test('a bucket that lists in no order is refused', async () => {
  const room = createAdoptionRoom()
  for (const key of ['a', 'b']) room.putHeld(key)
  const { list } = room.bronze
  room.bronze.list = async (...args) => {
    const page = await list(...args)
    return { ...page, objects: page.objects.toReversed() }
  }
  await expect(room.adopt()).rejects.toMatchObject({ code: 'SETTINGS_INVALID' })
})

describe('beside others', () => {
  test('what a live batch is at is left to it', async () => {
    const room = createAdoptionRoom()
    const source = room.putHeld('a')
    room.putHeld('b')
    const process = createMortalProcess((method) => method === 'open')
    await room.deliver([source], process)
    const sum = await room.adopt()
    expect(sum?.counts).toMatchObject({ adopted: 1, busy: 1 })
    expect(sum?.findings).toMatchObject([{ kind: 'busy', url: 's3://b/a' }])
    room.clock.advance(3_600_000)
    expect(await room.countsOf()).toEqual({ adopted: 1, known: 1 })
  })

  test('who claims first has it, whoever that is', async () => {
    const outcomes = new Set<string>()
    for (let at = 1; at < 12; at += 1) {
      const room = createAdoptionRoom()
      const sources = ['a', 'b', 'c'].map((key) => room.putHeld(key))
      let writes = 0
      let live: Promise<unknown> = Promise.resolve()
      room.state.onWrite = () => {
        writes += 1
        if (writes === at) live = room.deliver(sources.slice(0, 2))
      }
      const sum = await room.adopt()
      await live
      room.state.onWrite = () => undefined
      const again = (await room.adopt())?.counts
      expect(again).toMatchObject({ adopted: 0, busy: 0 })
      expect((again?.known ?? 0) + (again?.loaded ?? 0)).toBe(3)
      expect(again?.loaded).toBe(room.loaded().length)
      expect(sum?.counts.adopted).toBe(again?.known)
      outcomes.add(`${sum?.counts.adopted} adopted, ${sum?.counts.busy} busy`)
      expect((await room.reconcile()).findings).toEqual([])
    }
    expect(outcomes.size).toBeGreaterThan(1)
  })
})

const deaths = (calls: number): readonly (readonly [number, Fate])[] =>
  Array.from({ length: calls }, (_, n) =>
    (['before', 'after'] as const).map((fate) => [n + 1, fate] as const),
  ).flat()

describe('killed at any call', () => {
  const arrange = () => {
    const room = createAdoptionRoom()
    const held = ['a', 'b', 'c'].map((key) => room.putHeld(key))
    const missing = room.put('d', lineOf('d'))
    return { room, sources: [...held, missing] }
  }
  const countCalls = async (): Promise<number> => {
    const process = createMortalProcess()
    await arrange().room.adopt({}, process)
    return process.calls()
  }

  test('and run again it is the same', async () => {
    for (const [at, fate] of deaths(await countCalls())) {
      const { room, sources } = arrange()
      await room.adopt({}, createMortalProcess(at, fate))
      room.clock.advance(3_600_000)
      const { adopted = 0, known = 0, ...others } = await room.countsOf()
      expect([adopted + known, others], `${fate} call ${at}`).toEqual([3, {}])
      await room.sweepAll()
      expect(await room.backfill(sources)).toEqual(['d'])
      expect(room.loaded()).toEqual(['d'])
      expect((await room.reconcile()).findings).toEqual([])
    }
  })

  test('a rebuilt ledger gives each source to one batch, adopted or loaded', async () => {
    for (const [at, fate] of deaths(await countCalls())) {
      const { room, sources } = arrange()
      await room.adopt({}, createMortalProcess(at, fate))
      room.clock.advance(3_600_000)
      await room.deliver(sources.slice(1))
      await room.sweepAll()
      const counts = await room.countsOf()
      room.state.ledger = createMemoryLedger()
      const rebuilt = await room.rebuild()
      expect(rebuilt?.findings, `${fate} call ${at}`).toEqual([])
      expect(await room.rebuild()).toMatchObject({ claims: 0 })
      const { adopted = 0, known = 0, ...others } = counts
      expect(await room.countsOf()).toEqual({
        ...(adopted + known > 0 && { known: adopted + known }),
        ...others,
      })
      const before = room.loaded()
      await room.deliver(sources as Source[])
      expect(room.loaded()).toEqual(before)
      expect((await room.reconcile()).findings).toEqual([])
    }
  })
})

test('a pipeline with other targets is refused', async () => {
  const room = createAdoptionRoom()
  await room.deliver([room.put('x', lineOf('x'))])
  const targets = room.depsOf(createMortalProcess()).targets.slice(0, 1)
  const { predecessor } = room
  const deps = { ...room.depsOf(createMortalProcess()), targets, routes: [], predecessor }
  await expect(
    adoptObjects(deps, { bucket: 'b', prefix: '' }, room.call()).next(),
  ).rejects.toMatchObject({ code: 'PIPELINE_CHANGED' })
})
