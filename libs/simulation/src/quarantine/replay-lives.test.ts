import { type Dataset, readObjectsMessage, type Source } from '@silversmith/core'
import {
  createSweep,
  createTransform,
  type Delivery,
  listQuarantine,
  type QuarantineFilter,
  type QuarantineRecord,
  replayQuarantine,
} from '@silversmith/flow'
import { expect, test } from 'vitest'
import { createRandom } from '../index.ts'
import { createMortalProcess, type MortalProcess } from '../repair/mortal-process.ts'
import { createRoom, notes, pipeline } from '../transform/transform-room.ts'

/** A record is good, good once the mapping is mended, or never. */
const kinds = ['good', 'mendable', 'hopeless'] as const
type Kind = (typeof kinds)[number]

const lineOf = (kind: Kind, name: string): string =>
  ({ good: `{"id":"${name}"}`, mendable: `{"text":"${name}"}`, hopeless: `[${name}` })[kind]

const mended: Dataset = {
  ...notes,
  version: 2,
  map: (record, context) => {
    const { text } = (record ?? {}) as { text?: unknown }
    return notes.map(typeof text === 'string' ? { id: text } : record, context)
  },
}

/** Too few in a row to condemn a source as poison. */
const crashesMax = 3
const callsMax = 80
const generationMax = 2
const stepsOfLife = 30

/** Uploads, deliveries, replays and reloads in any order, with processes dying at any call; then all is brought to rest. */
const live = async (seed: number) => {
  const random = createRandom(seed)
  const room = createRoom()
  const contents = new Map<string, readonly Kind[]>()
  const sources: Source[] = []
  const messages = new Set<Source>()
  let datasets: readonly Dataset[] = [notes]
  let crashes = 0

  const process = (): MortalProcess => {
    if (crashes >= crashesMax || !random.chance(0.4)) return createMortalProcess()
    crashes += 1
    return createMortalProcess(1 + random.below(callsMax), random.pick(['before', 'after']))
  }
  const depsOf = ({ wrap }: MortalProcess) => {
    const { ledger, bronze, store, targets, ...rest } = room.deps
    const wrapped = { ledger: wrap(ledger), bronze: wrap(bronze), store: wrap(store) }
    return { ...rest, ...wrapped, targets: targets.map(wrap), datasets, queue: wrap(room.queue) }
  }
  const receive = (): void => {
    for (const body of room.queue.take()) {
      const message = readObjectsMessage(pipeline, body)
      if (message?.kind === 'source') messages.add(message.source)
      else if (message?.kind === 'batch') open.add(message.batch)
    }
  }
  const open = new Set<string>()
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
  const upload = (): void => {
    const key = `${contents.size}.jsonl`
    const own = Array.from({ length: 1 + random.below(5) }, () => random.pick(kinds))
    contents.set(key, own)
    const source = room.put(key, own.map((kind, at) => lineOf(kind, `${key}-${at}`)).join('\n'))
    sources.push(source)
    messages.add(source)
  }
  const reload = (): void => {
    const at = random.below(Math.max(1, sources.length))
    const source = sources[at]
    if (!source || source.generation >= generationMax) return
    sources[at] = { ...source, generation: source.generation + 1 }
    messages.add(sources[at])
  }
  const filters: readonly QuarantineFilter[] = [{}, { dataset: 'notes' }, { reason: 'no_id' }]
  const replay = async (): Promise<void> => {
    const own = process()
    await own.run(() =>
      replayQuarantine(depsOf(own), random.pick(filters), { dryRun: false }, room.call()),
    )
    receive()
  }
  const sweep = async (own = process()): Promise<void> => {
    await own.run(() => createSweep(depsOf(own))(room.call()))
    receive()
  }
  const someOf = () => [...messages].filter(() => random.chance(0.6))
  const steps = [
    ...[upload, upload, reload, replay, replay, sweep],
    ...Array.from({ length: 3 }, () => () => deliver(someOf(), process())),
    () => void (datasets = [mended]),
    () => room.clock.advance(random.below(900_000)),
  ]
  for (let step = 0; step < stepsOfLife; step += 1) await random.pick(steps)()
  datasets = [mended]
  crashes = crashesMax
  for (let round = 0; round < 12; round += 1) {
    room.clock.advance(3_700_000)
    await sweep(createMortalProcess())
    await deliver([...messages], createMortalProcess())
    if (round === 4) await replay()
  }
  expect([messages.size, open.size]).toEqual([0, 0])
  return { room, sources, contents }
}

const countBy = (names: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** `<source> <record> <generation>` of every record in a file that nobody has replayed. */
const readUnresolved = async ({ deps, store, call }: Awaited<ReturnType<typeof live>>['room']) => {
  const names: string[] = []
  for await (const page of listQuarantine(deps, {}, call()))
    for (const { source, state } of page) {
      if (state === 'resolved') continue
      const text = Buffer.from(store.files.get(source.object.key)?.bytes ?? []).toString()
      for (const line of text.trimEnd().split('\n')) {
        const { source: uri, record, generation } = JSON.parse(line) as QuarantineRecord
        names.push(`${uri} ${record} ${generation}`)
      }
    }
  return countBy(names)
}

test('whatever dies and in whatever order: each record is one row, or in one file that is not resolved', async () => {
  for (let seed = 1; seed <= Number(process.env['LIVES'] ?? 60); seed += 1) {
    const { room, sources, contents } = await live(seed)
    const rows = countBy(
      room.rows().map((row) => `${row['_source']} ${row['_record']} ${row['_generation']}`),
    )
    const silver = countBy(
      (await room.silver())
        .filter((row) => row['id'] !== undefined)
        .map((row) => `${row['_source']} ${row['_record']} ${row['_generation']}`),
    )
    const unresolved = await readUnresolved(room)
    const problems: string[] = []
    for (const { object, generation } of sources)
      for (const [record, kind] of contents.get(object.key)!.entries()) {
        // What the views show: the newest generation of the source.
        const name = `s3://b/${object.key} ${record} ${generation}`
        const found = [rows.get(name) ?? 0, silver.get(name) ?? 0, unresolved.get(name) ?? 0]
        const wanted = kind === 'hopeless' ? '0 0 1' : '1 1 0'
        if (found.join(' ') !== wanted) problems.push(`${name} (${kind}): ${found.join(' ')}`)
      }
    expect({ seed, problems }).toEqual({ seed, problems: [] })
  }
}, 1_200_000)
