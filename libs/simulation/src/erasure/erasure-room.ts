import type { Dataset, Source } from '@silversmith/core'
import { readObjectsMessage } from '@silversmith/core'
import {
  createReconcile,
  eraseRecords,
  type EraseOptions,
  type EraseRequest,
  listQuarantine,
  replayQuarantine,
} from '@silversmith/flow'
import type { StoredRow } from '../index.ts'
import { createMemoryLedger } from '../index.ts'
import { createMortalProcess } from '../repair/mortal-process.ts'
import { createRepairRoom, namesOf, quarantinePrefix } from '../repair/repair-room.ts'
import { pipeline } from '../transform/transform-room.ts'

const column = (name: string, type: 'text' | 'timestamp') => ({
  ...{ name, type, nullable: false, description: '' },
})
const table = (name: string, own: string) => ({
  ...{ name, description: '', orderBy: ['timestamp'], indexes: [], views: [] },
  columns: [column('id', 'text'), column(own, 'text'), column('timestamp', 'timestamp')],
})

/** `{"id", "by", "at"?: <ms>, "tags"?: […]}` → a row of `visits`, and one of `tags` for each, in which nobody is named. */
export const visits = (takesAll = false): Dataset => ({
  ...{ name: 'visits', version: takesAll ? 2 : 1, description: '' },
  tables: [table('visits', 'by'), table('tags', 'tag')],
  map: (record) => {
    const {
      id,
      by,
      at,
      tags = [],
    } = record as {
      readonly [name in 'id' | 'by' | 'at']?: unknown
    } & { readonly tags?: readonly string[] }
    if (id === undefined && !takesAll) return { rejection: { reason: 'no_id' } }
    const timeMicros = Number(at ?? 0) * 1000
    const row = (name: string, own: unknown) => ({
      ...{ table: name, timeMicros },
      values: [String(id ?? 'none'), String(own), timeMicros],
    })
    return { rows: [row('visits', by), ...tags.map((tag) => row('tags', tag))] }
  },
})

const dayMs = 86_400_000
const lineOf = (by: string, n: number): string =>
  JSON.stringify({ id: `${by}-${n}`, by, at: n * dayMs, tags: n % 2 ? ['x', 'y'] : [] })

/** Two objects of four people, loaded: rows in files alone and beside others, and rejected records of all but dan. */
export const createErasureRoom = async (seed = 1) => {
  const room = createRepairRoom(seed, [visits()])
  const put = (key: string, lines: readonly string[]): Source => ({
    ...room.put(key, lines.join('\n')),
    dataset: 'visits',
  })
  const people = ['ann', 'bob', 'ann', 'cid', 'bob', 'dan']
  const rejected = ['ann', 'bob', 'cid'].map((by) => JSON.stringify({ by, note: 'é' }))
  const escaped = `{"by":"\\u0061nn","note":"written otherwise"}`
  const sources = [
    put('a.jsonl', [...people.map(lineOf), ...rejected, escaped]),
    // All of a batch, so that nothing of it is left.
    put('b.jsonl', [lineOf('ann', 40), lineOf('ann', 41)]),
    put('c.jsonl', [lineOf('bob', 50), rejected[1] ?? '']),
  ]
  for (const source of sources) await room.deliver([source])
  const deps = (process = createMortalProcess()) => ({
    ...room.depsOf(process),
    routes: [{ prefix: '', suffixes: [], dataset: 'visits' }],
  })
  const erase = (request?: EraseRequest, options?: EraseOptions, process = createMortalProcess()) =>
    process.run(() => eraseRecords(deps(process), request, room.call(), options))
  const runSent = async (): Promise<void> => {
    for (const body of room.queue.take()) {
      const message = readObjectsMessage(pipeline, body)
      if (message?.kind === 'source') await room.deliver([message.source])
    }
  }
  const replay = async (): Promise<void> => {
    await replayQuarantine(deps(), {}, { dryRun: false }, room.call())
    await runSent()
  }
  const states = async () => {
    const found: string[] = []
    for await (const page of listQuarantine(deps(), {}, room.call()))
      found.push(...page.map(({ state, records }) => `${state} ${records ?? '?'}`))
    return found.toSorted()
  }
  const reconcile = async (enqueue = false) => {
    room.clock.advance(2 * 3_600_000)
    const request = { bucket: 'b', prefix: '', enqueue }
    const own = { ...deps(), tables: ['visits', 'tags'], quarantinePrefix }
    return createReconcile(own)(request, room.call())
  }
  const repairAll = async (): Promise<void> => {
    for (const { batch } of room.manifests()) await room.repair(batch)
  }
  /** All that is held anywhere of the data, as texts. */
  const held = async () => ({
    clickhouse: namesOf(room.clickhouse().filter(isData)),
    silver: namesOf((await room.silver()).filter(isData)),
    rejected: room
      .rejected()
      .map((row) => `${String(row['_source'] ?? row['source'])} ${String(row['record'])}`)
      .toSorted(),
  })
  return {
    ...room,
    ...{ sources, erase, replay, runSent, states, reconcile, repairAll, held },
    release: () => void (room.state.datasets = [visits(true)]),
    loseLedger: () => void (room.state.ledger = createMemoryLedger()),
    text: () =>
      [...room.store.files.values()].map(({ bytes }) => Buffer.from(bytes).toString()).join('\n'),
  }
}

const isData = (row: StoredRow): boolean => row['table_name'] === undefined

export type ErasureRoom = Awaited<ReturnType<typeof createErasureRoom>>

export const requestFor = (value: string, texts: readonly string[] = [value]): EraseRequest => ({
  ...{ dataset: 'visits', match: { column: 'by', value }, texts },
})
