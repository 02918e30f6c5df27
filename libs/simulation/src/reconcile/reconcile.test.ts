import { type Batch, type Claim, Fault } from '@silversmith/core'
import { findingsPerKindMax } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryInspector, createMemoryLedger } from '../index.ts'
import { pipeline } from '../transform/transform-room.ts'
import { createReconcileRoom, line } from './reconcile-room.ts'

const idle = new AbortController().signal
const day = 86_400_000

/** Three objects loaded, in one batch of two days. */
const createLoadedRoom = async (options: Parameters<typeof createReconcileRoom>[0] = {}) => {
  const made = createReconcileRoom(options)
  const { room } = made
  await room.run(
    room.put('a.jsonl', line('a1', 0) + line('a2', day)),
    room.put('b.jsonl', line('b1', 0)),
    room.put('empty.jsonl', ''),
  )
  made.wait()
  return made
}

describe('where all is well', () => {
  test('everything matches, twice the same, and nothing is changed', async () => {
    const { look, store, ledger, queue, engine } = await createLoadedRoom()
    const state = () =>
      structuredClone([[...store.files.keys()], ledger.items(), engine.rows('notes')])
    const before = state()
    const report = await look({ enqueue: true })
    expect(report).toEqual({
      counts: {
        ...{ matched: 3, recent: 0, missing: 0, stuck: 0, setAside: 0, unrouted: 0 },
        ...{ enqueued: 0, chunksMatched: 2, chunksMissing: 0, chunksExtra: 0 },
      },
      findings: [],
      truncated: false,
      targets: ['silver', 'clickhouse'],
    })
    expect(await look({ enqueue: true })).toEqual(report)
    expect(queue.take()).toEqual([])
    expect(state()).toEqual(before)
  })

  test('it is told as one event', async () => {
    const { look, room } = await createLoadedRoom()
    const { counts } = await look()
    expect(room.log.events.filter(({ kind }) => kind === 'reconcile-done')).toEqual([
      { kind: 'reconcile-done', ...counts },
    ])
  })

  test('keys no route accepts are told, folders are not', async () => {
    const { room, countsOf, findingsOf } = createReconcileRoom()
    room.put('readme.txt', 'x')
    room.put('folder/', '')
    expect(await countsOf()).toEqual({ unrouted: 1 })
    expect(await findingsOf()).toMatchObject([
      { kind: 'source-unrouted', url: 's3://b/readme.txt' },
    ])
  })
})

describe('an event never delivered', () => {
  test('003-13: is recent, then missing; sent once, it is loaded and matches', async () => {
    const { room, wait, countsOf, findingsOf, runSent, look } = await createLoadedRoom()
    room.put("it's lost.jsonl", line('lost'))
    expect(await countsOf({ enqueue: true })).toEqual({ matched: 3, recent: 1, chunksMatched: 2 })
    wait()
    const [finding] = await findingsOf()
    expect(finding).toMatchObject({
      kind: 'source-missing',
      url: "s3://b/it's lost.jsonl",
      why: 'no batch ever claimed it',
      mend: `silversmith reconcile --prefix 'it'\\''s lost.jsonl' --enqueue`,
    })
    expect(await countsOf({ enqueue: true })).toMatchObject({ missing: 1, enqueued: 1 })
    expect(await runSent()).toBe(1)
    expect(await countsOf({ enqueue: true })).toMatchObject({ matched: 4 })
    expect((await look({ enqueue: true })).counts.enqueued).toBe(0)
    expect(room.names(room.rows())).toContain("s3://b/it's lost.jsonl#0=lost")
  })

  test('sent again before it was loaded, it is loaded once', async () => {
    const { room, wait, look, runSent } = createReconcileRoom()
    for (const name of ['x', 'y']) room.put(`${name}.jsonl`, line(name))
    wait()
    await look({ enqueue: true })
    await look({ enqueue: true })
    expect(await runSent()).toBe(4)
    expect(room.names(room.rows())).toEqual(['s3://b/x.jsonl#0=x', 's3://b/y.jsonl#0=y'])
    expect(room.names(await room.silver())).toEqual(room.names(room.rows()))
  })

  test('of an older version of a key is found too', async () => {
    const { room, bronze, wait, countsOf, look, runSent } = createReconcileRoom()
    bronze.setBucket('b', 'suspended')
    room.put('k.jsonl', line('null'))
    bronze.setBucket('b', 'versioned')
    const loaded = room.put('k.jsonl', line('loaded'))
    await room.run(loaded)
    room.put('k.jsonl', line('newest'))
    bronze.deleteObject('b', 'k.jsonl')
    wait()
    expect(await countsOf()).toMatchObject({ matched: 1, missing: 2 })
    await look({ enqueue: true })
    await runSent()
    expect(
      room
        .rows()
        .map((row) => row['id'])
        .toSorted(),
    ).toEqual(['loaded', 'newest', 'null'])
    expect(await countsOf()).toMatchObject({ matched: 3 })
  })

  test('keeps the generation its claim asks for', async () => {
    const { room, wait, look, queue, ledger } = createReconcileRoom()
    const { id } = room.put('k.jsonl', line('k'))
    const batch = 'A'.padEnd(26, '0')
    await ledger.write({ kind: 'claim', id, batch, generation: 3, tries: 0 } as Claim, 0, idle)
    await ledger.write(batchOf(batch, { state: 'A', leaseUntil: 0 }), 0, idle)
    wait()
    await look({ enqueue: true })
    expect(queue.take().map((body) => JSON.parse(body) as unknown)).toMatchObject([
      { key: 'k.jsonl', generation: 3 },
    ])
  })

  test('before the time asked for is left out, and outside the prefix', async () => {
    const { room, wait, countsOf, clock } = createReconcileRoom()
    room.put('old.jsonl', line('old'))
    clock.advance(10 * day)
    const since = clock.now()
    room.put('new.jsonl', line('new'))
    room.put('other/new.jsonl', line('other'))
    wait()
    expect(await countsOf({ since })).toEqual({ missing: 2 })
    expect(await countsOf({ since, prefix: 'other/' })).toEqual({ missing: 1 })
    expect(await countsOf()).toEqual({ missing: 3 })
  })
})

const batchOf = (id: string, more: Partial<Batch>): Batch => ({
  ...{ kind: 'batch', id, pipeline, state: 'F', owner: 'o', leaseUntil: 0, sourceCount: 1 },
  ...more,
})

describe('a source that is stuck', () => {
  test('has a claim and no batch; it is told and never sent', async () => {
    const { room, wait, ledger, findingsOf, countsOf, queue } = createReconcileRoom()
    const { id } = room.put('k.jsonl', line('k'))
    await ledger.write({ kind: 'claim', id, batch: 'LOST', generation: 0, tries: 0 }, 0, idle)
    wait()
    expect(await findingsOf()).toMatchObject(
      [{ kind: 'source-stuck', url: 's3://b/k.jsonl', batch: 'LOST', mend: /rebuild/ }].map(
        (one) => ({ ...one, mend: expect.stringMatching(one.mend) as unknown }),
      ),
    )
    expect(await countsOf({ enqueue: true })).toEqual({ stuck: 1 })
    expect(queue.take()).toEqual([])
  })

  test('is in a forming batch nobody is at; swept, it is missing', async () => {
    const { room, wait, clock, ledger, countsOf, look, runSent } = createReconcileRoom()
    const { id } = room.put('k.jsonl', line('k'))
    const leaseUntil = clock.now() + 600_000
    await ledger.write(batchOf('FORMING', { leaseUntil }), 0, idle)
    await ledger.write({ kind: 'claim', id, batch: 'FORMING', generation: 0, tries: 0 }, 0, idle)
    expect(await countsOf()).toEqual({ recent: 1 })
    clock.advance(600_001)
    expect(await countsOf()).toEqual({ recent: 1 })
    wait()
    expect(await countsOf({ enqueue: true })).toEqual({ stuck: 1 })
    await room.sweep(room.call())
    expect(await countsOf({ enqueue: true })).toEqual({ missing: 1, enqueued: 1 })
    await runSent()
    await look()
    expect(await countsOf()).toMatchObject({ matched: 1 })
  })

  test('is in a sealed batch that was forgotten: recent, then stuck, and the batch says why', async () => {
    const target = { isAway: true }
    const { room, wait, countsOf, findingsOf } = createReconcileRoom({
      clickhouse: (inner) => ({
        ...inner,
        put: (...put) =>
          target.isAway
            ? Promise.reject(new Fault('TARGET_DENIED', 'no grant'))
            : inner.put(...put),
      }),
    })
    await room.run(room.put('k.jsonl', line('k')))
    // Silver has its file and counts; what ClickHouse lacks is no loss, it is still to come.
    expect(await countsOf()).toEqual({ recent: 1, chunksMatched: 1 })
    wait()
    expect(await countsOf({ enqueue: true })).toEqual({ stuck: 1, chunksMatched: 1 })
    expect((await findingsOf()).map(({ kind, why }) => `${kind}: ${why}`)).toEqual([
      'source-stuck: its batch is sealed and not committed for over 1 h',
      expect.stringMatching(
        /^batch-stuck: sealed at 2\S+Z and not committed yet; clickhouse: .*no grant/,
      ),
    ])
    target.isAway = false
    await room.sweepAndRun()
    expect(await countsOf()).toEqual({ matched: 1, chunksMatched: 2 })
  })

  test('is in a batch whose manifest is gone', async () => {
    const { store, findingsOf, countsOf } = await createLoadedRoom()
    const keys = [...store.files.keys()].filter((key) => key.startsWith('_batches/'))
    await store.remove(keys, idle)
    expect(await countsOf({ enqueue: true })).toEqual({ stuck: 3 })
    expect((await findingsOf()).map(({ kind, why }) => `${kind}: ${why}`)).toEqual([
      ...Array.from(
        { length: 3 },
        () => 'source-stuck: the manifest of its batch cannot be read (see the log)',
      ),
      `manifest-unreadable: its manifest ${keys[0]} is gone, and there are rows of it in silver, table notes`,
    ])
  })
})

describe('what a target lost or has too much', () => {
  test('rows deleted, all or some, are found', async () => {
    const { engine, findingsOf, countsOf, onlyBatch, tokenOf, isOf } = await createLoadedRoom()
    const token = tokenOf(onlyBatch(), 0)
    engine.removeRows('notes', (row) => row['id'] === 'a2')
    const where = { batch: onlyBatch(), chunk: token, target: 'clickhouse', table: 'notes' }
    const mend = `silversmith repair ${onlyBatch()}`
    expect(await findingsOf()).toEqual([
      { kind: 'chunk-missing', ...where, why: 'it holds 2 of 3 rows', mend },
    ])
    engine.removeRows('notes', isOf(token))
    expect(await findingsOf()).toEqual([
      { kind: 'chunk-missing', ...where, why: 'it holds 0 of 3 rows', mend },
    ])
    expect(await countsOf()).toEqual({ matched: 3, chunksMatched: 1, chunksMissing: 1 })
  })

  test('a silver file deleted is found, and put back as it was it matches', async () => {
    const { store, findingsOf, countsOf, room } = await createLoadedRoom()
    const [key] = [...store.files.keys()].filter((one) => one.includes('dt=1970-01-02'))
    const file = store.files.get(key!)!
    await store.remove([key!], idle)
    expect(await findingsOf()).toMatchObject([
      { kind: 'chunk-missing', target: 'silver', why: 'it holds 2 of 3 rows' },
    ])
    await store.write(key!, file.bytes, file, idle)
    expect(await countsOf()).toEqual({ matched: 3, chunksMatched: 2 })
    expect(room.names(await room.silver())).toHaveLength(3)
  })

  test('rows that are there twice are found', async () => {
    const { engine, findingsOf, countsOf } = await createLoadedRoom()
    const rows = engine.rows('notes').slice(0, 2)
    engine.insertBlock({ table: 'notes', token: 'again', partition: 'p', rows })
    expect(await findingsOf()).toMatchObject([
      {
        ...{ kind: 'chunk-doubled', target: 'clickhouse' },
        why: 'it holds 5 rows, 3 of them distinct; there were 3',
      },
    ])
    expect(await countsOf()).toEqual({ matched: 3, chunksMatched: 1, chunksExtra: 1 })
  })

  test('rows of nobody are found, in every target', async () => {
    const { engine, store, onlyBatch, ledger, countsOf, findingsOf } = await createLoadedRoom()
    const batch = onlyBatch()
    await ledger.write(batchOf('ABORTED', { state: 'A' }), 0, idle)
    for (const chunk of ['UNKNOWN#0', `${batch}#7`, 'ABORTED#0', 'by hand'])
      engine.insertBlock({
        ...{ table: 'notes', token: chunk, partition: 'p' },
        rows: [{ _chunk: chunk, _source: 's', _version: 'v', _record: 0, _part: 0 }],
      })
    const file = [...store.files].find(([key]) => key.startsWith('silver/'))![1]
    await store.write('silver/notes/dt=1970-01-01/UNKNOWN-3.parquet', file.bytes, file, idle)
    const found = (await findingsOf()).map(({ target, chunk, why }) => [target, chunk, why])
    expect(found).toEqual([
      ['silver', 'UNKNOWN#3', expect.stringContaining('no batch UNKNOWN')],
      ['clickhouse', `${batch}#7`, expect.stringContaining('has 1 chunks')],
      ['clickhouse', 'ABORTED#0', expect.stringContaining('never sealed, it is aborted')],
      ['clickhouse', 'UNKNOWN#0', expect.stringContaining('no batch UNKNOWN')],
      ['clickhouse', 'by hand', expect.stringContaining('not that of a chunk')],
    ])
    expect(await countsOf()).toEqual({ matched: 3, chunksMatched: 2, chunksExtra: 5 })
  })

  test('chunks an operator rejected are no loss', async () => {
    const { engine, store, ledger, room, onlyBatch, countsOf } = await createLoadedRoom()
    engine.removeRows('notes', () => true)
    const [batch] = room.ledger.items().filter(({ item }) => item.kind === 'batch')
    if (batch?.item.kind !== 'batch') throw new Error('no batch')
    await ledger.write({ ...batch.item, rejected: { clickhouse: 1 } }, batch.revision, idle)
    expect(await countsOf()).toEqual({ matched: 3, chunksMatched: 1, chunksMissing: 1 })
    const [manifest] = room.manifests()
    const dt = new Date(manifest!.createdAt).toISOString().slice(0, 10)
    const key = `quarantine/notes/reason=refused/dt=${dt}/clickhouse-${onlyBatch()}-0.parquet`
    const [file] = store.files.values()
    await store.write(key, file!.bytes, file!, idle)
    expect(await countsOf()).toEqual({ matched: 3, chunksMatched: 2 })
  })

  test('of a reload and of what it replaced are told apart: a loss of either is a loss', async () => {
    const { room, engine, wait, countsOf } = createReconcileRoom()
    const source = room.put('a.jsonl', line('a'))
    await room.run(source, room.put('b.jsonl', line('b')))
    await room.run({ ...source, generation: 1 })
    wait()
    engine.merge('notes')
    expect(await countsOf()).toEqual({ matched: 2, chunksMatched: 6 })
    engine.removeRows(
      'notes',
      (row) => row['_source'] === 's3://b/a.jsonl' && row['_generation'] === 0,
    )
    expect(await countsOf()).toEqual({ matched: 2, chunksMatched: 5, chunksMissing: 1 })
  })
})

describe('a ledger that was restored', () => {
  test('is found by the manifests it does not know, and nothing is sent that may have been loaded', async () => {
    const { room, store, bronze, clock, queue } = await createLoadedRoom()
    const replace = { ledger: createMemoryLedger(), store, bronze, clock, queue }
    const restored = createReconcileRoom({ replace })
    const request = { bucket: 'b', prefix: '', enqueue: true }
    const { counts, findings } = await restored.reconcile(request, room.call())
    expect(restored.room.log.events.filter(({ kind }) => kind === 'reconcile-found')).toEqual(
      findings.map(({ kind: finding, ...found }) => ({
        ...found,
        kind: 'reconcile-found',
        finding,
      })),
    )
    expect(counts).toMatchObject({ missing: 3, enqueued: 0 })
    expect(queue.take()).toEqual([])
    expect(findings.map(({ kind, mend }) => `${kind}: ${mend}`)).toEqual([
      'batch-unknown: silversmith ledger rebuild',
      ...Array.from(
        { length: 3 },
        () =>
          expect.stringMatching(
            /^source-missing: silversmith ledger rebuild, then again/,
          ) as unknown,
      ),
    ])
  })

  test('manifests of other pipelines do not count', async () => {
    const { room, store, clock } = await createLoadedRoom()
    const other = createReconcileRoom({ replace: { pipeline: 'other', store, clock, tables: [] } })
    const request = { bucket: 'b', prefix: '', enqueue: true }
    expect((await other.reconcile(request, room.call())).findings).toEqual([])
  })
})

describe('a reconcile that is cut off', () => {
  test('001-11: goes on where it was, and finds in pieces what it finds in one', async () => {
    const { room, wait, clock, look, engine, ...own } = createReconcileRoom()
    for (let batch = 0; batch < 10; batch += 1) {
      await room.run(room.put(`${batch}.jsonl`, line(`${batch}`)))
      clock.advance(day)
    }
    for (let n = 0; n < 1_500; n += 1) room.put(`x${n}.jsonl`, line('x'))
    engine.removeRows('notes', (row) => row['id'] === '7')
    wait()
    const whole = await look()
    expect(whole.counts).toMatchObject({ matched: 10, missing: 1_500, chunksMissing: 1 })

    // Time goes on with every look at the clock, so that each call is over after its first piece.
    let time = clock.now()
    const ticking = { ...clock, now: () => (time += 1) }
    const { bronze, ledger, store, queue } = own
    const inspectors = [createMemoryInspector({ name: 'clickhouse', engine })]
    const replace = { bronze, ledger, store, queue, clock: ticking }
    const { reconcile } = createReconcileRoom({ replace: { ...replace, inspectors } })
    const sums: Record<string, number> = {}
    const chunks: string[] = []
    let next: string | undefined
    let calls = 0
    do {
      const request = {
        bucket: 'b',
        prefix: '',
        enqueue: false,
        ...(next !== undefined && { from: next }),
      }
      const report = await reconcile(request, { deadline: time + 1, signal: idle })
      for (const [name, count] of Object.entries(report.counts))
        sums[name] = (sums[name] ?? 0) + count
      chunks.push(...report.findings.flatMap(({ chunk }) => chunk ?? []))
      next = report.next
      calls += 1
    } while (next !== undefined)
    // Pages of bronze 2, groups of batches 3, the ledger, and tokens of 2 tables.
    expect(calls).toBeGreaterThan(5)
    expect(sums).toEqual({ ...whole.counts, chunksMatched: 9 })
    expect(chunks).toEqual(whole.findings.flatMap(({ chunk }) => chunk ?? []))
  })

  test('says so before it did anything, and its position is taken by none other', async () => {
    const { reconcile, clock } = await createLoadedRoom()
    const request = { bucket: 'b', prefix: '', enqueue: false }
    const over = { deadline: clock.now() - 1, signal: idle }
    const { next, counts } = await reconcile(request, over)
    expect(counts.matched).toBe(0)
    expect(next).toBeDefined()
    const call = { deadline: clock.now() + 60_000, signal: idle }
    for (const from of ['', 'x', '{"pass":"other"}', '{"pass":"sources","from":7}', '[]'])
      await expect(reconcile({ ...request, from }, call)).rejects.toMatchObject({
        code: 'EVENT_UNKNOWN',
      })
  })

  test('tells a hundred findings of a kind and counts all', async () => {
    const { room, wait, look } = createReconcileRoom()
    for (let n = 0; n < 120; n += 1) room.put(`x${n}.jsonl`, line('x'))
    room.put('readme.txt', 'x')
    wait()
    const { counts, findings, truncated } = await look()
    expect(counts.missing).toBe(120)
    expect(findings.filter(({ kind }) => kind === 'source-missing')).toHaveLength(
      findingsPerKindMax,
    )
    expect(findings.filter(({ kind }) => kind === 'source-unrouted')).toHaveLength(1)
    expect(truncated).toBe(true)
  })
})
