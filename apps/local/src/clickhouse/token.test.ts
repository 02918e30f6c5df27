import { createClickHouseTarget } from '@silversmith/clickhouse'
import { tokenOf } from '@silversmith/core'
import type { Batch, Chunk, Manifest } from '@silversmith/core'
import { applyBatch } from '@silversmith/flow'
import {
  createMemoryClock,
  createMemoryIds,
  createMemoryLedger,
  createMemoryLog,
  createMemoryStore,
  sha256Of,
} from '@silversmith/simulation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { events, stageEvents } from './test-events.ts'

const idle = (): AbortSignal => new AbortController().signal

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse.close())

/** A table whose merges drop nothing; writers that know nothing of each other. */
const makeRoom = async (deduplicationWindow = 10_000) => {
  const made = await clickHouse.makeDatabase([events], { isPlain: true, deduplicationWindow })
  const store = createMemoryStore()
  return {
    ...made,
    store,
    startWriter: () => createClickHouseTarget({ settings: made.settings, tables: [events], store }),
    /** Every row, by its identity and by what is in it. */
    rows: async () => {
      const found = await clickHouse.read<{ row: string }>(
        `SELECT concat(_chunk, '/', toString(_record), ' ', ifNull(kind, '-'), ' ', name) AS row FROM ${made.database}.events`,
      )
      return found.map(({ row }) => row).sort()
    },
  }
}

const rowsOf = (token: string, count: number, kind = '-'): readonly string[] =>
  Array.from({ length: count }, (_, record) => `${token}/${record} ${kind} event ${record}`)
const sorted = (rows: readonly string[]): readonly string[] => [...rows].sort()

const writersCount = 8
const rowCount = 2_000
const chunkCount = 400
const chunkRows = 10

describe('a token', () => {
  test('used again, with its bytes or with others, changes nothing', async () => {
    const { store, startWriter, rows } = await makeRoom()
    const chunk = await stageEvents(store, 'B', 0, 10)
    const other = { ...(await stageEvents(store, 'OTHER', 0, 25, { kind: 'other' })), n: 0 }
    for (const sent of [chunk, chunk, other, chunk]) await startWriter().put('B', sent, idle())
    expect(await rows()).toEqual(rowsOf('B#0', 10))
  })

  test('used by eight writers at once leaves its rows once', async () => {
    const { store, startWriter, rows } = await makeRoom()
    const chunk = await stageEvents(store, 'B', 0, rowCount)
    const writers = Array.from({ length: writersCount }, startWriter)
    await Promise.all(writers.map((writer) => writer.put('B', chunk, idle())))
    expect(await rows()).toEqual(sorted(rowsOf('B#0', rowCount)))
  })

  test('used by eight writers at once for other bytes each leaves those of one, whole', async () => {
    const { store, startWriter, rows } = await makeRoom()
    const chunks = await Promise.all(
      Array.from({ length: writersCount }, (_, n) =>
        stageEvents(store, `B${n}`, 0, 1_000 + n, { kind: `of ${n}` }),
      ),
    )
    await Promise.all(chunks.map((chunk) => startWriter().put('B', chunk, idle())))
    const candidates = chunks.map((_, n) => sorted(rowsOf(`B${n}#0`, 1_000 + n, `of ${n}`)))
    expect(candidates).toContainEqual(await rows())
  })

  test('is not another: eight chunks, three writers each, all at once, all rows once', async () => {
    const { store, startWriter, rows } = await makeRoom()
    const chunks = await Promise.all(
      Array.from({ length: writersCount }, (_, n) => stageEvents(store, 'B', n, 500)),
    )
    const writers = [startWriter(), startWriter(), startWriter()]
    const sent = chunks.flatMap((chunk) => writers.map((writer) => writer.put('B', chunk, idle())))
    await Promise.all(sent)
    expect(await rows()).toEqual(sorted(chunks.flatMap(({ n }) => rowsOf(tokenOf('B', n), 500))))
  })
})

test('a batch of more chunks than tokens are remembered is there once, because a later applier looks', async () => {
  const room = await makeRoom(100)
  const { store, startWriter, rows } = room
  const writer = startWriter()
  const chunks = await Promise.all(
    Array.from({ length: chunkCount }, (_, n) => stageEvents(store, 'B', n, chunkRows)),
  )
  const all = chunks.flatMap(({ n }) => rowsOf(tokenOf('B', n), chunkRows))
  /** As a sealer does, but several at a time; and it dies before it can tell anyone. */
  const putBlindly = async (): Promise<void> => {
    const left = [...chunks]
    const lane = async (): Promise<void> => {
      for (let chunk = left.shift(); chunk; chunk = left.shift())
        await writer.put('B', chunk, idle())
    }
    await Promise.all([lane(), lane(), lane(), lane()])
  }
  await putBlindly()

  const clock = createMemoryClock()
  const ledger = createMemoryLedger()
  await ledger.write(await sealBatch(store, chunks, clock.now()), 0, idle())
  // Keeps what the commit would remove: it is put once more below.
  const kept = { ...store, remove: async () => undefined }
  const targets = [startWriter()]
  const ids = createMemoryIds(1, clock)
  const deps = { pipeline: 'p', targets, ledger, store: kept, clock, ids, log: createMemoryLog() }
  const call = { deadline: clock.now() + 900_000, signal: idle() }
  expect(await applyBatch(deps, 'B', 'later', call)).toBe(true)
  expect(await rows()).toEqual(sorted(all))

  await putBlindly()
  expect(await rows(), 'without the look, the window is too small').toEqual(
    sorted([...all, ...all]),
  )
})

/** The ledger's item of a batch whose manifest is in the store. */
const sealBatch = async (
  store: ReturnType<typeof createMemoryStore>,
  chunks: readonly Chunk[],
  at: number,
): Promise<Batch> => {
  const manifest: Manifest = {
    version: 1,
    batch: 'B',
    pipeline: 'p',
    targets: ['clickhouse'],
    createdAt: at,
    sources: [],
    chunks,
    quarantine: [],
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const sha256 = sha256Of(bytes)
  const key = '_batches/B.json'
  await store.write(key, bytes, { sha256, contentType: 'application/json' }, idle())
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  return {
    kind: 'batch',
    id: 'B',
    pipeline: 'p',
    state: 'S',
    owner: 'dead',
    leaseUntil: at,
    sealedAt: at,
    sourceCount: 1,
    manifest: { key, sha256, chunks: chunks.length, rows },
  }
}
