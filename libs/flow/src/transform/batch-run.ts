import {
  type Batch,
  type BreakerLimits,
  type Claim,
  countFileSizes,
  countInsertRows,
  Fault,
  type Ids,
  insertRowsOf,
  type Limits,
  type Manifest,
  silverSizesOf,
  type Source,
  type Target,
  type Versioned,
} from '@silversmith/core'
import { applyBatch, type ApplyDeps, removeStaging } from '../apply/apply.ts'
import { readBatch, type ReadBatch, type ReadingDeps } from './batch-reading.ts'
import { describeFailure } from '../failure.ts'
import type { Verdict } from '../claims/claims.ts'
import { markEnd } from '../claims/end-mark.ts'
import { changeItem } from '../ledger-write.ts'
import { writeManifest } from '../manifest.ts'
import { createCounts } from './source-reader.ts'
import { type Call, endingOf, mapConcurrently, persist } from '../patience.ts'

/** What every batch needs, whatever it lists. */
export interface BatchDeps extends ApplyDeps {
  readonly ids: Ids
  readonly limits: Pick<Limits, 'batchSourcesMax' | 'concurrencyMax'>
  readonly leaseMarginMs?: number
}

export interface TransformDeps extends Omit<ReadingDeps, 'kinds'> {
  readonly targets: readonly Target[]
  readonly ids: Ids
  /** `defaultBreakerLimits` when absent. */
  readonly breaker?: BreakerLimits
  /** How long after its invocation's end a worker may still be at it: nothing waits for less. A minute when absent. */
  readonly leaseMarginMs?: number
}

/** Solo opens that ended in silence; the next time the source is sealed `poison` without being opened. */
export const triesMax = 3

export const defaultLeaseMarginMs = 60_000

/** A source with the claim it was judged by. */
export interface Claimed {
  readonly source: Source
  readonly claim: Versioned<Claim> | undefined
  readonly verdict: Verdict
}

/**
 * `whole`: alone, with all the time an invocation has, after it was cut before; what cannot be read now is sealed as too large.
 * `solo`: counts a try on the claim before it opens the source. `condemn`: seals it as poison without opening.
 */
export type Mode = 'usual' | 'whole' | 'solo' | 'condemn'

/**
 * Takes free sources through one batch of their own: open, claim, read and stage, seal, apply. `ack` is called for each source
 * that the sealed batch lists; the others are free again and come back. Throws what kept the batch from being sealed.
 */
export const runBatch = async (
  deps: TransformDeps,
  free: readonly Claimed[],
  ack: (sourceId: string) => void,
  call: Call,
  mode: Mode = 'usual',
): Promise<void> => {
  const fill: Fill = async (batch, sources) =>
    mode === 'condemn' ? condemned(sources) : readSources(deps, batch, sources, mode, call)
  await fillBatch(deps, free, { ack, mode, fill }, call)
}

/** What a batch lists and what it staged of that, once its sources are claimed. */
export type Fill = (batch: OpenedBatch, sources: readonly Source[]) => Promise<ReadBatch>

/** As `runBatch`, whatever the batch is filled with. */
export const fillBatch = async (
  deps: BatchDeps,
  free: readonly Claimed[],
  {
    ack,
    mode,
    fill,
  }: { readonly ack: (sourceId: string) => void; readonly mode: Mode; readonly fill: Fill },
  call: Call,
): Promise<void> => {
  const batch = await openBatch(deps, free.length, call)
  let isSealed = false
  let cut: readonly Source[] = []
  let failure: { readonly error: unknown } | undefined
  try {
    const claimed = await claimSources(deps, batch.id, free, mode, call)
    const sources = claimed.map(({ source }) => source)
    const read = await fill(batch, sources)
    cut = read.cut
    isSealed = read.sources.length > 0 && (await seal(deps, batch, read, call))
    if (isSealed) for (const { id } of read.sources) ack(id)
  } catch (error) {
    failure = { error }
  }
  // True when the seal had landed and only its answer was lost: the batch is real, its messages come again and find it.
  if (!isSealed) isSealed = await endBatch(deps, batch, call)
  await countCuts(deps, batch.id, cut, endingOf(call))
  if (isSealed) await applyBatch(deps, batch.id, 'sealer', call)
  else if (failure) throw failure.error
}

const readSources = (
  deps: TransformDeps,
  batch: OpenedBatch,
  sources: readonly Source[],
  mode: Mode,
  call: Call,
): Promise<ReadBatch> => {
  const kinds = {
    block: deps.targets.some(({ name }) => name !== 'silver'),
    days: deps.targets.some(({ name }) => name === 'silver'),
  }
  return readBatch({ ...deps, kinds }, batch, sources, call, mode === 'whole')
}

const condemned = (sources: readonly Source[]): ReadBatch => ({
  ...{ chunks: [], quarantine: [], cut: [], drift: [], drifted: 0, kinds: {} },
  sources: sources.map(({ id, object, dataset, generation }) => ({
    ...{ id, object, generation, ...(dataset !== undefined && { dataset }) },
    disposition: 'poison',
    reason: `opening it ended the process ${triesMax} times; look at the object, then reload it`,
    ...createCounts(),
  })),
})

export interface OpenedBatch {
  readonly id: string
  readonly owner: string
  readonly createdAt: number
}

const openBatch = async (
  deps: BatchDeps,
  sourceCount: number,
  call: Call,
): Promise<OpenedBatch> => {
  const id = deps.ids.next()
  const owner = deps.ids.next()
  const leaseUntil = call.deadline + (deps.leaseMarginMs ?? defaultLeaseMarginMs)
  const fresh: Batch = {
    ...{ kind: 'batch', id, pipeline: deps.pipeline, state: 'F', owner, leaseUntil, sourceCount },
  }
  const key = { kind: 'batch', id } as const
  const batch = await changeItem<Batch>(deps, key, (item) => (item ? undefined : fresh), call, {
    found: undefined,
  })
  if (batch?.owner !== owner || batch.state !== 'F') {
    throw new Fault('LEDGER_UNAVAILABLE', `batch ${id} could not be opened; its sources come again`)
  }
  return { id, owner, createdAt: deps.clock.now() }
}

/** Claims each source by compare-and-set on the claim that was judged; whoever was faster keeps it. */
const claimSources = async (
  deps: BatchDeps,
  batch: string,
  free: readonly Claimed[],
  mode: Mode,
  call: Call,
): Promise<readonly Claimed[]> => {
  const owned = await mapConcurrently(free, deps.limits.concurrencyMax, async (one) => {
    const { source, claim } = one
    const seen = claim?.revision ?? 0
    const tries = triesOf(one) + (mode === 'solo' ? 1 : 0)
    const { id, generation } = source
    const cuts = claim?.item.cuts
    const ours: Claim = { kind: 'claim', id, batch, generation, tries, ...(cuts && { cuts }) }
    const isOurs = (item: Claim | undefined): boolean => item?.batch === batch
    const written = await persist(deps.clock, call, () =>
      deps.ledger.write(ours, seen, call.signal),
    )
    if (written) return true
    const [found] = await persist(deps.clock, call, () =>
      deps.ledger.read([{ kind: 'claim', id }], call.signal),
    )
    return isOurs(found?.item as Claim | undefined)
  })
  return free.filter((_, index) => owned[index])
}

/** Only of a suspect: a batch whose end was recorded condemns nobody, for outages never do. */
export const triesOf = ({ claim, verdict }: Claimed): number =>
  verdict.kind === 'free' && verdict.lostWith !== undefined ? (claim?.item.tries ?? 0) : 0

/** Makes the batch real. False: somebody aborted it, nothing was written to a target, the sources are free. */
const seal = async (
  deps: BatchDeps,
  batch: OpenedBatch,
  read: ReadBatch,
  call: Call,
): Promise<boolean> => {
  const { createdAt, id } = batch
  const targets = deps.targets.map(({ name }) => name)
  const manifest: Manifest = {
    ...{ version: 1, batch: id, pipeline: deps.pipeline, targets, createdAt },
    ...{ sources: read.sources, chunks: read.chunks, quarantine: read.quarantine },
    ...(read.drift.length > 0 && { drift: read.drift }),
  }
  const ref = await persist(deps.clock, call, () =>
    writeManifest(deps.store, manifest, call.signal),
  )
  const sealed = await changeItem<Batch>(
    deps,
    { kind: 'batch', id },
    (item) =>
      item?.state === 'F' && item.owner === batch.owner
        ? { ...item, state: 'S', manifest: ref, sealedAt: deps.clock.now() }
        : undefined,
    call,
  )
  if (!isSealedAs(sealed, ref.sha256)) return false
  deps.log.emit({ kind: 'batch-sealed', batch: id, ...summarize(read) })
  return true
}

const isSealedAs = (batch: Batch | undefined, sha256: string): boolean =>
  (batch?.state === 'S' || batch?.state === 'C') && batch.manifest?.sha256 === sha256

const summarize = ({ sources, chunks, quarantine, drifted, kinds }: ReadBatch) => {
  const dispositions: Partial<Record<(typeof sources)[number]['disposition'], number>> = {}
  let rows = 0
  let rejected = 0
  for (const source of sources) {
    dispositions[source.disposition] = (dispositions[source.disposition] ?? 0) + 1
    rows += source.rows
    rejected += source.rejected
  }
  return {
    ...{ sources: sources.length, rows, rejected, drifted, chunks: chunks.length, dispositions },
    ...{ kinds, rejectedByReason: rejectedByReason(quarantine), sections: sectionsOf(sources) },
    silverFiles: countFileSizes(silverSizesOf(chunks)),
    inserts: countInsertRows(insertRowsOf(chunks)),
  }
}

const rejectedByReason = (files: ReadBatch['quarantine']): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { reason, rows } of files) counts[reason] = (counts[reason] ?? 0) + rows
  return counts
}

const sectionsMax = 20

/** Whose objects they are, where keys say so as those of OLI Torus do. */
const sectionsOf = (sources: ReadBatch['sources']): readonly string[] => {
  const sections = sources.map(({ object }) => /^section\/([^/]+)\//.exec(object.key)?.[1] ?? '')
  return [...new Set(sections.filter((section) => section !== ''))].slice(0, sectionsMax)
}

/**
 * Records that the batch came to nothing without a crash: its sources are free at once and under no suspicion. True when the
 * batch turns out to be sealed after all.
 */
const endBatch = async (
  deps: BatchDeps,
  { id, owner }: OpenedBatch,
  stopped: Call,
): Promise<boolean> => {
  // Not recorded, the end would look like a crash, and three of those condemn an object.
  const call = endingOf(stopped)
  let batch: Batch | undefined
  try {
    batch = await changeItem<Batch>(
      deps,
      { kind: 'batch', id },
      (item) =>
        item?.state === 'F' && item.owner === owner
          ? { ...item, state: 'A', end: 'failed' }
          : undefined,
      call,
    )
  } catch (error) {
    // Whoever finds the lease over looks for the mark: an outage of the ledger, too, condemns nobody.
    await persist(deps.clock, call, () => markEnd(deps.store, id, call.signal))
    throw error
  }
  if (batch?.state === 'S' || batch?.state === 'C') return true
  if (batch?.state !== 'A') return false
  deps.log.emit({ kind: 'batch-aborted', batch: id, end: 'failed' })
  try {
    await removeStaging(deps.store, id, call)
  } catch (error) {
    // The sweep removes it by the batch's state; what ended the batch is what matters here.
    deps.log.emit({ kind: 'work-failed', ...describeFailure(error) })
  }
  return false
}

/** What was cut off beside others is read by itself from now on; see Claim. */
const countCuts = async (
  deps: BatchDeps,
  batch: string,
  cut: readonly Source[],
  call: Call,
): Promise<void> => {
  for (const { id } of cut) {
    await changeItem<Claim>(
      deps,
      { kind: 'claim', id },
      (item) => (item?.batch === batch ? { ...item, cuts: (item.cuts ?? 0) + 1 } : undefined),
      call,
    )
  }
}
