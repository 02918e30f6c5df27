import {
  type Batch,
  type Bronze,
  type Chunk,
  type Claim,
  type Dataset,
  isFault,
  isMessage,
  keptSince,
  type ManifestSource,
  type ObjectRef,
  objectUri,
  type Overwrites,
  reloadsTable,
  routeOf,
  type RowOrigin,
  type Source,
  sourceIdOf,
} from '@silversmith/core'
import { type SourceDiagnosisDeps, diagnoseSource } from '../dead-letter/diagnosis.ts'
import { letterReasons, type LetterReason } from '../dead-letter/letter-reason.ts'
import { createLookUp } from '../dead-letter/look-up.ts'
import { readErasedRecords } from '../erasure/erasure-record.ts'
import { type Call, persist } from '../patience.ts'
import { type ChunkStory, type ChunkStoryDeps, tellChunks } from './chunk-story.ts'
import { judgeVersion } from './newer-version.ts'
import { findRejected, type RejectedLines } from './rejected-lines.ts'
import { readClaimed, type SealedSource } from './sealed-source.ts'
import { judgeRows, type Verdict } from './verdict.ts'

export interface ExplainDeps extends SourceDiagnosisDeps, ChunkStoryDeps {
  readonly bronze: Bronze
  /** What a new version does to the rows of older ones, as transform has it. */
  readonly overwrites: Overwrites
  /** Their tables say which chunks may hold rows of a source. */
  readonly datasets: readonly Pick<Dataset, 'name' | 'tables'>[]
  /** Bucket of the quarantine files. */
  readonly silverBucket: string
}

/** What one batch made of a source. */
export interface LoadStory {
  /** Key of the quarantine file that a replay read; undefined: the object itself. */
  readonly file: string | undefined
  readonly batch: Batch
  readonly entry: ManifestSource
  /** Those with rows of it, in any target. */
  readonly chunks: readonly ChunkStory[]
  /** Keys of chunks that an operator rejected: rows of it may be in them. */
  readonly refused: readonly string[]
  /** Tables of which rows of that batch may be older than they keep rows. */
  readonly expiring: readonly string[]
  /** Target → why it could not be looked into, or why it waits. */
  readonly problems: Readonly<Record<string, string>>
  /** Chunks that may hold rows of it and were looked into, of so many. */
  readonly chunksRead: number
  readonly chunksAll: number
  readonly rejected: RejectedLines
}

/** All that is known of one object version, or of one record of it. */
export interface ObjectStory {
  readonly url: string
  readonly version: string
  /** Its key in the ledger. */
  readonly source: string
  readonly record: number | undefined
  /** Undefined: no route accepts its key. */
  readonly dataset: string | undefined
  /** Of a bucket that ingest takes from. */
  readonly isOurs: boolean
  readonly claim: Claim | undefined
  readonly batch: Batch | undefined
  readonly standing: { readonly reason: LetterReason; readonly detail: string }
  /** The batch that has it, then those that replayed what it rejected. */
  readonly loads: readonly LoadStory[]
  /** Quarantine files with records of it that were not followed to their replays. */
  readonly unfollowed: readonly string[]
  /** Records of it that were erased on purpose. */
  readonly erased: number
  /** What is not as one may expect, or why a record has no rows; none: its rows are in every target. */
  readonly verdicts: readonly Verdict[]
  /** Nothing is to be done about it. */
  readonly isWell: boolean
}

/** Chunks of one batch that are looked into. */
const chunksMax = 200
/** Quarantine files that are followed, one after another. */
const replaysMax = 20

/** Only reads. @throws Faults of the ledger and the store; what a target does not tell is told as its problem. */
export const explainObject = async (
  deps: ExplainDeps,
  object: ObjectRef,
  record: number | undefined,
  call: Call,
): Promise<ObjectStory> => {
  const { pipeline, routes, buckets } = deps
  const [url, id] = [objectUri(object), sourceIdOf(pipeline, object)]
  const origin: RowOrigin = {
    ...{ source: url, version: object.version },
    ...(record !== undefined && { record }),
  }
  const claimed = await readClaimed(deps, id, call)
  const isOurs = isMessage(object) || !buckets || buckets.includes(object.bucket)
  const dataset = claimed.sealed?.entry.dataset ?? routeOf(routes, object.key)
  const source: Source = { id, object, dataset, generation: claimed.claim?.generation ?? 0 }
  const standing =
    isOurs || claimed.claim
      ? await diagnoseSource(deps, createLookUp(deps), source, call)
      : {
          reason: 'other-bucket' as const,
          detail: `ingest takes from ${(buckets ?? []).join(', ')}`,
        }
  const { loads, unfollowed } = await tellLoads(deps, claimed.sealed, origin, call)
  const erased = await readErasedRecords(deps, origin, call)
  const [own] = loads
  const maySupersede = own && deps.overwrites[own.entry.dataset ?? ''] === 'supersede'
  const verdicts = [
    ...(maySupersede && object.versioned ? await judgeVersion(deps, own.entry, call) : []),
    ...judgeRows(loads, record, erased),
  ]
  const { reason, detail } = standing
  return {
    ...{ url, version: object.version, source: id, record, dataset, isOurs },
    ...{ claim: claimed.claim, batch: claimed.batch, standing: { reason, detail } },
    ...{ loads, unfollowed, erased: erased.size, verdicts },
    isWell: letterReasons[reason].harmless && verdicts.every(({ isWell }) => isWell),
  }
}

const tellLoads = async (
  deps: ExplainDeps,
  first: SealedSource | undefined,
  origin: RowOrigin,
  call: Call,
): Promise<Pick<ObjectStory, 'loads' | 'unfollowed'>> => {
  if (!first) return { loads: [], unfollowed: [] }
  const own = await tellLoad(deps, first, origin, undefined, call)
  const loads = [own]
  const files = [...own.rejected.files]
  for (let n = 0; n < replaysMax && files.length > 0; n += 1) {
    const file = files.shift() ?? ''
    const replay = await readReplay(deps, file, call)
    if (!replay) continue
    const load = await tellLoad(deps, replay, origin, file, call)
    loads.push(load)
    files.push(...load.rejected.files)
  }
  return { loads, unfollowed: files }
}

/** What a replay made of a quarantine file; undefined: nobody replayed it, or it is gone. */
const readReplay = async (
  deps: ExplainDeps,
  file: string,
  call: Call,
): Promise<SealedSource | undefined> => {
  try {
    const object = await persist(deps.clock, call, () =>
      deps.bronze.head(deps.silverBucket, file, call.signal),
    )
    return (await readClaimed(deps, sourceIdOf(deps.pipeline, object), call)).sealed
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE')) return undefined
    throw error
  }
}

const tellLoad = async (
  deps: ExplainDeps,
  sealed: SealedSource,
  origin: RowOrigin,
  file: string | undefined,
  call: Call,
): Promise<LoadStory> => {
  const { batch, manifest, entry } = sealed
  const tables = tablesOf(deps, entry, origin)
  const all = entry.rows === 0 ? [] : manifest.chunks.filter(({ table }) => tables.has(table))
  const read = all.slice(0, chunksMax)
  const chunks = await tellChunks(deps, sealed, read, origin, call)
  const problems = Object.fromEntries(
    chunks.flatMap(({ shares }) =>
      shares.flatMap(({ target, problem }) =>
        problem === undefined ? [] : [[target, problem] as const],
      ),
    ),
  )
  const expiring = read.filter((chunk) => isExpiring(deps, chunk)).map(({ table }) => table)
  return {
    ...{ file, batch, entry, problems, chunksRead: read.length, chunksAll: all.length },
    expiring: [...new Set(expiring)],
    refused: chunks.flatMap(({ shares }) =>
      shares.flatMap(({ state, files }) => (state === 'rejected' ? files : [])),
    ),
    chunks: chunks.filter(({ shares }) => shares.some(({ rows }) => rows > 0)),
    rejected: await findRejected(deps, manifest, entry, origin, call),
  }
}

/** Its month began before the time since when its table keeps rows. */
const isExpiring = ({ datasets, clock }: ExplainDeps, { table, month }: Chunk): boolean => {
  const own = datasets.flatMap(({ tables }) => tables).find(({ name }) => name === table)
  const since = keptSince(own, clock.now())
  return since !== undefined && Date.parse(`${month}-01`) < since
}

/** An entry of `_reloads` is of an object, of none of its records. */
const tablesOf = (
  { datasets }: ExplainDeps,
  { dataset }: ManifestSource,
  { record }: RowOrigin,
): ReadonlySet<string> => {
  const own = datasets.find(({ name }) => name === dataset)?.tables ?? []
  const names = own.map(({ name }) => name)
  return new Set(record === undefined ? [...names, reloadsTable.name] : names)
}
