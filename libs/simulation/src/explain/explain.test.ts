import { type Dataset, Fault, type Source } from '@silversmith/core'
import type { ExplainDeps } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryInspector } from '../index.ts'
import { notes } from '../transform/transform-room.ts'
import { createExplainRoom, down, kindsOf, rowsIn } from './explain-room.ts'

const { signal } = new AbortController()
const twoRows = '{"id":"a","at":1}\n{"id":"b","at":1}'

describe('an object that was loaded', () => {
  test('is told with its claim, its batch, its chunks, and its rows in each target', async () => {
    const { load, explain } = createExplainRoom()
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
    const { run, put, explain } = createExplainRoom()
    const [one, two] = [put('a.jsonl', twoRows), put('b.jsonl', '{"id":"c","at":1}')]
    await run(one, two)
    expect([...rowsIn(await explain(one))].toSorted()).toEqual(['clickhouse 2', 'silver 2'])
    expect([...rowsIn(await explain(two))].toSorted()).toEqual(['clickhouse 1', 'silver 1'])
    const row = await explain(one, 1)
    expect([...rowsIn(row)].toSorted()).toEqual(['clickhouse 1', 'silver 1'])
    expect(row).toMatchObject({ record: 1, verdicts: [], isWell: true })
  })

  test('and was deleted from one target names the repair', async () => {
    const { load, explain, engine } = createExplainRoom()
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
    const { load, explain, engine, store } = createExplainRoom()
    const source = await load(twoRows)
    engine.removeRows('notes', () => true)
    const files = [...store.files.keys()].filter((key) => key.startsWith('silver/'))
    await store.remove(files, signal)
    expect(kindsOf(await explain(source))).toEqual(['lost'])
    expect(kindsOf(await explain(source, 1))).toEqual(['lost'])
  })

  test('a target that does not answer, or is not named, is told; the other is told all the same', async () => {
    const { load, explain, engine } = createExplainRoom()
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
    const { load, explain, engine } = createExplainRoom({ datasets: [kept] })
    const source = await load(twoRows)
    engine.removeRows('notes', () => true)
    expect(await explain(source)).toMatchObject({ isWell: true, verdicts: [{ kind: 'expired' }] })
  })
})

describe('an object that is not loaded', () => {
  test('waits for a target that is down, and says for which', async () => {
    const { load, explain, state } = createExplainRoom()
    state.fault = down
    const source = await load(twoRows)
    const story = await explain(source)
    expect(story).toMatchObject({
      ...{ batch: { state: 'S' }, standing: { reason: 'batch-waits' }, isWell: false },
      verdicts: [{ kind: 'waiting', detail: 'clickhouse: TARGET_UNAVAILABLE: no answer' }],
    })
    expect([...rowsIn(story)].toSorted()).toEqual(['clickhouse 0', 'silver 2'])
  })

  test('was never begun, has no route, is of another bucket, or is gone', async () => {
    const { put, source, bronze, explain } = createExplainRoom()
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
    const { load, explain, ledger } = createExplainRoom()
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
    const { load, explain } = createExplainRoom()
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
    const { load, explain, state, store } = createExplainRoom()
    state.fault = down
    const source = await load(`${twoRows}\nno JSON`)
    const kept = [...store.files.keys()].filter((key) => key.startsWith('quarantine/'))
    await store.remove(kept, signal)
    expect(kindsOf(await explain(source, 2))).toContain('rejected')
  })

  test('and was replayed is followed to the batch that loaded it', async () => {
    const { load, explain, replay, release } = createExplainRoom()
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
    const { load, explain } = createExplainRoom()
    const source = await load(`${twoRows}\n{"id":"skip"}`)
    expect(kindsOf(await explain(source, 2))).toEqual(['discarded'])
    expect(await explain(source, 3)).toMatchObject({
      isWell: false,
      verdicts: [{ kind: 'no-such-record', detail: expect.stringContaining('has 3 records') }],
    })
  })

  test('of an object that became nothing says what that became', async () => {
    const { load, explain } = createExplainRoom()
    expect(kindsOf(await explain(await load('', 'empty.jsonl'), 0))).toEqual(['no-such-record'])
  })
})

describe('no story is told too well', () => {
  test('of a record no target could be asked for', async () => {
    const { load, explain } = createExplainRoom()
    const source = await load(twoRows)
    expect(kindsOf(await explain(source, 0, { inspectors: [] }))).toEqual(['unseen', 'unseen'])
  })

  test('a reload has an entry in _reloads, which is no row of its record 0', async () => {
    const { load, run, explain, engine, store } = createExplainRoom()
    const source = await load(`no JSON\n${twoRows}`)
    await run({ ...source, generation: 1 })
    expect(kindsOf(await explain(source, 0))).toEqual(['rejected'])
    expect(kindsOf(await explain(source, 1))).toEqual([])
    engine.removeRows('notes', () => true)
    const files = [...store.files.keys()].filter((key) => key.startsWith('silver/notes/'))
    await store.remove(files, signal)
    expect(kindsOf(await explain(source))).toEqual(['lost'])
    expect(kindsOf(await explain(source, 1))).toEqual(['lost'])
  })

  test('and where that entry is gone from a target it is told', async () => {
    const { load, run, explain, engine } = createExplainRoom()
    const source = await load(twoRows)
    await run({ ...source, generation: 1 })
    engine.removeRows('_reloads', () => true)
    expect(kindsOf(await explain(source))).toEqual(['lost'])
  })

  test('of rows that are gone though no other target can tell', async () => {
    const { load, explain, engine } = createExplainRoom({ targets: ['clickhouse'] })
    const source = await load(twoRows)
    engine.removeRows('notes', (row) => Number(row['_record']) === 0)
    const story = await explain(source)
    expect(story).toMatchObject({ isWell: false, verdicts: [{ kind: 'lost' }] })
    expect(story.verdicts[0]?.detail).toContain('only 1 of its 2 rows is in a target')
  })

  test('of a chunk an operator rejected, where no other target has its rows', async () => {
    const room = createExplainRoom({ targets: ['clickhouse'] })
    room.state.fault = new Fault('TARGET_REFUSED_DATA', 'no such rows here')
    const source = await room.load(twoRows)
    await room.reject((await room.explain(source)).batch?.id)
    for (const record of [undefined, 0])
      expect(await room.explain(source, record)).toMatchObject({
        isWell: true,
        verdicts: [{ kind: 'refused', detail: expect.stringContaining('/reason=refused/') }],
      })
  })

  test('of a replay that waits for its target: the record is no longer rejected', async () => {
    const room = createExplainRoom({ targets: ['clickhouse'] })
    const source = await room.load('{"at":1}')
    room.state.fault = down
    room.release([{ ...notes, map: (_record, context) => notes.map({ id: 'x', at: 1 }, context) }])
    await room.replay()
    expect(kindsOf(await room.explain(source, 0))).toEqual(['waiting'])
    expect((await room.explain(source)).isWell).toBe(false)
  })

  test('of a replay that loaded the records of others only', async () => {
    const room = createExplainRoom()
    const [one, two] = [room.put('a.jsonl', '{"at":1}'), room.put('b.jsonl', '{"name":"b","at":1}')]
    await room.run(one, two)
    const map: Dataset['map'] = (record, context) => {
      const { name } = record as { name?: string }
      return notes.map(name === undefined ? record : { id: name, at: 1 }, context)
    }
    room.release([{ ...notes, map }])
    await room.replay()
    expect(kindsOf(await room.explain(one))).toEqual([])
    expect(kindsOf(await room.explain(one, 0))).toEqual(['rejected'])
    expect([...rowsIn(await room.explain(two))].toSorted()).toEqual(['clickhouse 1', 'silver 1'])
  })

  test('of a chunk that was rejected and loaded by hand since', async () => {
    const room = createExplainRoom({ targets: ['clickhouse'] })
    room.state.fault = new Fault('TARGET_REFUSED_DATA', 'no such rows here')
    const source = await room.load(twoRows)
    const { batch } = await room.explain(source)
    await room.reject(batch?.id)
    room.state.fault = undefined
    const [manifest] = room.manifests()
    const target = room.deps.targets.find(({ name }) => name === 'clickhouse')
    const [file] = [...room.store.files].filter(([key]) => key.includes('reason=refused'))
    const [chunk] = manifest?.chunks ?? []
    const { sha256 = '', bytes = Buffer.of() } = file?.[1] ?? {}
    await room.store.write(chunk?.block?.key ?? '', bytes, { sha256, contentType: 'x' }, signal)
    await target?.put(batch?.id ?? '', chunk!, signal)
    const story = await room.explain(source)
    expect(story).toMatchObject({ verdicts: [], loads: [{ refused: [] }] })
    expect(story.loads[0]?.chunks[0]?.shares).toMatchObject([{ state: 'applied', rows: 2 }])
  })

  test('of one version by what was rejected of another', async () => {
    const room = createExplainRoom()
    room.bronze.setBucket('b', 'versioned')
    const [one, two] = [room.put('a.jsonl', `x\n${twoRows}`), room.put('a.jsonl', `${twoRows}\ny`)]
    await room.run(one, two)
    expect((await room.explain(one)).loads[0]?.rejected.byReason).toEqual({ invalid_json: 1 })
    expect(kindsOf(await room.explain(one, 0))).toEqual(['rejected'])
    expect(kindsOf(await room.explain(two, 0))).toEqual([])
    expect(kindsOf(await room.explain(two, 2))).toEqual(['rejected'])
  })

  test('of one that has records of two reasons, both replayed', async () => {
    const room = createExplainRoom()
    const source = await room.load('{"at":1}\n{"id":"odd","at":1}')
    room.release([{ ...notes, map: (_record, context) => notes.map({ id: 'x', at: 1 }, context) }])
    await room.replay()
    const story = await room.explain(source)
    expect(story).toMatchObject({ isWell: true, unfollowed: [] })
    expect(story.loads).toHaveLength(3)
    for (const record of [0, 1]) expect(kindsOf(await room.explain(source, record))).toEqual([])
  })

  test('of a version whose rows views no longer show', async () => {
    const room = createExplainRoom({ overwrites: { notes: 'supersede' } })
    room.bronze.setBucket('b', 'versioned')
    const older = await room.load(twoRows)
    room.clock.advance(5_000)
    const newer = room.put('a.jsonl', '{"id":"new","at":1}')
    expect(kindsOf(await room.explain(older))).toEqual([])
    // Another key, and a version of which nothing could be loaded.
    await room.load(twoRows, 'a.jsonl-not')
    await room.run({ ...room.put('a.jsonl', '{"id":"new","at":1}'), dataset: 'unknown' })
    expect(kindsOf(await room.explain(older))).toEqual([])
    await room.run(newer)
    for (const record of [undefined, 1])
      expect(await room.explain(older, record)).toMatchObject({
        isWell: true,
        verdicts: [{ kind: 'superseded', detail: expect.stringContaining(newer.object.version) }],
      })
    expect(kindsOf(await room.explain(newer))).toEqual([])
    const refuse = async () => {
      throw new Fault('STORE_DENIED', 'no')
    }
    const bronze = { ...room.bronze, list: refuse }
    expect(kindsOf(await room.explain(older, undefined, { bronze }))).toEqual(['unseen'])
  })
})
