import { Fault, type PipelinePin, type Store, tokenOf } from '@silversmith/core'
import { createReconcile, createSilverInspector, type ReconcileRequest } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryInspector, createMemoryLedger, createMemoryStore, sha256Of } from '../index.ts'
import { createReconcileRoom, line } from './reconcile-room.ts'

const idle = new AbortController().signal
const request: ReconcileRequest = { bucket: 'b', prefix: '', enqueue: true }
const over = { deadline: 0, signal: idle }

describe('a ledger restored between two calls of one reconcile', () => {
  /** A reconcile that stops after each piece, `cut` calls of it, and the ledger as it was then. */
  const createCutOff = async (cut: number) => {
    const { room, wait, ...made } = createReconcileRoom()
    for (let n = 0; n < 1_500; n += 1) room.put(`x${n}.jsonl`, line('x'))
    await room.run(room.put('early.jsonl', line('early')))
    const state = { ledger: createMemoryLedger() }
    const restore = async (): Promise<void> => {
      const items = made.ledger.items()
      for (const { item } of items) await state.ledger.write(item, 0, idle)
    }
    wait()
    let time = room.clock.now()
    const clock = { ...room.clock, now: () => (time += 1) }
    const { bronze, store, queue, log } = room
    const call = (deadline: number) => ({ deadline, signal: idle })
    const depsOf = (ledger: typeof made.ledger) => ({
      ...{ pipeline: 'p', bronze, store, queue, clock, log, ledger, inspectors: [] },
      routes: [{ prefix: '', suffixes: ['.jsonl'], dataset: 'notes' }],
    })
    let next: string | undefined
    for (let calls = 0; calls < cut; calls += 1) {
      const from = next === undefined ? {} : { from: next }
      next = (await createReconcile(depsOf(made.ledger))({ ...request, ...from }, call(time + 1)))
        .next
    }
    await restore()
    const goOn = (ledger = state.ledger) =>
      createReconcile(depsOf(ledger))({ ...request, from: next! }, call(time + 60_000_000))
    return { room, queue, next, goOn, first: made.ledger }
  }

  test.each([
    [1, 'sources', 1_501],
    [2, 'sources', 501],
  ])('after %i calls (at %s) nothing more is sent', async (cut, pass, left) => {
    const { room, queue, next, goOn } = await createCutOff(cut)
    expect(next).toContain(`"pass":"${pass}"`)
    queue.take()
    // The ledger of the point in time has the batch before, and not this one.
    await room.run(room.put('z-since.jsonl', line('since')))
    const { counts, findings } = await goOn()
    expect(counts).toMatchObject({ enqueued: 0 })
    expect(counts.missing + counts.matched).toBe(left)
    expect(findings[0]).toMatchObject({ kind: 'batch-unknown' })
    expect(queue.take()).toEqual([])
  })

  test('a ledger that was not restored goes on, and asks for no manifest twice', async () => {
    const { room, goOn, first } = await createCutOff(2)
    await room.run(room.put('z-since.jsonl', line('since')))
    const asked: string[] = []
    const ledger: typeof first = {
      ...first,
      read: (keys, signal) => {
        asked.push(...keys.flatMap(({ kind, id }) => (kind === 'batch' ? [id] : [])))
        return first.read(keys, signal)
      },
    }
    const [early, since] = room.items('batch').map(({ id }) => id)
    const { counts } = await goOn(ledger)
    expect(counts.enqueued).toBe(501)
    expect(asked[0]).toBe(since)
    // Once as the batch of a claim, once as that of a manifest that is compared.
    expect(asked.filter((id) => id === early).length).toBeLessThanOrEqual(2)
  })
})

test('many manifests written between two calls are looked at in pieces; no page is left out or sent twice', async () => {
  let time = 0
  const { room, wait } = createReconcileRoom()
  const clock = { ...room.clock, now: () => (time += 1) }
  const { reconcile } = createReconcileRoom({ replace: { ...room, clock, inspectors: [] } })
  for (let n = 0; n < 1_500; n += 1) room.put(`x${n}.jsonl`, line('x'))
  wait()
  time = room.clock.now()
  const passes: string[] = []
  let next: string | undefined
  for (let calls = 0; calls < 20; calls += 1) {
    const from = next === undefined ? {} : { from: next }
    next = (await reconcile({ ...request, ...from }, { deadline: time + 1, signal: idle })).next
    passes.push(/"pass":"(\w+)"/.exec(next ?? '')?.[1] ?? '')
    if (passes.at(-1) === 'batches') break
    if (calls !== 1) continue
    const today = new Date(time).toISOString().slice(0, 10)
    const bytes = Buffer.from('{"version":1,"pipeline":"other","chunks":[]}')
    const facts = { sha256: sha256Of(bytes), contentType: 'x' }
    for (let n = 1_000; n < 2_100; n += 1)
      await room.store.write(`_batches/dt=${today}/${n}.json`, bytes, facts, idle)
  }
  expect(passes).toEqual(['sources', 'sources', 'ledger', 'sources', 'batches'])
  const sent = room.queue.take().map((body) => (JSON.parse(body) as { key: string }).key)
  expect(sent).toHaveLength(1_500)
  expect(new Set(sent).size).toBe(1_500)
})

describe('targets', () => {
  const pin: PipelinePin = { kind: 'pipeline', id: 'p', targets: ['clickhouse', 'silver'] }

  test('one that does not answer is told once, and hides nothing of the others', async () => {
    const silent = new Fault('TARGET_UNAVAILABLE', 'nobody answers')
    const refuse = () => Promise.reject(silent)
    for (const asked of ['inspect', 'listTokens'] as const) {
      const down = new Map<string, Fault>()
      const { room, wait, runSent, look, store, reconcile } = createReconcileRoom({
        replace: { down },
        inspectors: (own) =>
          own.map((one) => (one.name === 'silver' ? one : { ...one, [asked]: refuse })),
      })
      room.put('a.jsonl', line('a'))
      wait()
      await look({ enqueue: true })
      await runSent()
      wait()
      down.clear()
      const [file] = [...store.files.keys()].filter((key) => key.startsWith('silver/'))
      await room.store.remove([file!], idle)
      const { findings, counts, targets } = await look()
      expect(findings).toHaveLength(2)
      expect(findings).toContainEqual({
        ...{ kind: 'target-not-compared', target: 'clickhouse' },
        why: 'TARGET_UNAVAILABLE: nobody answers',
        mend: 'silversmith doctor says what is wrong with it; mend that, and reconcile again',
      })
      expect(findings).toContainEqual(
        expect.objectContaining({ kind: 'chunk-missing', target: 'silver' }),
      )
      expect(counts.chunksMissing).toBe(1)
      expect(targets).toEqual(['silver'])
      // Another call goes on without asking again.
      expect((await reconcile(request, room.call())).findings).toMatchObject([
        { kind: 'chunk-missing' },
      ])
    }
  })

  test('that were compared are named, and one that was not is told once', async () => {
    const silver = createSilverInspector({
      ...{ store: createMemoryStore(), prefix: 'silver/', decode: () => Promise.resolve([]) },
    })
    const { room, wait, reconcile, look } = createReconcileRoom({
      replace: { inspectors: [silver] },
    })
    await room.ledger.write(pin, 0, idle)
    wait()
    const report = await look()
    expect(report.targets).toEqual(['silver'])
    expect(report.findings).toEqual([
      {
        ...{ kind: 'target-not-compared', target: 'clickhouse' },
        why: 'pipeline p writes to clickhouse, and TARGETS does not name it here',
        mend: 'name clickhouse in TARGETS, as transform does, and reconcile again',
      },
    ])
    let next = (await reconcile(request, over)).next
    let told = 0
    for (let calls = 0; next !== undefined && calls < 20; calls += 1) {
      const call = { deadline: room.clock.now(), signal: idle }
      const cut = await reconcile({ ...request, from: next }, call)
      told += cut.findings.length
      next = cut.next
    }
    expect(told).toBe(1)
    const sourcesOnly = await look({ sourcesOnly: true })
    expect(sourcesOnly).toMatchObject({ targets: [], findings: [] })
  })

  test('that are all compared are no finding', async () => {
    const { room, wait, look } = createReconcileRoom()
    await room.run(room.put('a.jsonl', line('a')))
    wait()
    expect(await look()).toMatchObject({ targets: ['silver', 'clickhouse'], findings: [] })
  })
})

describe('a silver table of many files', () => {
  const bytes = new Uint8Array()
  const facts = { sha256: sha256Of(bytes), contentType: 'x' }

  /** Counts what a listing gives. */
  const createCounted = async (days: number, perDay: number) => {
    const store = createMemoryStore()
    const seen = { keys: 0 }
    for (let day = 1; day <= days; day += 1)
      for (let n = 0; n < perDay; n += 1)
        await store.write(
          `silver/notes/dt=2026-01-0${day}/B${n}-${day}.parquet`,
          bytes,
          facts,
          idle,
        )
    const counted: Store = {
      ...store,
      list: async function* (prefix, signal, startAfter) {
        for await (const key of store.list(prefix, signal, startAfter)) {
          seen.keys += 1
          yield key
        }
      },
    }
    const decode = () => Promise.resolve([])
    const inspector = createSilverInspector({ store: counted, prefix: 'silver/', decode })
    return { inspector, store, seen }
  }

  test('is listed once, however many calls it takes', async () => {
    const { inspector, seen } = await createCounted(3, 40)
    const names: string[] = []
    let from: string | undefined
    for (;;) {
      const page: readonly string[] = await inspector.listTokens('notes', from, 7, idle)
      names.push(...page)
      if (page.length < 7) break
      from = page.at(-1)
    }
    const expected = [1, 2, 3].flatMap((day) =>
      Array.from({ length: 40 }, (_, n) => `dt=2026-01-0${day}/${tokenOf(`B${n}`, day)}`),
    )
    expect(names.toSorted()).toEqual(expected.toSorted())
    expect(seen.keys).toBe(120)
  })

  test('rows of nobody in it are told with their day', async () => {
    const { inspector, store } = await createCounted(1, 2)
    await store.write('silver/notes/dt=2026-01-01/B1-01.parquet', bytes, facts, idle)
    const { engine } = createReconcileRoom()
    const clickhouse = createMemoryInspector({ name: 'clickhouse', engine })
    const { look } = createReconcileRoom({ replace: { inspectors: [inspector, clickhouse] } })
    const { findings } = await look()
    expect(
      findings.map(({ chunk, batch, mend }) => [chunk, batch, mend.split(' and ')[0]]),
    ).toEqual([
      ['B0#1', 'B0', `look at the rows with _chunk = 'B0#1' in notes/dt=2026-01-01`],
      [
        ...['silver/notes/dt=2026-01-01/B1-01.parquet', undefined],
        `look at the rows with _chunk = 'silver/notes/dt=2026-01-01/B1-01.parquet' in notes`,
      ],
      ['B1#1', 'B1', `look at the rows with _chunk = 'B1#1' in notes/dt=2026-01-01`],
    ])
  })
})
