import type { Batch, Breaker, LedgerItem, Manifest, Payload, Versioned } from '@silversmith/core'
import { reloadsTable } from '@silversmith/core'
import { isOfTarget, judgeBreaker } from './breaker-watch.ts'
import type { JobWatch } from './job-watch.ts'
import type { Block, Engine, StoredRow } from '../memory/engine.ts'
import type { MemoryLedger } from '../memory/memory-ledger.ts'
import type { MemoryFile, MemoryStore } from '../memory/memory-store.ts'

/** What must hold at every moment, looked at with every effect. */
export interface Watch {
  ledger(ledger: MemoryLedger): MemoryLedger
  engine(engine: Engine): Engine
  store(store: MemoryStore): MemoryStore
  /** True time at which the batch first was in the ledger, and at which it was sealed. */
  readonly begunAt: ReadonlyMap<string, number>
  readonly sealedAt: ReadonlyMap<string, number>
  /** Batches that are forming or sealed. */
  readonly open: ReadonlySet<string>
  /** Targets, by the id of their breaker, that are not called now. */
  readonly openBreakers: ReadonlySet<string>
  /** Source id → the highest generation in which a sealed batch lists it. */
  readonly sealedSources: ReadonlyMap<string, number>
  /** Ids of sources that a sealed batch lists as anything but gone: nobody needs to tell of them again. */
  readonly settledSources: ReadonlySet<string>
}

const moves: Readonly<Record<Batch['state'], string>> = { F: 'FSA', S: 'SC', A: 'A', C: 'C' }
const batchIdPattern = /[0-9A-HJKMNP-TV-Z]{26}/
const stagingPattern = /^_staging\/([^/]+)\//

/** No item is written so often, however long the outage. */
const revisionsMax = 400

const identityOf = (row: StoredRow): string =>
  `${row['_source']} ${row['_version']} ${row['_record']}/${row['_part']} of generation ${row['_generation']}`

const judgeMove = (
  before: Batch | undefined,
  after: Batch,
  violate: (text: string) => void,
): void => {
  if (!before && after.state !== 'F') violate(`batch ${after.id} began as ${after.state}`)
  if (!before) return
  if (!moves[before.state].includes(after.state))
    violate(`batch ${after.id} went from ${before.state} to ${after.state}`)
  if (before.manifest && before.manifest.sha256 !== after.manifest?.sha256)
    violate(`sealed batch ${after.id} changed its manifest`)
  for (const [target, count] of Object.entries(before.done ?? {}))
    if ((after.done?.[target] ?? 0) < count) violate(`batch ${after.id} lost progress`)
}

interface Sealed {
  readonly sealedSources: Map<string, number>
  readonly settledSources: Set<string>
}

/** Everything a seal promises is there, with the bytes it names; its sources count as sealed from now on. */
const judgeSeal = (
  { id, manifest: ref }: Batch,
  files: ReadonlyMap<string, MemoryFile>,
  { sealedSources, settledSources }: Sealed,
  violate: (text: string) => void,
): void => {
  const file = ref && files.get(ref.key)
  if (!file || file.sha256 !== ref.sha256)
    return violate(`batch ${id} was sealed without its manifest`)
  const manifest = JSON.parse(new TextDecoder().decode(file.bytes)) as Manifest
  const payloads: readonly Payload[] = [
    ...manifest.chunks.flatMap(({ block, days = [] }) => [...(block ? [block] : []), ...days]),
    ...manifest.quarantine,
  ]
  for (const { key, sha256 } of payloads)
    if (files.get(key)?.sha256 !== sha256) violate(`batch ${id} was sealed without ${key}`)
  for (const source of manifest.sources) {
    const known = sealedSources.get(source.id) ?? 0
    sealedSources.set(source.id, Math.max(known, source.generation))
    if (source.disposition !== 'gone') settledSources.add(source.id)
  }
}

export interface WatchOptions {
  readonly now: () => number
  readonly files: ReadonlyMap<string, MemoryFile>
  readonly violate: (text: string) => void
  /** Clocks of invocations are apart by no more than this. */
  readonly skewMaxMs: number
  readonly jobs: Pick<JobWatch, 'noteItem' | 'noteFile'>
  /** These entries are in the table now: what they turn to must be whole. */
  readonly judgeTurn: (engine: Engine, entries: readonly StoredRow[]) => void
}

export const createWatch = (options: WatchOptions): Watch => {
  const { now, files, violate, skewMaxMs, jobs, judgeTurn } = options
  const states = new Map<string, Batch['state']>()
  const open = new Set<string>()
  const openBreakers = new Set<string>()
  const begunAt = new Map<string, number>()
  const sealedAt = new Map<string, number>()
  const sealed: Sealed = { sealedSources: new Map(), settledSources: new Set() }
  const seen = new Set<string>()
  const turnedOver = new Set<string>()
  /** Batches whose rows were being inserted when the tables were emptied: the rest may come before what was there. */
  const emptied = new Set<string>()

  const watchBatch = (before: Batch | undefined, after: Batch): void => {
    const { id, state } = after
    states.set(id, state)
    if (state === 'F' || state === 'S') open.add(id)
    else open.delete(id)
    if (!before) begunAt.set(id, now())
    if (state === 'S' && before?.state === 'F') {
      sealedAt.set(id, now())
      judgeSeal(after, files, sealed, violate)
    }
    judgeMove(before, after, violate)
  }
  const watchBreaker = (before: Breaker | undefined, after: Breaker): void => {
    for (const what of judgeBreaker(before, after, { now: now(), skewMaxMs }))
      violate(`breaker ${after.id} ${what}`)
    if (after.openUntil === undefined) openBreakers.delete(after.id)
    else if (isOfTarget(after)) openBreakers.add(after.id)
  }
  const watchItem = (before: LedgerItem | undefined, after: LedgerItem): void => {
    jobs.noteItem(before, after)
    if (after.kind === 'batch') watchBatch(before?.kind === 'batch' ? before : undefined, after)
    if (after.kind === 'breaker')
      watchBreaker(before?.kind === 'breaker' ? before : undefined, after)
    if (after.kind === 'claim' && before?.kind === 'claim' && after.generation < before.generation)
      violate(`claim ${after.id} went back to generation ${after.generation}`)
  }
  const refuseUnsealed = (batch: string, what: string): void => {
    const state = states.get(batch)
    if (state !== 'S' && state !== 'C')
      violate(`${what} written while batch ${batch} was ${state ?? 'unknown'}`)
  }

  return {
    ...{ begunAt, sealedAt, open, openBreakers, ...sealed },
    ledger: (ledger) => ({
      ...ledger,
      write: async (item, expected, signal) => {
        const before: Versioned | undefined = (await ledger.read([item], signal))[0]
        const isWritten = await ledger.write(item, expected, signal)
        if (isWritten) watchItem(before?.item, JSON.parse(JSON.stringify(item)) as LedgerItem)
        // A breaker is written with every probe, for as long as the outage lasts.
        if (expected === revisionsMax && item.kind !== 'breaker')
          violate(`${item.kind} ${item.id} is written over and over`)
        return isWritten
      },
    }),
    engine: (engine) => ({
      ...engine,
      insertBlock: (block: Block) => {
        const isAppended = engine.insertBlock(block)
        if (!isAppended) return false
        const batch = block.token.split('#')[0] ?? ''
        refuseUnsealed(batch, `block ${block.token}`)
        if (block.table === reloadsTable.name) turnedOver.add(batch)
        else if (turnedOver.has(batch) && !emptied.has(batch))
          violate(`batch ${batch} turned over before ${block.token} was there`)
        for (const row of block.rows) {
          const identity = `${block.table} ${identityOf(row)}`
          if (seen.has(identity)) violate(`duplicate row ${identity} by ${block.token}`)
          seen.add(identity)
        }
        if (block.table === reloadsTable.name && !emptied.has(batch)) judgeTurn(engine, block.rows)
        return true
      },
      truncate: () => {
        engine.truncate()
        seen.clear()
        turnedOver.clear()
        for (const id of open) emptied.add(id)
      },
    }),
    store: (store) => ({
      ...store,
      copy: async (from, to, file, signal) => {
        refuseUnsealed(batchIdPattern.exec(to)?.[0] ?? '', to)
        await store.copy(from, to, file, signal)
      },
      write: async (key, bytes, file, signal) => {
        if (!/^_(staging|batches|probe|jobs)\//.test(key))
          refuseUnsealed(batchIdPattern.exec(key)?.[0] ?? '', key)
        await store.write(key, bytes, file, signal)
        jobs.noteFile(key, bytes)
      },
      remove: async (keys, signal) => {
        for (const key of keys) {
          const [, batch = ''] = stagingPattern.exec(key) ?? []
          if (open.has(batch))
            violate(`${key} was removed while its batch was ${states.get(batch)}`)
          if (batch === '') violate(`${key} was removed, and nothing but staging ever may be`)
        }
        await store.remove(keys, signal)
      },
    }),
  }
}
