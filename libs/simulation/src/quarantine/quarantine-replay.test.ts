import type { Dataset, Source } from '@silversmith/core'
import { readObjectsMessage } from '@silversmith/core'
import { column, createRowDataset, rawObjects } from '@silversmith/datasets'
import {
  createTransform,
  listQuarantine,
  type QuarantineFilter,
  readQuarantineRecord,
  replayQuarantine,
} from '@silversmith/flow'
import { expect, test } from 'vitest'
import { sha256Of } from '../index.ts'
import { currentRows } from '../memory/current-rows.ts'
import { createMortalProcess } from '../repair/mortal-process.ts'
import { createRoom, notes, pipeline, type RoomOptions } from '../transform/transform-room.ts'

/** Takes records without an id, too: the release that mends what the first one rejects. */
const mended: Dataset = {
  ...notes,
  version: 2,
  map: (record, context) => {
    const { text } = (record ?? {}) as { text?: unknown }
    return notes.map(typeof text === 'string' ? { id: `text ${text}` } : record, context)
  },
}

const createQuarantineRoom = (options: RoomOptions = {}) => {
  const room = createRoom(options)
  const deps = { ...room.deps, queue: room.queue }
  /** What the queue was given goes to transform. */
  const runSent = async (): Promise<number> => {
    const sent = room.queue.take().flatMap((body) => {
      const message = readObjectsMessage(pipeline, body)
      return message?.kind === 'source' ? [message.source] : []
    })
    expect(await room.run(...sent)).toEqual([])
    return sent.length
  }
  const replay = async (filter: QuarantineFilter = {}) => {
    const result = await replayQuarantine(deps, filter, { dryRun: false }, room.call())
    await runSent()
    return result
  }
  const list = async (filter: QuarantineFilter = {}) => {
    const entries = []
    for await (const page of listQuarantine(deps, filter, room.call())) entries.push(...page)
    return entries
  }
  const states = async () =>
    (await list()).map(({ reason, records, state, replay: told }) => ({
      ...{ reason, records, state },
      ...(told && { became: [told.rows, told.rejected, told.discarded] }),
    }))
  /** The way of `silversmith`'s reload: the same source in the next generation. */
  const reload = (source: Source) => room.run({ ...source, generation: source.generation + 1 })
  const rows = () =>
    room
      .rows()
      .map((row) => {
        const { _source, _version, _record, _line, _generation, _dataset_version, id } = row
        return { _source, _version, _record, _line, _generation, _dataset_version, id }
      })
      .toSorted((a, b) => Number(a._record) - Number(b._record))
  const release = (next: Dataset = mended) => room.release([next])
  return { ...room, deps, runSent, replay, list, states, reload, rows, release }
}

const lines = '{"id":"a"}\n{"text":"b"}\n{"text":"é\\u0001"}\nnot json\n'

test('a mapping is mended: each kept record becomes its row, with the lineage it had', async () => {
  const room = createQuarantineRoom()
  const source = room.put('x.jsonl', lines)
  await room.run(source)
  expect(await room.states()).toEqual([
    { reason: 'invalid_json', records: 1, state: 'open' },
    { reason: 'no_id', records: 2, state: 'open' },
  ])
  room.release()
  expect(await room.replay({ reason: 'no_id' })).toMatchObject({ sent: 1, records: 2, resolved: 0 })
  const lineage = { _source: 's3://b/x.jsonl', _version: source.object.version, _generation: 0 }
  expect(room.rows()).toMatchObject([
    { ...lineage, _record: 0n, _line: 1n, _dataset_version: 1, id: 'a' },
    { ...lineage, _record: 1n, _line: 2n, _dataset_version: 2, id: 'text b' },
    { ...lineage, _record: 2n, _line: 3n, _dataset_version: 2, id: 'text é\u0001' },
  ])
  expect(room.names(await room.silver())).toEqual(room.names(room.rows()))
  expect(await room.states()).toEqual([
    { reason: 'invalid_json', records: 1, state: 'open' },
    { reason: 'no_id', records: 2, state: 'resolved', became: [2, 0, 0] },
  ])
})

test('a record that says no time keeps that of its object, also when it is replayed much later', async () => {
  const own = createRowDataset({
    ...{ name: 'notes', version: 1, description: 'Notes', time: 'object', orderBy: ['timestamp'] },
    rules: [column('id', 'text', ['id'])],
  })
  const strict: Dataset = { ...own, map: () => ({ rejection: { reason: 'early' } }) }
  const room = createQuarantineRoom({ datasets: [strict] })
  const modified = room.clock.now()
  const source = room.put('x.jsonl', '{"id":"a"}\n')
  room.clock.advance(90 * 86_400_000)
  await room.run(source)
  expect(await room.states()).toEqual([{ reason: 'early', records: 1, state: 'open' }])
  room.release(own)
  await room.replay()
  const timestamp = modified * 1_000
  expect(room.engine.rows('notes')).toMatchObject([{ id: 'a', timestamp, _object_time: timestamp }])
})

test('a second replay and overlapping filters add nothing', async () => {
  const room = createQuarantineRoom()
  await room.run(room.put('x.jsonl', lines))
  room.release()
  const both = await Promise.all([
    replayQuarantine(room.deps, {}, { dryRun: false }, room.call()),
    replayQuarantine(room.deps, { reason: 'no_id' }, { dryRun: false }, room.call()),
  ])
  expect(both.map(({ sent }) => sent)).toEqual([2, 1])
  await room.runSent()
  const before = room.rows()
  expect(before).toHaveLength(3)
  expect(await room.replay({ reason: 'no_id' })).toMatchObject({ sent: 0, resolved: 1 })
  expect(room.rows()).toEqual(before)
})

test('what fails again is kept in a new file, as it was kept before', async () => {
  const room = createQuarantineRoom({ limits: { recordBytesMax: 60 } })
  const long = `{"id":"${'x'.repeat(100)}"}`
  await room.run(
    room.put('x.jsonl', `{"text":"b"}\n${long}\n`),
    room.put('y.json', '[{"id":"c"},{"id'),
  )
  const before = room.quarantined()
  expect(before.map(({ reason }) => reason).toSorted()).toEqual([
    'no_id',
    'record_too_large',
    'truncated_array',
    'truncated_document',
  ])
  expect(await room.replay()).toMatchObject({ sent: 4, records: 4 })
  const after = room.quarantined()
  expect(after).toHaveLength(8)
  for (const record of before) expect(after.filter((one) => same(one, record))).toHaveLength(2)
  const files = await room.states()
  expect(files.filter(({ state }) => state === 'resolved')).toHaveLength(4)
  expect(files.filter(({ state }) => state === 'open')).toHaveLength(4)
  room.release()
  await room.replay({ reason: 'no_id' })
  expect(
    room
      .rows()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['c', 'text b'])
})

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b)

test('a record of the longest kind, each byte of it an escape in its file, is replayed', async () => {
  const recordBytesMax = 40_000
  const room = createQuarantineRoom({ limits: { recordBytesMax } })
  const frame = JSON.stringify({ text: '' }).length
  const text = '"'.repeat((recordBytesMax - frame) / 2)
  await room.run(room.put('x.jsonl', `${JSON.stringify({ text })}\n`))
  room.release()
  expect(await room.replay()).toMatchObject({ sent: 1, records: 1 })
  expect(room.rows()).toMatchObject([{ id: `text ${text}` }])
})

test('records of an object that was loaded again since are left to that load', async () => {
  const room = createQuarantineRoom()
  const [again, once] = [room.put('x.jsonl', lines), room.put('y.jsonl', '{"text":"only"}')]
  await room.run(again, once)
  room.release()
  await room.reload(again)
  await room.replay({ reason: 'no_id' })
  const ofNew = room.rows().filter(({ _generation }) => _generation === 1)
  expect(ofNew.map(({ id }) => id)).toEqual(['a', 'text b', 'text é\u0001'])
  const ofOld = room.rows().filter(({ _generation }) => _generation === 0)
  expect(ofOld.map(({ id }) => id).toSorted()).toEqual(['a', 'text only'])
  const file = (await room.states()).find(({ reason }) => reason === 'no_id')
  expect(file).toEqual({ reason: 'no_id', records: 3, state: 'resolved', became: [1, 0, 2] })
})

test('a replay beside a reload that came to nothing loads the records all the same', async () => {
  const room = createQuarantineRoom()
  const source = room.put('x.jsonl', lines)
  await room.run(source)
  room.release()
  // The reload's batch ends before its seal: nothing of it counts.
  room.bronze.deleteObject('b', 'x.jsonl')
  await room.reload(source)
  await room.replay({ reason: 'no_id' })
  expect(room.rows().map(({ id }) => id)).toEqual(['a', 'text b', 'text é\u0001'])
})

test('a rejection of a reload is replayed in the generation of that reload', async () => {
  const room = createQuarantineRoom()
  const source = room.put('x.jsonl', lines)
  await room.run(source)
  await room.reload(source)
  room.release()
  await room.replay({ reason: 'no_id' })
  const found = room.rows().map(({ id, _generation }) => `${String(id)} ${String(_generation)}`)
  expect(found.toSorted()).toEqual(['a 0', 'a 1', 'text b 1', 'text é\u0001 1'])
})

test('records of an object whose reload has no rows are replayed in that of the reload only', async () => {
  const room = createQuarantineRoom()
  const source = room.put('x.jsonl', '{"text":"only"}')
  await room.run(source)
  await room.reload(source)
  room.release()
  expect(await room.replay()).toMatchObject({ sent: 2, records: 2 })
  expect(room.rows()).toMatchObject([{ id: 'text only', _generation: 1 }])
})

test('where versions supersede each other a replay supersedes nothing, nor is it set aside', async () => {
  const room = createQuarantineRoom({ overwrites: { notes: 'supersede' } })
  room.bronze.setBucket('b', 'versioned')
  const older = room.put('x.jsonl', '{"text":"old"}')
  await room.run(older)
  room.clock.advance(2_000)
  const newer = room.put('x.jsonl', '{"id":"new"}')
  await room.run(newer)
  room.release()
  await room.replay()
  expect(room.rows()).toHaveLength(2)
  expect(await room.states()).toMatchObject([{ state: 'resolved', became: [1, 0, 0] }])
  expect(currentRows(room.engine, 'notes').map(({ id }) => id)).toEqual(['new'])
})

test('a line that somebody spoiled is kept, told as what it is', async () => {
  const room = createQuarantineRoom()
  const key = 'quarantine/notes/reason=no_id/dt=2026-01-01/BYHAND-0.jsonl'
  const bytes = Buffer.from('{"source":"s3://b/x"}\n')
  const { signal } = room.call()
  await room.store.write(
    key,
    bytes,
    { sha256: sha256Of(bytes), contentType: 'application/x-ndjson' },
    signal,
  )
  await room.replay()
  const kept = room.quarantined().find(({ reason }) => reason === 'quarantine_record_invalid')
  expect(kept).toMatchObject({
    source: `s3://silver/${key}`,
    record: 0,
    line: 1,
    raw: '{"source":"s3://b/x"}',
  })
  expect(readQuarantineRecord(JSON.stringify(kept))).toEqual(kept)
  expect((await room.states()).map(({ state, records }) => [state, records])).toEqual([
    ['resolved', undefined],
    ['open', 1],
  ])
})

test('nothing that is no quarantine record becomes a row, also where any bytes would', async () => {
  const room = createQuarantineRoom({ datasets: [rawObjects] })
  const bytes = Buffer.from('{"spoiled":1}\n')
  const facts = { sha256: sha256Of(bytes), contentType: 'application/x-ndjson' }
  const key = 'quarantine/raw_objects/reason=mapping_failed/dt=2026-01-01/BYHAND-0.jsonl'
  await room.store.write(key, bytes, facts, room.call().signal)
  await room.replay()
  expect(room.quarantined().map(({ reason }) => reason)).toEqual([
    undefined,
    'quarantine_record_invalid',
  ])
  expect(room.engine.rows('raw_objects')).toEqual([])
})

test('a file that ended processes when it was opened can be replayed once more, and once only', async () => {
  const room = createQuarantineRoom()
  await room.run(room.put('x.jsonl', lines))
  room.release()
  const filter = { reason: 'no_id' }
  const stateOf = async () => (await room.list(filter))[0]
  await replayQuarantine(room.deps, filter, { dryRun: false }, room.call())
  const { source } = (await stateOf())!
  for (let life = 0; life < 10 && (await stateOf())?.state !== 'failed'; life += 1) {
    const own = createMortalProcess((name) => name === 'open')
    const { ledger, store, bronze } = room.deps
    const wrapped = {
      ledger: own.wrap(ledger),
      store: own.wrap(store),
      bronze: own.wrap(bronze),
    }
    await own.run(() =>
      createTransform({ ...room.deps, ...wrapped })(room.deliver(source), room.call()),
    )
    room.clock.advance(200_000)
  }
  expect(await stateOf()).toMatchObject({ state: 'failed', replay: { disposition: 'poison' } })
  room.queue.take()
  expect(await room.replay(filter)).toMatchObject({ sent: 1, records: 2 })
  const before = room.rows()
  expect(before.map(({ id, _generation }) => [id, _generation])).toEqual([
    ['a', 0],
    ['text b', 0],
    ['text é\u0001', 0],
  ])
  expect(await room.replay(filter)).toMatchObject({ sent: 0, resolved: 1 })
  expect(await room.run(source, { ...source, generation: 1 })).toEqual([])
  expect(room.rows()).toEqual(before)
})

test('files are chosen by dataset, reason and time', async () => {
  const room = createQuarantineRoom()
  await room.run(room.put('x.jsonl', lines))
  const start = room.clock.now()
  room.clock.advance(86_400_000)
  await room.run(room.put('y.jsonl', lines))
  const count = async (filter: QuarantineFilter) => (await room.list(filter)).length
  expect(await count({})).toBe(4)
  expect(await count({ dataset: 'notes' })).toBe(4)
  expect(await count({ dataset: 'note' })).toBe(0)
  expect(await count({ reason: 'no_id' })).toBe(2)
  expect(await count({ dataset: 'notes', reason: 'no' })).toBe(0)
  expect(await count({ since: start + 1 })).toBe(2)
  expect(await count({ until: start + 1 })).toBe(2)
  expect(await count({ since: start + 1, until: start + 2 })).toBe(0)
  expect(await count({ since: start })).toBe(4)
  expect(await count({ until: start })).toBe(0)
})
