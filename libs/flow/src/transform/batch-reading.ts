import {
  type Bronze,
  type Chunk,
  type Clock,
  type Contracts,
  type Dataset,
  defaultContract,
  describeRoutes,
  type Disposition,
  type Drift,
  isFault,
  type Ledger,
  type Limits,
  type Log,
  type ManifestSource,
  type Overwrites,
  objectUri,
  type QuarantinePayload,
  reloadsTable,
  type Route,
  sortableSequencer,
  type Source,
  type Store,
} from '@silversmith/core'
import type { ParquetEncoder } from '@silversmith/parquet'
import { createChunkBuilder, type PayloadKinds } from '../staging/chunk-builder.ts'
import { describeFailure } from '../failure.ts'
import { hasErasures, readErasedRecords } from '../erasure/erasure-record.ts'
import { createGate } from '../reading/gate.ts'
import { type Call, mapConcurrently } from '../patience.ts'
import { createDriftTally } from '../drift/drift-tally.ts'
import { createKindTally } from './kind-tally.ts'
import { createQuarantine } from '../quarantine/quarantine.ts'
import { readOriginals } from '../quarantine/originals.ts'
import { isQuarantineFile, type QuarantinePlace } from '../quarantine/quarantine-file.ts'
import {
  createCounts,
  originOf,
  type ReadCounts,
  type ReadOptions,
  readSource,
} from './source-reader.ts'

export interface ReadingDeps {
  readonly datasets: readonly Dataset[]
  readonly contracts: Contracts
  readonly overwrites: Overwrites
  readonly bronze: Bronze
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly encoder: ParquetEncoder
  readonly limits: Limits
  readonly kinds: PayloadKinds
  readonly quarantineFiles: QuarantinePlace
  /** The same as of ingest; told with an object that none of them accepts. */
  readonly routes?: readonly Route[]
  /** Asked about the objects that a replayed quarantine file is of. */
  readonly ledger: Ledger
  readonly pipeline: string
}

export interface ReadBatch {
  readonly sources: readonly ManifestSource[]
  readonly chunks: readonly Chunk[]
  readonly quarantine: readonly QuarantinePayload[]
  readonly drift: readonly Drift[]
  /** Rows with values that fit no column. */
  readonly drifted: number
  /** Kind of a row → rows. */
  readonly kinds: Readonly<Record<string, number>>
  /** Sources that were begun and not ended for want of time. */
  readonly cut: readonly Source[]
}

export interface BatchFacts {
  readonly id: string
  /** Epoch ms. */
  readonly createdAt: number
}

/** What reading made of a source. `left`: it could not be read now; it is not listed and comes again. */
type Outcome =
  | { readonly kind: 'read'; readonly counts: ReadCounts }
  | { readonly kind: 'settled'; readonly disposition: Disposition; readonly reason: string }
  | { readonly kind: 'left'; readonly isCut: boolean }

/** Large records held at a time, whatever the number of sources that are read. */
const largeRecordsMax = 1

/**
 * Shares of the invocation's time after which reading stops, so that what was read can be sealed. The first pass over several
 * sources takes less than half: should one of them spoil it, the others need as long once more.
 */
const firstPassShare = 0.45
const readingShare = 0.9

/**
 * Reads all sources of a batch and stages what came of them. A source that turns out unreadable, gone or out of reach after
 * something of it was taken spoils the pass: the others are then read once more without it, under a new attempt, so that
 * nothing of it is staged with them. Each repetition excludes at least one source, so there are at most as many.
 */
export const readBatch = async (
  deps: ReadingDeps,
  batch: BatchFacts,
  sources: readonly Source[],
  call: Call,
  hasAllTime = false,
): Promise<ReadBatch> => {
  const outcomes = new Map<string, Outcome>()
  const startedAt = deps.clock.now()
  const asksErased = await hasErasures(deps, call)
  const leftMs = Math.max(0, call.deadline - startedAt)
  for (let attempt = 1; ; attempt += 1) {
    const share = attempt === 1 && sources.length > 1 ? firstPassShare : readingShare
    const readUntil = startedAt + leftMs * share
    const pass = createPass(deps, batch, { attempt, readUntil, hasAllTime, asksErased }, call)
    const open = sources.filter(({ id }) => (outcomes.get(id)?.kind ?? 'read') === 'read')
    const results = await mapConcurrently(open, deps.limits.concurrencyMax, pass.read)
    open.forEach(({ id }, index) => outcomes.set(id, results[index]!.outcome))
    if (results.some(({ spoils }) => spoils)) continue
    pass.turnOver(open, outcomes)
    return {
      chunks: await pass.chunks.finish(),
      quarantine: await pass.quarantine.finish(),
      ...{ drift: pass.drift.entries(), drifted: pass.drift.drifted(), kinds: pass.kinds.counts() },
      sources: sources.flatMap((source) => list(source, outcomes.get(source.id))),
      cut: sources.filter(({ id }) => isCut(outcomes.get(id))),
    }
  }
}

interface PassOptions {
  readonly attempt: number
  /** Epoch ms. */
  readonly readUntil: number
  readonly hasAllTime: boolean
  readonly asksErased: boolean
}

const createPass = (
  deps: ReadingDeps,
  batch: BatchFacts,
  { attempt, readUntil, hasAllTime, asksErased }: PassOptions,
  call: Call,
) => {
  const { clock, limits, store } = deps
  const place = { batch: batch.id, attempt, limits, store, clock, call }
  const tables = [...deps.datasets.flatMap((dataset) => dataset.tables), reloadsTable]
  const chunks = createChunkBuilder({ ...place, tables, kinds: deps.kinds, encoder: deps.encoder })
  const quarantine = createQuarantine({
    ...place,
    createdAt: batch.createdAt,
    prefix: deps.quarantineFiles.prefix,
  })

  const drift = createDriftTally()
  const kinds = createKindTally(deps.datasets)
  const largeRecords = createGate(largeRecordsMax)

  const unwrapAs =
    ({ name }: Dataset): NonNullable<ReadOptions['unwrap']> =>
    (lines, file) =>
      readOriginals(deps, lines, { file, dataset: name }, call)

  const readErased = ({ object }: Source): Promise<ReadonlySet<number>> =>
    readErasedRecords(deps, { source: objectUri(object), version: object.version }, call)

  const read = async (source: Source): Promise<{ outcome: Outcome; spoils: boolean }> => {
    const dataset = deps.datasets.find(({ name }) => name === source.dataset)
    if (!dataset) return { outcome: unrouted(deps, source), spoils: false }
    if (supersedes(source) && !source.object.versioned)
      return { outcome: unversioned(source.dataset), spoils: false }
    if (!chunks.hasRoom() || clock.now() > readUntil) {
      return { outcome: { kind: 'left', isCut: false }, spoils: false }
    }
    const counts = createCounts()
    try {
      const erased = asksErased ? await readErased(source) : undefined
      await readSource({
        ...(erased && { erased }),
        ...{ source, dataset, chunks, quarantine, limits, clock, call, readUntil, counts },
        ...{ hasAllTime, largeRecords, bronze: deps.bronze, drift, kinds },
        contract: deps.contracts[dataset.name] ?? defaultContract,
        ...(isQuarantineFile(deps.quarantineFiles, source.object) && { unwrap: unwrapAs(dataset) }),
        loadedAtMicros: batch.createdAt * 1000,
      })
      return { outcome: { kind: 'read', counts }, spoils: false }
    } catch (error) {
      // What could not be staged holds rows of many sources: the batch fails, no single source is to blame.
      const broken = chunks.brokenBy() ?? quarantine.brokenBy()
      if (broken) throw broken.error
      return { outcome: outcomeOf(deps.log, error), spoils: counts.rows + counts.rejected > 0 }
    }
  }

  /**
   * A quarantine file is nobody's newer version: its records keep the version they are of. Nor is a message: it has one only,
   * and set aside like an object without versions it would be lost.
   */
  const supersedes = ({ dataset = '', object, content }: Source): boolean =>
    deps.overwrites[dataset] === 'supersede' &&
    content === undefined &&
    !isQuarantineFile(deps.quarantineFiles, object)

  /**
   * Entries that make the tables' views show a reloaded source's new generation, or the newest version of a superseded one. They
   * are the last rows added, so their chunk has the highest number and every target applies it last.
   */
  const turnOver = (sources: readonly Source[], outcomes: ReadonlyMap<string, Outcome>): void => {
    for (const source of sources) {
      const outcome = outcomes.get(source.id)
      const isNewest = supersedes(source)
      if ((source.generation === 0 && !isNewest) || outcome?.kind !== 'read') continue
      const dataset = deps.datasets.find(({ name }) => name === source.dataset)
      const loadedAtMicros = batch.createdAt * 1000
      dataset?.tables.forEach((table, part) => {
        const sequencer = source.sequencer === undefined ? '' : sortableSequencer(source.sequencer)
        const values = [loadedAtMicros, table.name, isNewest, sequencer]
        chunks.addRow(
          { table: reloadsTable.name, timeMicros: loadedAtMicros, values },
          originOf(source, dataset, outcome.counts.lastModified, loadedAtMicros),
          { record: 0, part, line: null },
        )
      })
    }
  }

  return { chunks, quarantine, drift, kinds, read, turnOver }
}

const dispositions: Readonly<Partial<Record<string, Disposition>>> = {
  OBJECT_GONE: 'gone',
  OBJECT_UNREADABLE: 'unreadable',
  OBJECT_TOO_LARGE: 'too-large',
}

const outcomeOf = (log: Log, error: unknown): Outcome => {
  const disposition = isFault(error) ? dispositions[error.code] : undefined
  if (disposition && isFault(error)) return { kind: 'settled', disposition, reason: error.message }
  log.emit({ kind: 'work-failed', ...describeFailure(error) })
  return { kind: 'left', isCut: isFault(error, 'DEADLINE_REACHED') }
}

const unrouted = ({ datasets, routes }: ReadingDeps, source: Source): Outcome => {
  const known = `known datasets: ${datasets.map(({ name }) => name).join(', ')}`
  const own = routes ? `; routes: ${describeRoutes(routes)}` : ''
  return {
    kind: 'settled',
    disposition: 'unrouted',
    reason:
      source.dataset === undefined
        ? `no route accepts this key; add one to ROUTES and send the object again${own}; ${known}`
        : `dataset ${source.dataset} is not known here; ${known}`,
  }
}

const unversioned = (dataset = ''): Outcome => ({
  kind: 'settled',
  disposition: 'unreadable',
  reason: `versions of ${dataset} supersede each other (OVERWRITES), and its bucket keeps none: a write of bytes that were there before could not be told from the first; switch versioning on and upload it again, or let ${dataset} append`,
})

const isCut = (outcome: Outcome | undefined): boolean => outcome?.kind === 'left' && outcome.isCut

const list = (source: Source, outcome: Outcome | undefined): readonly ManifestSource[] => {
  if (!outcome || outcome.kind === 'left') return []
  const { id, object, dataset, generation } = source
  const own = { id, object, ...(dataset !== undefined && { dataset }), generation }
  if (outcome.kind === 'settled') {
    const { disposition, reason } = outcome
    return [{ ...own, disposition, reason, ...createCounts() }]
  }
  const { counts } = outcome
  return [{ ...own, disposition: counts.rows > 0 ? 'rows' : 'empty', ...counts }]
}
