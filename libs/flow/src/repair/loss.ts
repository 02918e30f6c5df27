import {
  type Batch,
  type Chunk,
  type Clock,
  type Holding,
  type Inspector,
  type Manifest,
  type Mender,
  type Store,
} from '@silversmith/core'
import { withoutErased } from '../erasure/erasure-record.ts'
import { type Call, persist } from '../patience.ts'
import { refusedFilesOf } from './refused-file.ts'
import type { ChunkRepair } from './repair-result.ts'

export interface LossDeps {
  readonly store: Store
  readonly clock: Clock
  /** Of every target that can be looked into, silver among them. */
  readonly inspectors: readonly Inspector[]
  /** Of every target but silver that can be mended. */
  readonly menders: readonly Mender[]
  /** Ends with a slash. */
  readonly quarantinePrefix: string
}

/** A chunk of which a target does not hold what the manifest says. */
export interface Loss {
  readonly chunk: Chunk
  readonly facts: Omit<ChunkRepair, 'outcome'>
  /** A target that holds the chunk whole and can give its rows; undefined: none does. */
  readonly giver: string | undefined
  /** Rows that the giver has not and need not have: they are older than their table keeps rows. */
  readonly expired: number
}

/** Chunks a target is asked about at a time. */
export const inspectMax = 100

/** Rows that are older than their table keeps rows need not be there. */
export const isWhole = (
  chunk: Chunk,
  { rows, distinct, expired = 0 }: Holding = { rows: 0, distinct: 0 },
): boolean => rows === distinct && rows <= chunk.rows && rows >= chunk.rows - expired

export const inspect = (
  { clock }: Pick<LossDeps, 'clock'>,
  inspector: Inspector,
  batch: string,
  chunks: readonly Chunk[],
  call: Call,
): Promise<readonly Holding[]> =>
  persist(clock, call, () => inspector.inspect(batch, chunks, call.signal))

export interface Losses {
  /** Chunks of all targets that are whole. */
  readonly intact: number
  readonly losses: readonly Loss[]
  /** Target → chunks it lacks because an operator rejected them. */
  readonly rejected: Readonly<Record<string, number>>
}

/**
 * Compares every chunk of a committed batch with what its targets hold; chunks an operator rejected are no losses, nor are rows
 * that were erased: the chunks given are without them.
 */
export const findLosses = async (
  deps: LossDeps,
  batch: Pick<Batch, 'id' | 'rejected'>,
  sealed: Manifest,
  call: Call,
): Promise<Losses> => {
  const manifest = await withoutErased(deps, sealed, call)
  const inspectors = deps.inspectors.filter(({ name }) => manifest.targets.includes(name))
  const losses: Loss[] = []
  const rejected: Record<string, number> = {}
  let intact = 0
  for (let at = 0; at < manifest.chunks.length; at += inspectMax) {
    const chunks = manifest.chunks.slice(at, at + inspectMax)
    const held = new Map<string, readonly Holding[]>()
    for (const inspector of inspectors)
      held.set(inspector.name, await inspect(deps, inspector, batch.id, chunks, call))
    for (const [index, chunk] of chunks.entries()) {
      const holdingOf = (name: string): Holding => held.get(name)?.[index] ?? nothing
      const holders = inspectors.filter(({ name }) => isWhole(chunk, holdingOf(name)))
      intact += holders.length
      for (const inspector of inspectors) {
        if (holders.includes(inspector)) continue
        const { name } = inspector
        if (await isRejected(deps, batch, manifest, chunk, name, call)) {
          rejected[name] = (rejected[name] ?? 0) + 1
          continue
        }
        const { n, table, month, rows } = chunk
        const facts = { target: name, n, table, month, rows, before: holdingOf(name) }
        const giver = holders.find((holder) => canGive(deps, holder.name, name, chunk))?.name
        const expired = giver === undefined ? 0 : (holdingOf(giver).expired ?? 0)
        losses.push({ chunk, facts, giver, expired })
      }
    }
  }
  return { intact, losses, rejected }
}

const nothing: Holding = { rows: 0, distinct: 0 }

/** Silver fills a target that has a mender; such a target gives silver its files. */
const canGive = (deps: LossDeps, giver: string, taker: string, chunk: Chunk): boolean => {
  if (!chunk.days) return false
  const mended = giver === 'silver' ? taker : giver
  return [giver, taker].includes('silver') && deps.menders.some(({ name }) => name === mended)
}

/** Was it taken out by an operator? Its payload is in quarantine then. */
export const isRejected = async (
  deps: Pick<LossDeps, 'store' | 'clock' | 'quarantinePrefix'>,
  batch: Pick<Batch, 'rejected'>,
  manifest: Manifest,
  chunk: Chunk,
  target: string,
  call: Call,
): Promise<boolean> => {
  if (batch.rejected?.[target] === undefined) return false
  const [file] = refusedFilesOf(deps.quarantinePrefix, manifest, chunk, target)
  if (!file) return false
  return (
    (await persist(deps.clock, call, () => deps.store.look(file.key, call.signal))) !== undefined
  )
}
