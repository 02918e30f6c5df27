import type { Job } from '@silversmith/core'
import type { JobView, ReportEntry } from '@silversmith/flow'
import { createSweep, createTransform, type Delivery, readReport } from '@silversmith/flow'
import { readObjectsMessage, type Source } from '@silversmith/core'
import { expect, test } from 'vitest'
import { currentRows } from '../memory/current-rows.ts'
import { createRandom } from '../random.ts'
import { createMortalProcess, type MortalProcess } from '../repair/mortal-process.ts'
import { pipeline } from '../transform/transform-room.ts'
import { createBulkRoom, linesOf } from './bulk-room.ts'

const lives = Number(process.env['LIVES'] ?? 60)
const sections = 5
const days = 40
const crashesMax = 6
const callsMax = 90
const start = Date.UTC(2026, 0, 6)
const end = Date.UTC(2026, 0, 26)

const dayOf = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10)

interface Life {
  readonly seed: number
  readonly room: ReturnType<typeof createBulkRoom>
  /** Key → rows that its object has. */
  readonly written: ReadonlyMap<string, readonly string[]>
  readonly jobs: readonly string[]
  readonly views: ReadonlyMap<string, JobView>
}

/** Jobs, live objects and transform in any order, each call a process that may die; then quiet until nothing is left. */
const live = async (
  seed: number,
  {
    isForced = false,
    look = () => undefined as void,
  }: { isForced?: boolean; look?: (life: Life) => void },
): Promise<Life> => {
  const random = createRandom(seed)
  const room = createBulkRoom({
    ...{ limits: { batchSourcesMax: 7 }, pageMax: 5 + random.below(20) },
    replace: { sliceObjects: 1 + random.below(12) },
  })
  if (random.chance(0.5)) room.bronze.setBucket('b', 'versioned')
  const written = new Map<string, readonly string[]>()
  const messages: Source[] = []
  const batches = new Set<string>()
  let crashes = 0

  const process = (): MortalProcess => {
    if (crashes >= crashesMax || !random.chance(0.5)) return createMortalProcess()
    crashes += 1
    return createMortalProcess(1 + random.below(callsMax), random.pick(['before', 'after']))
  }
  const upload = (section: number, day: number, tag: string): Source => {
    const key = `section/${section}/video/${dayOf(day)}T10-00-00.000000Z_${tag}.jsonl`
    const ids = Array.from({ length: random.below(4) }, (_, n) => `${section}/${day}/${tag}/${n}`)
    written.set(key, ids)
    return room.put(key, linesOf(...ids))
  }
  for (let n = 0; n < sections * days; n += 1) upload(n % sections, Math.floor(n / sections), 'old')
  const jobs = ['job', 'other']
  const request = { window: { start, end }, prefixes: ['section/0/', 'section/1/', 'section/2/'] }
  const view = new Map<string, JobView>()
  const work = async (id: string, own = process(), skewMs = 0): Promise<void> => {
    const asked = { ...request, force: isForced && id === 'other', budget: { objectsPerSecond: 9 } }
    const forMs = random.pick([0, 2_000, 60_000])
    const seen = await room.run(id, asked, own, forMs, skewMs)
    if (seen) view.set(id, seen)
  }
  const deliver = async (own = process()): Promise<void> => {
    messages.push(...room.take())
    const chosen = messages.filter(() => random.chance(0.6))
    const deliveries = [
      ...chosen.map((source, at): Delivery => ({
        messageId: `${at}`,
        message: { kind: 'source', source },
      })),
      ...[...batches].map((batch): Delivery => ({
        messageId: batch,
        message: { kind: 'batch', batch },
      })),
    ]
    const { wrap } = own
    const { ledger, bronze, store, targets, ...rest } = room.room.deps
    const deps = {
      ...{ ...rest, ledger: wrap(ledger), bronze: wrap(bronze), store: wrap(store) },
      targets: targets.map(wrap),
    }
    const left = await own.run(() => createTransform(deps)(deliveries, room.call()))
    if (!left) return
    chosen.forEach((one, at) => {
      if (!left.includes(`${at}`)) messages.splice(messages.indexOf(one), 1)
    })
    for (const batch of batches) if (!left.includes(batch)) batches.delete(batch)
  }
  const sweep = async (): Promise<void> => {
    const queue = {
      send: async (body: string) => {
        const message = readObjectsMessage(pipeline, body)
        if (message?.kind === 'batch') batches.add(message.batch)
      },
    }
    await createSweep({ ...room.room.deps, queue })(room.call())
  }
  let late = 0
  const steps = [
    ...[() => work('job'), () => work('job'), () => work('other')],
    // Two at the same time; by the clock of one of them the lease of the other is over.
    async () => {
      const id = random.pick(jobs)
      await Promise.all([work(id), work(id, process(), 900_000)])
    },
    ...[deliver, deliver, deliver, sweep].map((step) => () => step()),
    async () =>
      void messages.push(upload(random.below(sections), random.below(days), `live${(late += 1)}`)),
    async () => room.clock.advance(random.pick([0, 30_000, 900_000])),
  ]
  const life = { seed, room, written, jobs, views: view }
  for (let step = 0; step < 40; step += 1) {
    await random.pick(steps)()
    look(life)
  }
  crashes = crashesMax
  for (let round = 0; round < 12; round += 1) {
    room.clock.advance(3_700_000)
    for (const id of jobs) await work(id, createMortalProcess())
    await sweep()
    await deliver(createMortalProcess())
    look(life)
  }
  messages.push(...room.take())
  await sweep()
  while (messages.length > 0) await deliver(createMortalProcess())
  look(life)
  expect([seed, batches.size, jobs.map((id) => view.get(id)?.state)]).toEqual([
    seed,
    0,
    ['done', 'done'],
  ])
  return life
}

const readAll = async ({ room }: Life, id: string): Promise<readonly ReportEntry[]> => {
  const key = { kind: 'job', id: `${pipeline}/${id}` } as const
  const [found] = await room.ledger.read([key], room.call().signal)
  const entries: ReportEntry[] = []
  for await (const page of readReport(room.deps, found?.item as Job, room.call()))
    entries.push(...page.entries)
  return entries
}

const isAsked = (key: string): boolean => {
  const day = Date.parse(key.split('/')[3]?.slice(0, 10) ?? '')
  return /^section\/[012]\//.test(key) && day >= start && day < end
}

const isLive = (key: string): boolean => key.includes('_live')

/** Rows of what was asked for or told, by the reports of both jobs. */
const expectExact = async (life: Life): Promise<void> => {
  const { seed, room, written, jobs } = life
  const meant = [...written].filter(([key]) => isAsked(key) || isLive(key))
  const shown = currentRows(room.engine, 'notes').map(({ id }) => String(id))
  expect({ seed, shown: shown.toSorted() }).toEqual({
    seed,
    shown: meant.flatMap(([, ids]) => ids).toSorted(),
  })
  for (const id of jobs) {
    const entries = await readAll(life, id)
    const keys = entries.map(({ key }) => key)
    expect({ seed, id, twice: keys.length - new Set(keys).size }).toEqual({ seed, id, twice: 0 })
    const old = [...written.keys()].filter((key) => isAsked(key) && !isLive(key))
    expect({ seed, id, missing: old.filter((key) => !keys.includes(key)) }).toEqual({
      seed,
      id,
      missing: [],
    })
    expect({ seed, id, strange: keys.filter((key) => !isAsked(key)) }).toEqual({
      seed,
      id,
      strange: [],
    })
    const counts = { found: keys.length, sent: entries.filter(({ isByJob }) => isByJob).length }
    expect({ seed, ...life.views.get(id)?.counts }).toMatchObject({ seed, ...counts })
    const failed = entries.filter(({ status }) => status !== 'succeeded')
    expect({ seed, id, failed }).toEqual({ seed, id, failed: [] })
  }
}

test('001-11: whatever dies, beside live objects and a second job, rows are exact and the report has every object once', async () => {
  for (let seed = 1; seed <= lives; seed += 1) await expectExact(await live(seed, {}))
}, 1_200_000)

test('001-3: a reload beside all that shows the old generation or the new one of an object, never both, and at last the new', async () => {
  for (let seed = 1; seed <= lives; seed += 1) {
    const look = ({ room, written }: Life): void => {
      const bySource = new Map<string, Set<unknown>>()
      const counts = new Map<string, number>()
      for (const row of currentRows(room.engine, 'notes')) {
        const source = String(row['_source'])
        bySource.set(source, (bySource.get(source) ?? new Set()).add(row['_generation']))
        counts.set(source, (counts.get(source) ?? 0) + 1)
      }
      for (const [source, generations] of bySource) {
        expect({ seed, source, generations: generations.size }).toEqual({
          seed,
          source,
          generations: 1,
        })
        const rows = written.get(source.slice('s3://b/'.length))?.length
        expect({ seed, source, rows: counts.get(source) }).toEqual({ seed, source, rows })
      }
    }
    const life = await live(seed, { isForced: true, look })
    await expectExact(life)
    const entries = await readAll(life, 'other')
    const asked = new Set(entries.map(({ bucket, key }) => `s3://${bucket}/${key}`))
    const old = currentRows(life.room.engine, 'notes').filter(
      (row) => asked.has(String(row['_source'])) && Number(row['_generation']) === 0,
    )
    expect({ seed, old }).toEqual({ seed, old: [] })
  }
}, 1_200_000)
