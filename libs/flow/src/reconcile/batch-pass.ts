import {
  type Batch,
  type Chunk,
  Fault,
  type Holding,
  type Inspector,
  isFault,
  type Manifest,
  type PipelinePin,
  tokenOf,
  type Versioned,
} from '@silversmith/core'
import { listJobs } from '../erasure/erasure-job.ts'
import { withoutErased } from '../erasure/erasure-record.ts'
import { readManifest } from '../manifest.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { refusedFilesOf } from '../repair/refused-file.ts'
import { batchOfManifest } from '../repair/manifest-walk.ts'
import { type DoubledSources, findDoubled } from './doubled-sources.ts'
import { listManifests, readBatches } from './ledger-pass.ts'
import type { Position } from './position.ts'
import { createTally, mendOfManifest, type Tally } from './reconcile-report.ts'
import {
  askTarget,
  graceMs,
  type Piece,
  type ReconcileDeps,
  type ReconcileRequest,
} from './reconcile-room.ts'

/** Batches compared at a time: so many manifests are held. */
const batchesMax = 4

/** Manifests ⟷ what the targets hold, day by day; only of batches the ledger has sealed with that manifest. */
export const passBatches = async function* (
  deps: ReconcileDeps,
  { since }: ReconcileRequest,
  start: Position,
  call: Call,
): AsyncGenerator<Piece> {
  const { barred } = start
  const next = { pass: 'batches', ...(barred && { barred }) } as const
  let group: string[] = []
  const compare = async (): Promise<Tally> => {
    const found = createTally()
    const batches = await readBatches(deps, group, call)
    const tallies = await mapConcurrently(group, batchesMax, async (key, index) => {
      const own = createTally()
      await compareBatch(deps, { key, batch: batches[index] }, own, call)
      return own
    })
    // In their order, whoever was first: the same is told twice in the same way.
    tallies.forEach(found.add)
    return found
  }
  for await (const key of listManifests(deps, since, start.from, call)) {
    group.push(key)
    if (group.length < batchesMax) continue
    const found = await compare()
    group = []
    yield { found, next: { ...next, from: key } }
  }
  const found = await compare()
  await tellTargets(deps, found, call)
  await tellErasures(deps, found, call)
  yield { found, next: { ...next, pass: 'tokens' } }
}

const mendOfErasure =
  'silversmith erase --yes finishes what was begun; else run the erasure again that took them out'

const tellErasures = async (deps: ReconcileDeps, found: Tally, call: Call): Promise<void> => {
  const jobs = await persist(deps.clock, call, () => listJobs(deps, call))
  if (jobs.length === 0) return
  const why = `${jobs.length} erasures were begun and are not finished: records that were to go may be there`
  found.find({ kind: 'erasure-unfinished', why, mend: mendOfErasure })
}

/** What a target lost that nobody looks into would go unseen. */
const tellTargets = async (
  { clock, ledger, pipeline, inspectors }: ReconcileDeps,
  found: Tally,
  call: Call,
): Promise<void> => {
  const key = { kind: 'pipeline', id: pipeline } as const
  const [pin] = await persist(clock, call, () => ledger.read([key], call.signal))
  const { targets } = (pin as Versioned<PipelinePin> | undefined)?.item ?? { targets: [] }
  for (const target of targets)
    if (!inspectors.some(({ name }) => name === target))
      found.find({
        ...{ kind: 'target-not-compared', target },
        why: `pipeline ${pipeline} writes to ${target}, and TARGETS does not name it here`,
        mend: `name ${target} in TARGETS, as transform does, and reconcile again`,
      })
}

const compareBatch = async (
  deps: ReconcileDeps,
  { key, batch }: { readonly key: string; readonly batch: Batch | undefined },
  found: Tally,
  call: Call,
): Promise<void> => {
  const id = batchOfManifest(key)
  if (!batch) return
  const { manifest: ref, sealedAt = 0, state } = batch
  // An aborted or forming batch may have left a manifest; nothing of it is anywhere.
  if (batch.pipeline !== deps.pipeline || ref?.key !== key) return
  const manifest = await persist(deps.clock, call, () =>
    readManifest(deps.store, ref, call.signal),
  ).catch((error: unknown) => {
    if (!isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) throw error
    return undefined
  })
  if (!manifest) {
    const why = `its manifest ${key} is gone or does not have the sha256 of the seal`
    return found.find({ kind: 'manifest-unreadable', batch: id, why, mend: mendOfManifest(key) })
  }
  if (state === 'S' && sealedAt <= deps.clock.now() - graceMs)
    found.find({
      ...{ kind: 'batch-stuck', batch: id, why: whyStuck(batch) },
      mend: `silversmith batch show ${id}; the sweep ({"mode":"sweep"}) takes it up`,
    })
  const doubled = await findDoubled(deps, manifest, call)
  const { chunks: due } = await withoutErased(deps, manifest, call)
  for (const inspector of deps.inspectors) {
    if (!manifest.targets.includes(inspector.name) || deps.down?.has(inspector.name)) continue
    const applied = state === 'C' ? manifest.chunks.length : (batch.done?.[inspector.name] ?? 0)
    const chunks = manifest.chunks.slice(0, applied)
    if (chunks.length === 0) continue
    const comparison = { batch, manifest, inspector, chunks, due: due.slice(0, applied), doubled }
    await compareChunks(deps, comparison, found, call)
  }
}

const whyStuck = ({ sealedAt = 0, problems = {} }: Batch): string => {
  const told = Object.entries(problems).map(([name, problem]) => `; ${name}: ${problem}`)
  return `sealed at ${new Date(sealedAt).toISOString()} and not committed yet${told.join('')}`
}

interface Comparison {
  readonly batch: Batch
  readonly manifest: Manifest
  readonly inspector: Inspector
  /** Those known to be applied. */
  readonly chunks: readonly Chunk[]
  /** The same without what was erased. */
  readonly due: readonly Chunk[]
  readonly doubled: DoubledSources | undefined
}

const compareChunks = async (
  deps: ReconcileDeps,
  { batch, manifest, inspector, chunks, due, doubled }: Comparison,
  found: Tally,
  call: Call,
): Promise<void> => {
  const { name } = inspector
  const holdings = await askTarget(deps, inspector, call, () =>
    inspector.inspect(batch.id, due, call.signal),
  )
  if (holdings.length !== chunks.length)
    throw new Fault(
      'TARGET_UNAVAILABLE',
      `${name} told of ${holdings.length} chunks of batch ${batch.id}, asked were ${chunks.length}`,
    )
  if (doubled && holdings.some(({ rows }) => rows > 0)) tellDoubled(batch.id, name, doubled, found)
  // Rows that are to be deleted, were, or were merged away as equal to those of the other batch: none of them is missed.
  const isSpare = doubled?.isAll === true
  for (const [index, chunk] of chunks.entries()) {
    const { rows, distinct, expired = 0 } = holdings[index] as Holding
    const place = { batch: batch.id, chunk: tokenOf(batch.id, chunk.n), target: name }
    const where = { ...place, table: chunk.table }
    const dueRows = due[index]?.rows ?? chunk.rows
    const isMissing =
      !isSpare &&
      distinct < dueRows - expired &&
      !(rows === 0 && (await isRejected(deps, { batch, manifest, chunk, target: name }, call)))
    const isDoubled = rows > distinct || distinct > chunk.rows
    if (isMissing) {
      found.count('chunksMissing')
      const why = `it holds ${distinct} of ${dueRows} rows`
      found.find({ kind: 'chunk-missing', ...where, why, mend: `silversmith repair ${batch.id}` })
    }
    if (isDoubled) {
      found.count('chunksExtra')
      const why = `it holds ${rows} rows, ${distinct} of them distinct; there were ${chunk.rows}`
      found.find({ kind: 'chunk-doubled', ...where, why, mend: `silversmith repair ${batch.id}` })
    }
    const isBack = !isDoubled && distinct > dueRows
    if (isBack) {
      found.count('chunksExtra')
      const why = `it holds ${distinct} rows, and ${chunk.rows - dueRows} of ${chunk.rows} were erased`
      found.find({ kind: 'erasure-unfinished', ...where, why, mend: mendOfErasure })
    }
    if (!isMissing && !isDoubled && !isBack) found.count('chunksMatched')
  }
}

const tellDoubled = (
  batch: string,
  target: string,
  { count, url, other, isAll }: DoubledSources,
  found: Tally,
): void => {
  const rows = isAll ? 'its rows' : 'its rows of these sources, and of no others,'
  found.find({
    ...{ kind: 'source-doubled', batch, target },
    why: `it holds rows of ${count} sources that other batches loaded, too: of ${url} batch ${other}, whose claim it has`,
    mend: `delete ${rows} from ${target}, those with _chunk like '${batch}#%': the runbook says how`,
  })
}

/** Was it taken out by an operator? Its payload is in quarantine then. */
const isRejected = async (
  { clock, store, quarantinePrefix = 'quarantine/' }: ReconcileDeps,
  {
    batch,
    manifest,
    chunk,
    target,
  }: {
    readonly batch: Batch
    readonly manifest: Manifest
    readonly chunk: Chunk
    readonly target: string
  },
  call: Call,
): Promise<boolean> => {
  const [file] = refusedFilesOf(quarantinePrefix, manifest, chunk, target)
  if (!file || batch.rejected?.[target] === undefined) return false
  return (await persist(clock, call, () => store.look(file.key, call.signal))) !== undefined
}
