import { readObjectsMessage, type Source } from '@silversmith/core'
import { createSweep, createTransform, type Delivery } from '@silversmith/flow'
import { expect, test } from 'vitest'
import { createRandom } from '../index.ts'
import { currentRows } from '../memory/current-rows.ts'
import { createMortalProcess, type MortalProcess } from '../repair/mortal-process.ts'
import { createRoom, notes, pipeline } from '../transform/transform-room.ts'

/** One write of one key. */
interface Write {
  readonly source: Source
  readonly key: string
  /** What `notes` of it show. */
  readonly ids: readonly string[]
  isDeleted: boolean
}

const keys = ['a.jsonl', 'b.jsonl']
/** Bytes come back as they were: A → B → A. */
const bodies = ['A', 'B', 'none', 'long'] as const
const idsOf: Readonly<Record<(typeof bodies)[number], readonly string[]>> = {
  A: ['A1', 'A2'],
  B: ['B1'],
  none: [],
  long: Array.from({ length: 12 }, (_, n) => `L${n}`),
}
const textOf = (ids: readonly string[]): string =>
  // Of two months, so that a version is several chunks.
  ids.length === 0
    ? '{"no":"id"}'
    : ids.map((id, n) => JSON.stringify({ id, at: (n % 2) * 5_000_000_000 })).join('\n')

const crashesMax = 3
const callsMax = 80
const generationMax = 2
const stepsOfLife = 30

/** Writes, deletes, reloads, deliveries in any order, with processes dying at any call; `look` after each step. */
const live = async (seed: number, look: (life: Life) => void) => {
  const random = createRandom(seed)
  const room = createRoom({ overwrites: { notes: 'supersede' } })
  room.bronze.setBucket('b', 'versioned')
  const writes: Write[] = []
  const messages = new Set<Source>()
  const open = new Set<string>()
  let crashes = 0

  const process = (): MortalProcess => {
    if (crashes >= crashesMax || !random.chance(0.4)) return createMortalProcess()
    crashes += 1
    return createMortalProcess(1 + random.below(callsMax), random.pick(['before', 'after']))
  }
  const depsOf = ({ wrap }: MortalProcess) => {
    const { ledger, bronze, store, targets, ...rest } = room.deps
    const wrapped = { ledger: wrap(ledger), bronze: wrap(bronze), store: wrap(store) }
    return { ...rest, ...wrapped, targets: targets.map(wrap), queue: wrap(room.queue) }
  }
  const deliver = async (chosen: readonly Source[], own: MortalProcess): Promise<void> => {
    const ofSources = chosen.map((source, at): Delivery => {
      return { messageId: `${at}`, message: { kind: 'source', source } }
    })
    const ofBatches = [...open].map((batch): Delivery => {
      return { messageId: batch, message: { kind: 'batch', batch } }
    })
    const deliveries = [...ofSources, ...ofBatches]
    const left = await own.run(() => createTransform(depsOf(own))(deliveries, room.call()))
    if (!left) return
    chosen.filter((_, at) => !left.includes(`${at}`)).forEach((one) => messages.delete(one))
    for (const batch of open) if (!left.includes(batch)) open.delete(batch)
  }
  const write = (): void => {
    const [key, body] = [random.pick(keys), random.pick(bodies)]
    const ids = idsOf[body]
    const sequencer = (writes.length + 1).toString(16)
    const source = { ...room.put(key, textOf(ids)), sequencer }
    writes.push({ source, key, ids, isDeleted: false })
    messages.add(source)
  }
  const reload = (): void => {
    const at = random.below(Math.max(1, writes.length))
    const one = writes[at]
    if (!one || one.source.generation >= generationMax) return
    const source = { ...one.source, generation: one.source.generation + 1 }
    writes[at] = { ...one, source }
    messages.add(source)
  }
  const removeVersion = (): void => {
    const one = writes[random.below(Math.max(1, writes.length))]
    if (!one) return
    one.isDeleted = true
    room.bronze.deleteVersion('b', one.key, one.source.object.version)
  }
  const sweep = async (own = process()): Promise<void> => {
    await own.run(() => createSweep(depsOf(own))(room.call()))
    for (const body of room.queue.take()) {
      const message = readObjectsMessage(pipeline, body)
      if (message?.kind === 'batch') open.add(message.batch)
    }
  }
  const steps = [
    ...[write, write, reload, sweep],
    // A delete marker: the versions stay.
    () => room.bronze.deleteObject('b', random.pick(keys)),
    ...(random.chance(0.3) ? [removeVersion] : []),
    ...Array.from({ length: 3 }, () => () => {
      return deliver(
        [...messages].filter(() => random.chance(0.6)),
        process(),
      )
    }),
    // Often within the second that Last-Modified knows.
    () => room.clock.advance(random.pick([0, 0, 1_000, 900_000])),
  ]
  const life = { seed, room, writes }
  for (let step = 0; step < stepsOfLife; step += 1) {
    await random.pick(steps)()
    look(life)
  }
  crashes = crashesMax
  for (let round = 0; round < 8; round += 1) {
    room.clock.advance(3_700_000)
    await sweep(createMortalProcess())
    await deliver([...messages], createMortalProcess())
    look(life)
  }
  expect([seed, messages.size, open.size]).toEqual([seed, 0, 0])
  return life
}

interface Life {
  readonly seed: number
  readonly room: ReturnType<typeof createRoom>
  readonly writes: readonly Write[]
}

const uriOf = (key: string): string => `s3://b/${key}`

const shownOf = ({ room }: Life, key: string) =>
  currentRows(room.engine, 'notes').filter((row) => row['_source'] === uriOf(key))

/** Once a version of a key superseded, what is seen of the key is one version of it, whole. */
const expectWhole = (life: Life): void => {
  for (const key of keys) {
    const superseded = life.room.engine
      .rows('_reloads')
      .some((row) => row['_source'] === uriOf(key) && row['supersedes'] === true)
    const shown = shownOf(life, key)
    const [first] = shown
    if (!superseded || !first) continue
    const write = life.writes.find(({ source }) => source.object.version === first['_version'])
    const own = [life.seed, key, first['_version']]
    expect([...own, ...shown.map(({ id }) => id).toSorted()]).toEqual([
      ...own,
      ...(write?.ids ?? []).toSorted(),
    ])
  }
}

test('A → B → A, deletes and reloads, whatever dies: one version of a key is seen, whole, and at last the newest', async () => {
  for (let seed = 1; seed <= Number(process.env['LIVES'] ?? 60); seed += 1) {
    const life = await live(seed, expectWhole)
    const loaded = new Set(
      life.room
        .manifests()
        .flatMap(({ sources }) => sources)
        .filter(({ disposition }) => disposition === 'rows' || disposition === 'empty')
        .map(({ object }) => object.version),
    )
    for (const key of keys) {
      const written = life.writes.filter(
        (one) => one.key === key && !(one.isDeleted && !loaded.has(one.source.object.version)),
      )
      const newest = written.at(-1)
      const shown = shownOf(life, key).map(
        ({ _version, id }) => `${String(_version)} ${String(id)}`,
      )
      const wanted = newest?.ids.map((id) => `${newest.source.object.version} ${id}`) ?? []
      expect({ seed, key, shown: shown.toSorted() }).toEqual({
        seed,
        key,
        shown: wanted.toSorted(),
      })
    }
  }
}, 1_200_000)

test('an unversioned object of such a dataset is set aside with what to do, and loads nothing', async () => {
  const room = createRoom({ overwrites: { notes: 'supersede' } })
  expect(await room.run(room.put('x.jsonl', '{"id":"a"}'))).toEqual([])
  expect(room.dispositions()).toEqual({ 'x.jsonl': 'unreadable' })
  expect(room.manifests()[0]?.sources[0]?.reason).toMatch(/switch versioning on/)
  expect(room.rows()).toEqual([])
})

test('versions of one second: what events told of their order counts, also beside a listing that does not tell it', async () => {
  const room = createRoom({ overwrites: { notes: 'supersede' } })
  room.bronze.setBucket('b', 'versioned')
  const older = room.put('x.jsonl', '{"id":"old"}')
  const newer = room.put('x.jsonl', '{"id":"new"}')
  const told = [
    { ...older, sequencer: '9F' },
    { ...newer, sequencer: '00a0' },
  ]
  expect(await room.run(newer, ...told, older)).toEqual([])
  expect(currentRows(room.engine, 'notes').map(({ id }) => id)).toEqual(['new'])
})

test('every table of a dataset turns over, also one in which the new rows are none', async () => {
  const [table] = notes.tables
  const tables = ['notes', 'copies'].map((name) => ({ ...table!, name }))
  const map: typeof notes.map = (record, context) => {
    const mapped = notes.map(record, context)
    if (!('rows' in mapped)) return mapped
    const copies = mapped.rows.map((row) => ({ ...row, table: 'copies' }))
    return { rows: [...mapped.rows, ...copies] }
  }
  const room = createRoom({
    datasets: [{ ...notes, tables, map }],
    overwrites: { notes: 'supersede' },
  })
  room.bronze.setBucket('b', 'versioned')
  const shown = (): readonly unknown[] =>
    ['notes', 'copies'].map((name) => currentRows(room.engine, name).map(({ id }) => id))
  await room.run(room.put('x.jsonl', '{"id":"A"}'))
  expect(shown()).toEqual([['A'], ['A']])
  room.clock.advance(2_000)
  const none = room.put('x.jsonl', 'not json')
  await room.run(none)
  expect(shown()).toEqual([[], []])
  room.clock.advance(2_000)
  const last = room.put('x.jsonl', '{"id":"C"}')
  await room.run(last)
  room.release([{ ...notes, tables }])
  await room.run({ ...last, generation: 1 })
  expect(shown()).toEqual([['C'], []])
})
