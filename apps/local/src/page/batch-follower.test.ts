import type { Batch, Manifest } from '@silversmith/core'
import { createMemoryLedger, createMemoryStore, sha256Of } from '@silversmith/simulation'
import { beforeEach, expect, it } from 'vitest'
import type { BatchFollower } from './batch-follower.ts'
import { createBatchFollower } from './batch-follower.ts'
import type { Tally } from './tally.ts'
import { createTally } from './tally.ts'

const { signal } = new AbortController()
const targets = ['silver', 'clickhouse']
const id = '01K00000000000000000000001'
const now = 100_000

const file = (day: string, rows: number, sizeBytes: number) => ({
  ...{ key: `k-${day}`, sha256: 's', day, rows, sizeBytes },
})
const manifest: Manifest = {
  ...{ version: 1, batch: id, pipeline: 'local', targets, createdAt: 50_000 },
  sources: [60_000, 90_000, 95_000].map((lastModified, n) => ({
    id: `s${n}`,
    object: { bucket: 'bronze', key: `section/${n}.jsonl`, version: 'v', versioned: false },
    ...{ dataset: 'xapi_events', generation: 0, disposition: 'rows' as const },
    ...{ sizeBytes: 10, lastModified, records: 3, rows: 2, rejected: 1, discarded: 0 },
  })),
  chunks: [
    ...[{ n: 0, table: 'raw_events', month: '2026-01', rows: 4 }],
    ...[{ n: 1, table: 'raw_events', month: '2026-02', rows: 2 }],
  ].map((chunk) => ({ ...chunk, days: [file(`${chunk.month}-01`, chunk.rows, 100)] })),
  quarantine: [
    {
      ...{ key: 'q', sha256: 's', sizeBytes: 5, rows: 3, target: 't' },
      ...{ dataset: 'xapi_events', reason: 'invalid_json' },
    },
  ],
}

let ledger: ReturnType<typeof createMemoryLedger>
let store: ReturnType<typeof createMemoryStore>
let tally: Tally
let follower: BatchFollower
let revision = 0
beforeEach(() => {
  ledger = createMemoryLedger()
  store = createMemoryStore()
  tally = createTally(targets)
  follower = createBatchFollower({ ledger, store, tally, now: () => now, signal })
  revision = 0
})

const bytes = Buffer.from(JSON.stringify(manifest))
const key = `_batches/dt=2026-01-01/${id}.json`
const storeManifest = () =>
  store.write(key, bytes, { sha256: sha256Of(bytes), contentType: 'application/json' }, signal)

const writeBatch = async (more: Partial<Batch>): Promise<void> => {
  const batch: Batch = {
    ...{ kind: 'batch', id, pipeline: 'local', state: 'S', owner: 'o', leaseUntil: 0 },
    ...{ sourceCount: 3, sealedAt: 99_000 },
    manifest: { key, sha256: sha256Of(bytes), chunks: 2, rows: 6 },
    ...more,
  }
  expect(await ledger.write(batch, revision++, signal)).toBe(true)
}

const sealed = { batch: id, kind: 'batch-sealed', at: 99_000 } as const
const committed = { batch: id, kind: 'batch-committed', at: 99_500 } as const

it('follows a batch from its seal over each target to its commit, and counts it once', async () => {
  await storeManifest()
  await writeBatch({ done: { silver: 1 } })
  expect(await follower.follow([sealed, sealed])).toEqual([
    {
      ...{ id, sealedAt: 99_000, state: 'sealed', objects: 3, firstKey: 'section/0.jsonl' },
      ...{ rows: 6, rejected: 3, chunks: 2, done: { silver: 1, clickhouse: 0 } },
    },
  ])
  expect(tally.applied()['silver']).toMatchObject({ rows: 0, files: 0 })
  expect(await follower.follow([])).toEqual([])

  await writeBatch({ done: { silver: 2 }, problems: { clickhouse: 'TARGET_UNAVAILABLE: away' } })
  expect(await follower.follow([])).toMatchObject([
    { done: { silver: 2, clickhouse: 0 }, problem: 'TARGET_UNAVAILABLE: away' },
  ])
  expect(tally.applied()).toEqual({
    silver: { rows: 6, files: 2, bytes: 200 },
    clickhouse: { rows: 0, files: 0, bytes: 0 },
  })

  await writeBatch({ state: 'C' })
  const [line] = await follower.follow([committed])
  expect(line).toMatchObject({ state: 'committed', done: { silver: 2, clickhouse: 2 } })
  expect(line).toMatchObject({ lagMs: 39_500 })
  expect(line).not.toHaveProperty('problem')
  expect(await follower.follow([committed])).toEqual([])
  expect(tally.applied()).toMatchObject({ silver: { rows: 6 }, clickhouse: { rows: 6, files: 0 } })
  expect(tally.totals()).toEqual({
    ...{ objects: 3, records: 9, rows: 6, rejected: 3, discarded: 0, batches: 1 },
    ...{ quarantineFiles: 1, rejectedByReason: { invalid_json: 3 }, dispositions: { rows: 3 } },
  })
})

it('looks again at what it could not read', async () => {
  await writeBatch({ state: 'C' })
  expect(await follower.follow([sealed, committed])).toEqual([])
  await storeManifest()
  expect(await follower.follow([])).toMatchObject([{ id, lagMs: 39_500 }])
  expect(tally.totals().batches).toBe(1)
})

it('knows of no lag of what was committed before anybody looked, and goes on with what was not', async () => {
  await storeManifest()
  await writeBatch({})
  const [found] = await ledger.read([{ kind: 'batch', id }], signal)
  follower.begin([{ batch: found?.item as Batch, manifest }])
  expect(tally.totals()).toMatchObject({ objects: 3, batches: 1 })
  await writeBatch({ state: 'C' })
  expect(await follower.follow([])).toMatchObject([{ state: 'committed', lagMs: 40_000 }])
  expect(tally.applied()).toMatchObject({ silver: { rows: 6 }, clickhouse: { rows: 6 } })
})
