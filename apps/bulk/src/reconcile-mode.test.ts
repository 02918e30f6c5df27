import { Fault, type LedgerItem } from '@silversmith/core'
import type { Reconcile, ReconcileReport, ReconcileRequest } from '@silversmith/flow'
import { createReconcile } from '@silversmith/flow'
import {
  createMemoryBronze,
  createMemoryClock,
  createMemoryLedger,
  createMemoryLog,
  createMemoryQueue,
  createMemoryStore,
} from '@silversmith/simulation'
import { createHash } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { createReconcileMode } from './reconcile-mode.ts'

let ledger: ReturnType<typeof createMemoryLedger>
let requests: ReconcileRequest[]

beforeEach(() => {
  ledger = createMemoryLedger()
  requests = []
})

const idle = new AbortController().signal
const call = { deadline: 1, signal: idle }
const counts = {
  ...{ matched: 0, recent: 0, missing: 0, stuck: 0, setAside: 0, unrouted: 0 },
  ...{ enqueued: 0, chunksMatched: 0, chunksMissing: 0, chunksExtra: 0 },
}

/** Answers with these positions, one after the other. */
const modeOf = (nexts: readonly (string | undefined)[], fault?: (from?: string) => boolean) => {
  let at = 0
  const reconcile: Reconcile = (request): Promise<ReconcileReport> => {
    requests.push(request)
    if (fault?.(request.from)) return Promise.reject(new Fault('EVENT_UNKNOWN', 'of another'))
    const next = nexts[at++]
    return Promise.resolve({
      ...{ counts, findings: [], truncated: false, targets: [] },
      ...(next !== undefined && { next }),
    })
  }
  return createReconcileMode({
    ...{ pipeline: 'p', buckets: ['bronze'], reconcile, ledger, now: () => 1_000_000 },
  })
}
const askedFrom = () => requests.map(({ from }) => from)

test('goes on where the last invocation stopped, and begins anew after the end', async () => {
  const mode = modeOf(['one', 'two', undefined, undefined])
  expect(await mode({}, call)).toMatchObject({ next: 'one' })
  await mode({}, call)
  expect(await mode({}, call)).not.toHaveProperty('next')
  await mode({}, call)
  expect(askedFrom()).toEqual([undefined, 'one', 'two', undefined])
  expect(ledger.items().map(({ item }) => item)).toEqual([
    { kind: 'checkpoint', id: 'reconcile/p/bronze/' },
  ])
})

test('keeps a position for each of what was asked', async () => {
  const mode = modeOf(['a', 'b', 'c', 'd', undefined])
  await mode({}, call)
  await mode({ prefix: 'x/' }, call)
  await mode({ since: 600 }, call)
  await mode({ since: 600, enqueue: true }, call)
  await mode({ prefix: 'x/' }, call)
  expect(askedFrom()).toEqual([undefined, undefined, undefined, undefined, 'b'])
  expect(requests[3]).toEqual({
    bucket: 'bronze',
    prefix: '',
    since: 400_000,
    enqueue: true,
    setAside: false,
  })
  expect(ledger.items().map(({ item }) => item.id)).toEqual([
    'reconcile/p/bronze/',
    'reconcile/p/bronze/x/',
    'reconcile/p/bronze/?since=600',
    'reconcile/p/bronze/?since=600&enqueue',
  ])
})

test('keeps the position also when the invocation is over', async () => {
  const stop = new AbortController()
  const mode = createReconcileMode({
    ...{ pipeline: 'p', buckets: ['bronze'], ledger, now: () => 0 },
    reconcile: () => {
      stop.abort()
      const report = { counts, findings: [], truncated: false, targets: [] }
      return Promise.resolve({ ...report, next: 'here' })
    },
  })
  await mode({}, { deadline: 1, signal: stop.signal })
  expect(ledger.items()).toMatchObject([{ item: { position: 'here' } }])
})

test('a position of another release is left, a failure is raised and moves nothing', async () => {
  await modeOf(['old'])({}, call)
  await modeOf([undefined], (from) => from === 'old')({}, call)
  expect(askedFrom()).toEqual([undefined, 'old', undefined])
  await modeOf(['kept'])({}, call)
  await expect(modeOf([], () => true)({}, call)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' })
  expect(ledger.items()).toMatchObject([{ item: { position: 'kept' } }])
})

test('what cannot be got over behind bronze does not keep bronze from being looked at', async () => {
  const tokens = '{"pass":"tokens","target":"silver"}'
  await modeOf([tokens])({}, call)
  await modeOf([tokens])({}, call)
  expect(ledger.items()).toMatchObject([{ item: { kind: 'checkpoint' } }])
  expect(ledger.items()[0]?.item).not.toHaveProperty('position')
  await modeOf([tokens])({}, call)
  await expect(modeOf([], () => true)({}, call)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' })
  expect(ledger.items()[0]?.item).not.toHaveProperty('position')
})

test('of two at once both report, and one position is kept', async () => {
  const mode = modeOf(['one', 'one'])
  await Promise.all([mode({}, call), mode({}, call)])
  expect(ledger.items()).toMatchObject([{ item: { position: 'one' }, revision: 1 }])
})

test('a wrong field stops it before anything is looked at', async () => {
  await expect(modeOf([])({ sinc: 3 }, call)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' })
  expect(requests).toEqual([])
})

test('sends what is missing, in as many invocations as it takes', async () => {
  const clock = createMemoryClock()
  const bronze = createMemoryBronze(clock)
  const queue = createMemoryQueue()
  bronze.setBucket('bronze', 'unversioned')
  for (let n = 0; n < 2_500; n += 1) bronze.putObject('bronze', `in/${n}.jsonl`, Buffer.from('{}'))
  clock.advance(86_400_000)
  let time = clock.now()
  const reconcile = createReconcile({
    ...{ pipeline: 'p', bronze, ledger, queue, store: createMemoryStore(), inspectors: [] },
    routes: [{ prefix: 'in/', suffixes: [], dataset: 'notes' }],
    clock: { ...clock, now: () => (time += 1) },
    log: createMemoryLog(),
  })
  const mode = createReconcileMode({
    ...{ pipeline: 'p', buckets: ['bronze'], reconcile, ledger, now: clock.now },
  })
  const sums: number[] = []
  for (let calls = 0; calls < 20; calls += 1) {
    const { counts, next } = await mode({ enqueue: true }, { deadline: time + 1, signal: idle })
    sums.push(counts.enqueued)
    if (next === undefined) break
  }
  expect(sums.filter((sum) => sum > 0)).toEqual([1_000, 1_000, 500])
  const keys = queue.take().map((body) => (JSON.parse(body) as { key: string }).key)
  expect(new Set(keys).size).toBe(2_500)
  expect(keys).toHaveLength(2_500)
})

test('a position that a restore brought back with the ledger sends nothing that may have been loaded', async () => {
  const clock = createMemoryClock()
  const bronze = createMemoryBronze(clock)
  bronze.setBucket('bronze', 'unversioned')
  const [store, queue, log] = [createMemoryStore(), createMemoryQueue(), createMemoryLog()]
  const reconcile = createReconcile({
    ...{ pipeline: 'p', bronze, ledger, queue, store, inspectors: [], clock, log },
    routes: [{ prefix: 'in/', suffixes: [], dataset: 'notes' }],
  })
  const mode = createReconcileMode({
    ...{ pipeline: 'p', buckets: ['bronze'], reconcile, ledger, now: clock.now },
  })
  bronze.putObject('bronze', 'in/lost.jsonl', Buffer.from('{}'))
  clock.advance(86_400_000)
  const runFor = (ms: number) =>
    mode({ enqueue: true }, { deadline: clock.now() + ms, signal: idle })
  // What the table has now is what a restore gives back: the position, and no batch that was sealed since.
  expect((await runFor(-1)).next).toBe('{"pass":"ledger"}')
  for (const position of [
    '{"pass":"sources"}',
    '{"pass":"sources","manifest":"_batches/dt=1970-01-01/A.json"}',
  ]) {
    const [kept] = ledger.items()
    await ledger.write({ ...kept!.item, position } as LedgerItem, kept!.revision, idle)
    const manifest = Buffer.from(
      JSON.stringify({
        ...{ version: 1, batch: 'B', pipeline: 'p', targets: [], createdAt: 86_400_000 },
        ...{ sources: [], chunks: [], quarantine: [] },
      }),
    )
    const sha256 = createHash('sha256').update(manifest).digest('hex')
    await store.write('_batches/dt=1970-01-02/B.json', manifest, { sha256, contentType: '' }, idle)
    const report = await runFor(60_000)
    expect(report.counts).toMatchObject({ missing: 1, enqueued: 0 })
    expect(report.findings[0]).toMatchObject({ kind: 'batch-unknown', batch: 'B' })
  }
  expect(queue.take()).toEqual([])
})
