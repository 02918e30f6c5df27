import { randomUUID } from 'node:crypto'
import type { Batch, Claim, Job, Ledger, LedgerItem, PipelinePin } from '@silversmith/core'
import { jobPartsMax, noCounts } from '@silversmith/core'
import { describe, expect, test } from 'vitest'

export interface LedgerRoom {
  readonly ledger: Ledger
  close?(): Promise<void>
}

const racersCount = 20
const readKeysCount = 250
const listLimit = 1_000
const deadlineMs = 10_000
const pollMs = 10
const idle = (): AbortSignal => new AbortController().signal

const claimOf = (run: string, n = 0): Claim => ({
  kind: 'claim',
  id: `${run}-${n}`,
  batch: `batch of ${n}`,
  generation: 0,
  tries: 0,
})
const pipeline = 'contract'
const batchOf = (run: string, n: number, leaseUntil: number): Batch => ({
  kind: 'batch',
  id: `${run}-${n}`,
  pipeline,
  state: 'F',
  owner: 'someone',
  leaseUntil,
  sourceCount: 3,
})

/** `make` may hand out one table again and again: each test uses ids of its own. */
export const describeLedger = (name: string, make: () => Promise<LedgerRoom>): void => {
  describe(`ledger contract: ${name}`, () => {
    const inRoom: InRoom = (title, body) =>
      test(title, async () => {
        const room = await make()
        try {
          await body(room.ledger, randomUUID())
        } finally {
          await room.close?.()
        }
      })
    describeItems(inRoom)
    describeRevisions(inRoom)
    describeOpen(inRoom)
  })
}

type InRoom = (title: string, body: (ledger: Ledger, run: string) => Promise<void>) => void

const readOne = async (ledger: Ledger, item: LedgerItem) =>
  (await ledger.read([item], idle())).at(0)

/** Its parts are at their longest: a prefix, a place in a listing and a problem each. */
const jobOf = (run: string, parts: number): Job => {
  const prefix = `section/${'7'.repeat(100)}/`
  const counts = { ...noCounts, listed: 1_000, found: 7, standings: { 'under-way': 7 } } as const
  const failed = { state: 'failed', problem: 'x'.repeat(300), from: 'A'.repeat(1_500) } as const
  return {
    ...{ kind: 'job', id: `${pipeline}/${run}`, generation: 3, state: 'running' },
    request: {
      ...{ bucket: 'b', prefixes: Array.from({ length: parts }, () => prefix) },
      ...{ window: { start: 0, hours: [1, 2], keyRegex: '^ø' }, force: true },
    },
    budget: { objectsPerSecond: 0.5 },
    parts: Array.from({ length: parts }, () => ({ prefix, slice: 2, line: 9, counts, ...failed })),
    ...{ owner: 'someone', leaseUntil: 5, restUntil: 6, createdAt: 1, updatedAt: 2 },
  }
}

const everyKind = (run: string): readonly LedgerItem[] => {
  const pin: PipelinePin = { kind: 'pipeline', id: run, targets: ['silver', 'clickhouse'] }
  const forming = batchOf(run, 1, 1_767_225_600_000)
  const sealed: Batch = {
    ...batchOf(run, 2, 1_767_225_600_001),
    state: 'S',
    manifest: { key: '_batches/dt=2026-01-01/ø', sha256: 'ab'.repeat(32), chunks: 7, rows: 5e9 },
    sealedAt: 1_767_225_599_999,
    done: { silver: 3, clickhouse: 0 },
    failures: 2,
  }
  return [
    { ...claimOf(run), generation: 3, tries: 2 },
    forming,
    sealed,
    { ...forming, id: `${run}-3`, state: 'A', end: 'lost' },
    { ...sealed, id: `${run}-4`, state: 'C', done: {} },
    pin,
    { ...pin, id: `${run} none`, targets: [] },
    jobOf(run, 1),
  ]
}

const describeItems = (inRoom: InRoom): void => {
  inRoom('every kind of item reads back as written', async (ledger, run) => {
    for (const item of everyKind(run)) {
      expect(await ledger.write(item, 0, idle())).toBe(true)
      expect(await readOne(ledger, item)).toEqual({ item, revision: 1 })
    }
  })

  inRoom('a claim, a batch and a pipeline of one id are three items', async (ledger, run) => {
    const items: readonly LedgerItem[] = [
      { ...claimOf(run), id: run },
      { ...batchOf(run, 0, 5), id: run },
      { kind: 'pipeline', id: run, targets: ['silver'] },
    ]
    for (const item of items) expect(await ledger.write(item, 0, idle())).toBe(true)
    expect((await ledger.read(items, idle())).map((found) => found?.item)).toEqual(items)
  })

  inRoom('an item of nearly 4 KB reads back as written', async (ledger, run) => {
    const done = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`target-${i}-${run}`, i]))
    const frame = JSON.stringify({ ...batchOf(run, 0, 5), done: {} }).length
    const fitting = Object.entries(done).slice(0, Math.floor((3_900 - frame) / 52))
    const item: Batch = { ...batchOf(run, 0, 5), done: Object.fromEntries(fitting) }
    expect(JSON.stringify(item).length).toBeGreaterThan(3_500)
    expect(await ledger.write(item, 0, idle())).toBe(true)
    expect(await readOne(ledger, item)).toEqual({ item, revision: 1 })
  })

  inRoom('a job of the most parts reads back as written', async (ledger, run) => {
    const item = jobOf(run, jobPartsMax)
    expect(JSON.stringify(item).length).toBeGreaterThan(200_000)
    expect(await ledger.write(item, 0, idle())).toBe(true)
    expect(await readOne(ledger, item)).toEqual({ item, revision: 1 })
    expect(await ledger.write({ ...item, state: 'paused' }, 1, idle())).toBe(true)
    expect(await readOne(ledger, item)).toEqual({ item: { ...item, state: 'paused' }, revision: 2 })
  })

  inRoom(`${readKeysCount} keys read at once come in the order asked`, async (ledger, run) => {
    const claims = Array.from({ length: readKeysCount }, (_, n) => claimOf(run, n))
    const written = claims.filter((_, n) => n % 3 !== 0)
    await Promise.all(written.map((claim) => ledger.write(claim, 0, idle())))
    const found = await ledger.read(claims, idle())
    expect(found.map((entry) => entry?.item)).toEqual(
      claims.map((claim, n) => (n % 3 === 0 ? undefined : claim)),
    )
  })

  inRoom('a key asked twice is answered twice, no keys with no answers', async (ledger, run) => {
    await ledger.write(claimOf(run), 0, idle())
    const found = await ledger.read([claimOf(run), claimOf(run, 9), claimOf(run)], idle())
    expect(found.map((entry) => entry?.revision)).toEqual([1, undefined, 1])
    expect(await ledger.read([], idle())).toEqual([])
  })
}

const describeRevisions = (inRoom: InRoom): void => {
  inRoom('of 20 racers for a new item exactly one wins', async (ledger, run) => {
    const racers = Array.from({ length: racersCount }, (_, n) => ({
      ...claimOf(run),
      batch: `racer ${n}`,
    }))
    const won = await Promise.all(racers.map((racer) => ledger.write(racer, 0, idle())))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await readOne(ledger, claimOf(run))).toEqual({
      item: racers[won.indexOf(true)],
      revision: 1,
    })
  })

  inRoom('of 20 racers from one revision exactly one wins', async (ledger, run) => {
    await ledger.write(claimOf(run), 0, idle())
    const racers = Array.from({ length: racersCount }, (_, n) => ({ ...claimOf(run), tries: n }))
    const won = await Promise.all(racers.map((racer) => ledger.write(racer, 1, idle())))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await readOne(ledger, claimOf(run))).toEqual({
      item: racers[won.indexOf(true)],
      revision: 2,
    })
  })

  inRoom('a write from any other revision changes nothing', async (ledger, run) => {
    await ledger.write(claimOf(run), 0, idle())
    await ledger.write({ ...claimOf(run), tries: 1 }, 1, idle())
    for (const stale of [0, 1, 3])
      expect(await ledger.write({ ...claimOf(run), tries: 9 }, stale, idle())).toBe(false)
    expect(await readOne(ledger, claimOf(run))).toEqual({
      item: { ...claimOf(run), tries: 1 },
      revision: 2,
    })
  })

  inRoom('an absent item has no revision but 0', async (ledger, run) => {
    expect(await ledger.write(claimOf(run), 1, idle())).toBe(false)
    expect(await readOne(ledger, claimOf(run))).toBeUndefined()
  })

  inRoom('a write replaces the whole item', async (ledger, run) => {
    const sealed: Batch = { ...batchOf(run, 0, 5), state: 'S', done: { silver: 1 }, failures: 4 }
    await ledger.write(sealed, 0, idle())
    const plain: Batch = { ...batchOf(run, 0, 5), state: 'S' }
    await ledger.write(plain, 1, idle())
    expect(await readOne(ledger, plain)).toEqual({ item: plain, revision: 2 })
  })
}

const describeOpen = (inRoom: InRoom): void => {
  /** The list may lag behind writes: ask until it says what is expected, or the deadline passes. */
  const expectOpen = async (
    list: () => Promise<readonly string[]>,
    expected: readonly string[],
  ): Promise<void> => {
    let found = await list()
    for (const end = Date.now() + deadlineMs; Date.now() < end; found = await list()) {
      if (JSON.stringify(found) === JSON.stringify(expected)) break
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
    expect(found).toEqual(expected)
  }
  const listOf = (ledger: Ledger, run: string, now: number) => async () =>
    (await ledger.listOpen(pipeline, now, listLimit, idle())).filter((id) => id.startsWith(run))

  inRoom('open batches whose lease ended are listed, oldest first', async (ledger, run) => {
    const batches: readonly Batch[] = [
      batchOf(run, 1, 300),
      { ...batchOf(run, 2, 100), state: 'S' },
      batchOf(run, 3, 200),
      batchOf(run, 4, 5_000),
      { ...batchOf(run, 5, 100), state: 'A', end: 'failed' },
      { ...batchOf(run, 6, 100), state: 'C' },
    ]
    for (const batch of batches) await ledger.write(batch, 0, idle())
    await expectOpen(
      listOf(ledger, run, 1_000),
      [2, 3, 1].map((n) => `${run}-${n}`),
    )
    await expectOpen(
      listOf(ledger, run, 6_000),
      [2, 3, 1, 4].map((n) => `${run}-${n}`),
    )
  })

  inRoom('a committed batch leaves the list, a bumped lease moves it', async (ledger, run) => {
    const [one, two] = [batchOf(run, 1, 100), batchOf(run, 2, 200)]
    await ledger.write(one, 0, idle())
    await ledger.write(two, 0, idle())
    await expectOpen(listOf(ledger, run, 1_000), [one.id, two.id])
    await ledger.write({ ...one, leaseUntil: 400 }, 1, idle())
    await expectOpen(listOf(ledger, run, 1_000), [two.id, one.id])
    await ledger.write({ ...two, state: 'C' }, 1, idle())
    await expectOpen(listOf(ledger, run, 1_000), [one.id])
  })

  inRoom('open batches of another pipeline are not listed', async (ledger, run) => {
    await ledger.write({ ...batchOf(run, 1, 100), pipeline: 'another' }, 0, idle())
    await ledger.write(batchOf(run, 2, 200), 0, idle())
    await expectOpen(listOf(ledger, run, 1_000), [`${run}-2`])
  })

  inRoom('no more ids than the limit are listed', async (ledger, run) => {
    for (const n of [1, 2, 3]) await ledger.write(batchOf(run, n, n), 0, idle())
    expect((await ledger.listOpen(pipeline, 1_000, 2, idle())).length).toBeLessThanOrEqual(2)
  })
}
