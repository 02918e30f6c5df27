import {
  type Dataset,
  Fault,
  readObjectsMessage,
  type Source,
  type Target,
} from '@silversmith/core'
import {
  createSilverInspector,
  type ExplainDeps,
  explainObject,
  type ObjectStory,
  replayQuarantine,
} from '@silversmith/flow'
import { readParquet } from '@silversmith/parquet'
import { describe, expect, test } from 'vitest'
import { createMemoryInspector } from '../index.ts'
import { createRoom, notes, pipeline } from '../transform/transform-room.ts'

const { signal } = new AbortController()
const twoRows = '{"id":"a","at":1}\n{"id":"b","at":1}'

const createScene = (datasets: readonly Dataset[] = [notes]) => {
  const state = { isUp: true }
  const wrap = (target: Target): Target => ({
    ...target,
    put: async (batch, chunk, own) => {
      if (!state.isUp) throw new Fault('TARGET_UNAVAILABLE', 'no answer')
      return target.put(batch, chunk, own)
    },
  })
  const room = createRoom({ clickhouse: wrap, datasets })
  const { store, engine, deps } = room
  const silver = createSilverInspector({ store, prefix: 'silver/', decode: readParquet })
  const explainDeps: ExplainDeps = {
    ...{ ...deps, buckets: ['b'], datasets },
    routes: [{ prefix: '', suffixes: ['.jsonl'], dataset: 'notes' }],
    inspectors: [silver, createMemoryInspector({ name: 'clickhouse', engine })],
    ...{ silverPrefix: 'silver/', quarantinePrefix: 'quarantine/', silverBucket: 'silver' },
  }
  const explain = (source: Source, record?: number, own: Partial<ExplainDeps> = {}) =>
    explainObject({ ...explainDeps, ...own }, source.object, record, room.call())
  const load = async (body: string, name = 'a.jsonl'): Promise<Source> => {
    const source = room.put(name, body)
    await room.run(source)
    return source
  }
  /** Sends the quarantine through transform again. */
  const replay = async () => {
    await replayQuarantine({ ...deps, queue: room.queue }, {}, { dryRun: false }, room.call())
    const deliveries = room.queue.take().map((body, at) => ({
      messageId: `${at}`,
      message: readObjectsMessage(pipeline, body),
    }))
    await room.transform(deliveries, room.call())
  }
  return { ...room, state, explain, load, replay }
}

/** `target rows`, of all chunks with rows. */
const rowsIn = ({ loads }: ObjectStory): readonly string[] =>
  loads.flatMap(({ chunks }) =>
    chunks.flatMap(({ shares }) => shares.map(({ target, distinct }) => `${target} ${distinct}`)),
  )
const kindsOf = ({ verdicts }: ObjectStory): readonly string[] => verdicts.map(({ kind }) => kind)

describe('an object that was loaded', () => {
  test('is told with its claim, its batch, its chunks, and its rows in each target', async () => {
    const { load, explain } = createScene()
    await load('{"id":"x","at":1}', 'other.jsonl')
    const source = await load(`${twoRows}\nno JSON`)
    const story = await explain(source)
    expect(story).toMatchObject({
      ...{ url: 's3://b/a.jsonl', source: source.id, dataset: 'notes', isOurs: true, isWell: true },
      claim: { id: source.id, batch: story.batch?.id },
      batch: { state: 'C' },
      standing: { reason: 'already-loaded' },
      loads: [{ entry: { rows: 2, rejected: 1 }, rejected: { byReason: { invalid_json: 1 } } }],
      verdicts: [],
    })
    expect([...rowsIn(story)].toSorted()).toEqual(['clickhouse 2', 'silver 2'])
    const [share] =
      story.loads[0]?.chunks[0]?.shares.filter(({ target }) => target === 'silver') ?? []
    expect(share?.files[0]).toMatch(/^silver\/notes\/dt=1970-01-01\/.*-0\.parquet$/)
  })

  test('and shares its chunk with others is told by its own rows only, record by record', async () => {
    const { run, put, explain } = createScene()
    const [one, two] = [put('a.jsonl', twoRows), put('b.jsonl', '{"id":"c","at":1}')]
    await run(one, two)
    expect([...rowsIn(await explain(one))].toSorted()).toEqual(['clickhouse 2', 'silver 2'])
    expect([...rowsIn(await explain(two))].toSorted()).toEqual(['clickhouse 1', 'silver 1'])
    const row = await explain(one, 1)
    expect([...rowsIn(row)].toSorted()).toEqual(['clickhouse 1', 'silver 1'])
    expect(row).toMatchObject({ record: 1, verdicts: [], isWell: true })
  })

  test('and was deleted from one target names the repair', async () => {
    const { load, explain, engine } = createScene()
    const source = await load(twoRows)
    engine.removeRows('notes', (row) => Number(row['_record']) === 0)
    const story = await explain(source)
    expect(story.verdicts).toEqual([
      {
        ...{ kind: 'lost', isWell: false, mend: `silversmith repair ${story.batch?.id} --yes` },
        detail: expect.stringContaining('clickhouse has 1 of 2 rows'),
      },
    ])
    expect(story.isWell).toBe(false)
    expect(kindsOf(await explain(source, 1))).toEqual([])
    expect(kindsOf(await explain(source, 0))).toEqual(['lost'])
  })

  test('and was deleted from every target is lost', async () => {
    const { load, explain, engine, store } = createScene()
    const source = await load(twoRows)
    engine.removeRows('notes', () => true)
    const files = [...store.files.keys()].filter((key) => key.startsWith('silver/'))
    await store.remove(files, signal)
    expect(kindsOf(await explain(source))).toEqual(['lost'])
    expect(kindsOf(await explain(source, 1))).toEqual(['lost'])
  })

  test('a target that does not answer, or is not named, is told; the other is told all the same', async () => {
    const { load, explain, engine } = createScene()
    const source = await load(twoRows)
    const refuse = async () => {
      throw new Fault('TARGET_UNAVAILABLE', 'no answer')
    }
    const memory = createMemoryInspector({ name: 'clickhouse', engine })
    const broken = { name: 'silver', inspect: refuse, listTokens: refuse }
    expect((await explain(source, undefined, { inspectors: [broken, memory] })).verdicts).toEqual([
      { kind: 'unseen', detail: 'silver: TARGET_UNAVAILABLE: no answer', isWell: false },
    ])
    expect((await explain(source, undefined, { inspectors: [memory] })).verdicts).toEqual([
      { kind: 'unseen', detail: 'silver: TARGETS does not name it here', isWell: false },
    ])
  })

  test('of a table that keeps rows for some time may have lost old ones', async () => {
    const kept = { ...notes, tables: notes.tables.map((one) => ({ ...one, retentionDays: 30 })) }
    const { load, explain, engine } = createScene([kept])
    const source = await load(twoRows)
    engine.removeRows('notes', () => true)
    expect(await explain(source)).toMatchObject({ isWell: true, verdicts: [{ kind: 'expired' }] })
  })
})

describe('an object that is not loaded', () => {
  test('waits for a target that is down, and says for which', async () => {
    const { load, explain, state } = createScene()
    state.isUp = false
    const source = await load(twoRows)
    const story = await explain(source)
    expect(story).toMatchObject({
      ...{ batch: { state: 'S' }, standing: { reason: 'batch-waits' }, isWell: false },
      verdicts: [{ kind: 'waiting', detail: 'clickhouse: TARGET_UNAVAILABLE: no answer' }],
    })
    expect([...rowsIn(story)].toSorted()).toEqual(['clickhouse 0', 'silver 2'])
  })

  test('was never begun, has no route, is of another bucket, or is gone', async () => {
    const { put, source, bronze, explain } = createScene()
    const reasonOf = async (own: Source, deps: Partial<ExplainDeps> = {}) =>
      (await explain(own, undefined, deps)).standing.reason
    const fresh = put('a.jsonl', twoRows)
    expect(await reasonOf(fresh)).toBe('never-begun')
    expect(await reasonOf(fresh, { buckets: ['another'] })).toBe('other-bucket')
    expect(await reasonOf(put('a.csv', twoRows))).toBe('unrouted')
    bronze.deleteObject('b', 'a.jsonl')
    expect(await reasonOf(fresh)).toBe('object-gone')
    expect(await reasonOf(source({ bucket: 'b', key: 'x.jsonl', etag: 'e' }))).toBe('object-gone')
  })

  test('a claim whose batch the ledger lacks is told', async () => {
    const { load, explain, ledger } = createScene()
    const source = await load(twoRows)
    const read: typeof ledger.read = async (keys, own) =>
      (await ledger.read(keys, own)).map((item) => (item?.item.kind === 'batch' ? undefined : item))
    const story = await explain(source, undefined, { ledger: { ...ledger, read } })
    expect(story).toMatchObject({
      ...{ claim: { id: source.id }, batch: undefined, isWell: false },
      standing: { reason: 'claim-without-batch' },
    })
  })
})

describe('a record without rows', () => {
  test('was rejected: its reason, its line and its file are told', async () => {
    const { load, explain } = createScene()
    const source = await load(`${twoRows}\n{"at":1}\nno JSON`)
    expect(await explain(source, 2)).toMatchObject({
      isWell: true,
      loads: [{ rejected: { lines: [{ record: 2, line: 3, reason: 'no_id', path: 'id' }] } }],
      verdicts: [
        {
          ...{ kind: 'rejected', isWell: true },
          detail: expect.stringMatching(/^no_id at id; it is kept in quarantine\/notes\//),
          mend: expect.stringMatching(/^silversmith quarantine show quarantine\/notes\//),
        },
      ],
    })
  })

  test('was rejected while its batch waits: the staged file tells it', async () => {
    const { load, explain, state, store } = createScene()
    state.isUp = false
    const source = await load(`${twoRows}\nno JSON`)
    const kept = [...store.files.keys()].filter((key) => key.startsWith('quarantine/'))
    await store.remove(kept, signal)
    expect(kindsOf(await explain(source, 2))).toContain('rejected')
  })

  test('and was replayed is followed to the batch that loaded it', async () => {
    const { load, explain, replay, release } = createScene()
    const source = await load(`${twoRows}\n{"name":"c","at":1}\n{"at":1}`)
    const mended: Dataset['map'] = (record, context) => {
      const { name, ...rest } = record as { name?: string }
      return notes.map(name === undefined ? rest : { id: name, at: 1 }, context)
    }
    release([{ ...notes, map: mended }])
    await replay()
    const row = await explain(source, 2)
    expect(row).toMatchObject({ isWell: true, verdicts: [] })
    expect([...rowsIn(row)].toSorted()).toEqual(['clickhouse 1', 'silver 1'])
    expect(row.loads.map(({ file }) => file?.slice(0, 17))).toEqual([
      undefined,
      'quarantine/notes/',
    ])
    // The other was rejected once more, into a newer file.
    const left = await explain(source, 3)
    expect(kindsOf(left)).toEqual(['rejected'])
    const files = left.loads.flatMap(({ rejected }) => rejected.files)
    expect(new Set(files).size).toBe(2)
    expect(left.verdicts[0]?.detail).toContain(files.at(-1))
  })

  test('was discarded, or is not there at all', async () => {
    const { load, explain } = createScene()
    const source = await load(`${twoRows}\n{"id":"skip"}`)
    expect(kindsOf(await explain(source, 2))).toEqual(['discarded'])
    expect(await explain(source, 3)).toMatchObject({
      isWell: false,
      verdicts: [{ kind: 'no-such-record', detail: expect.stringContaining('has 3 records') }],
    })
  })

  test('of an object that became nothing says what that became', async () => {
    const { load, explain } = createScene()
    expect(kindsOf(await explain(await load('', 'empty.jsonl'), 0))).toEqual(['no-such-record'])
  })
})
