import type { Batch, LedgerItem, Versioned } from '@silversmith/core'
import { reloadsTable } from '@silversmith/core'
import type { Block, Engine, StoredRow } from '../memory/engine.ts'
import type { MemoryLedger } from '../memory/memory-ledger.ts'
import type { MemoryStore } from '../memory/memory-store.ts'

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
}

const moves: Readonly<Record<Batch['state'], string>> = { F: 'FSA', S: 'SC', A: 'A', C: 'C' }
const batchIdPattern = /[0-9A-HJKMNP-TV-Z]{26}/

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

export const createWatch = (now: () => number, violate: (text: string) => void): Watch => {
  const states = new Map<string, Batch['state']>()
  const open = new Set<string>()
  const begunAt = new Map<string, number>()
  const sealedAt = new Map<string, number>()
  const seen = new Set<string>()
  const turnedOver = new Set<string>()

  const watchItem = (before: LedgerItem | undefined, after: LedgerItem): void => {
    if (after.kind === 'batch') {
      states.set(after.id, after.state)
      if (after.state === 'F' || after.state === 'S') open.add(after.id)
      else open.delete(after.id)
      if (!before) begunAt.set(after.id, now())
      if (after.state === 'S' && before?.kind === 'batch' && before.state === 'F')
        sealedAt.set(after.id, now())
      judgeMove(before?.kind === 'batch' ? before : undefined, after, violate)
    }
    if (after.kind === 'claim' && before?.kind === 'claim' && after.generation < before.generation)
      violate(`claim ${after.id} went back to generation ${after.generation}`)
  }
  const refuseUnsealed = (batch: string, what: string): void => {
    const state = states.get(batch)
    if (state !== 'S' && state !== 'C')
      violate(`${what} written while batch ${batch} was ${state ?? 'unknown'}`)
  }

  return {
    ...{ begunAt, sealedAt, open },
    ledger: (ledger) => ({
      ...ledger,
      write: async (item, expected, signal) => {
        const before: Versioned | undefined = (await ledger.read([item], signal))[0]
        const isWritten = await ledger.write(item, expected, signal)
        if (isWritten) watchItem(before?.item, JSON.parse(JSON.stringify(item)) as LedgerItem)
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
        else if (turnedOver.has(batch))
          violate(`batch ${batch} turned over before ${block.token} was there`)
        for (const row of block.rows) {
          const identity = `${block.table} ${identityOf(row)}`
          if (seen.has(identity)) violate(`duplicate row ${identity} by ${block.token}`)
          seen.add(identity)
        }
        return true
      },
    }),
    store: (store) => ({
      ...store,
      copy: async (from, to, file, signal) => {
        refuseUnsealed(batchIdPattern.exec(to)?.[0] ?? '', to)
        await store.copy(from, to, file, signal)
      },
      write: async (key, bytes, file, signal) => {
        if (!key.startsWith('_staging/') && !key.startsWith('_batches/'))
          refuseUnsealed(batchIdPattern.exec(key)?.[0] ?? '', key)
        await store.write(key, bytes, file, signal)
      },
    }),
  }
}
