import {
  type Bronze,
  type Clock,
  type Disposition,
  Fault,
  type Ledger,
  type Log,
  type Manifest,
  objectUri,
  type Source,
  sourceIdOf,
  type Store,
} from '@silversmith/core'
import { judge, type Standing } from '../claims/claims.ts'
import { type Listings, readListings, readStandings } from '../claims/standing.ts'
import { manifestKeyOf, openedAt, parseManifest } from '../manifest.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { type QuarantineFile, type QuarantinePlace, readQuarantineKey } from './quarantine-file.ts'

export interface QuarantineDeps {
  readonly pipeline: string
  readonly bronze: Pick<Bronze, 'list'>
  readonly store: Store
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: Log
  readonly quarantineFiles: QuarantinePlace
}

/** Which files; all that is given must fit. */
export interface QuarantineFilter {
  readonly dataset?: string | undefined
  readonly reason?: string | undefined
  /** Epoch ms: files whose batch was opened then or later. */
  readonly since?: number | undefined
  /** Epoch ms: files whose batch was opened before. */
  readonly until?: number | undefined
}

/**
 * - `open`: nobody has replayed it.
 * - `waiting`: a replay has begun and is not sealed.
 * - `resolved`: a replay of it is sealed: each of its records is a row, in a newer file, or was loaded in a later generation.
 * - `failed`: a replay could not read it: see `disposition`.
 */
export type QuarantineState = 'open' | 'waiting' | 'resolved' | 'failed'

export interface QuarantineEntry extends QuarantineFile {
  readonly source: Source
  readonly url: string
  readonly sizeBytes: number
  /** Undefined: some were erased, or the manifest of the batch that wrote it is not there any more. */
  readonly records: number | undefined
  readonly state: QuarantineState
  /** Of the batch that replayed it. */
  readonly replay?: {
    readonly batch: string
    readonly disposition: Disposition
    readonly rows: number
    readonly rejected: number
    /** Skipped, for a later generation of their objects is loaded. */
    readonly discarded: number
  }
}

/** Manifests read at a time. */
const manifestsAtOnceMax = 8
/** Pages of keys that are walked at most: a thousand keys each. */
const pagesMax = 10_000

/**
 * Files that fit, a page at a time, in the order of their keys. Holds one page, and the manifests that one page names.
 *
 * Throws DEADLINE_REACHED where there are more keys than it walks.
 */
export const listQuarantine = async function* (
  deps: QuarantineDeps,
  filter: QuarantineFilter,
  call: Call,
): AsyncGenerator<readonly QuarantineEntry[]> {
  const { bucket, prefix } = deps.quarantineFiles
  const below = prefixOf(prefix, filter)
  let from: string | undefined
  for (let page = 0; page < pagesMax; page += 1) {
    const listed = await persist(deps.clock, call, () =>
      deps.bronze.list(bucket, below, from, call.signal),
    )
    const files = listed.objects.flatMap(({ object, sizeBytes }) => {
      const file = readQuarantineKey(prefix, object.key)
      return file && fits(filter, file) ? [{ object, sizeBytes, file }] : []
    })
    if (files.length > 0) yield await readEntries(deps, files, call)
    from = listed.next
    if (from === undefined) return
  }
  throw new Fault(
    'DEADLINE_REACHED',
    `stopped after ${pagesMax} pages of keys below ${below}; name a dataset and a reason to look through fewer`,
  )
}

/** The most that every key must begin with. */
const prefixOf = (prefix: string, { dataset, reason }: QuarantineFilter): string => {
  if (dataset === undefined) return prefix
  return reason === undefined ? `${prefix}${dataset}/` : `${prefix}${dataset}/reason=${reason}/`
}

const dayMs = 86_400_000

const fits = (
  filter: QuarantineFilter,
  { dataset, reason, day, batch }: QuarantineFile,
): boolean => {
  if (filter.dataset !== undefined && filter.dataset !== dataset) return false
  if (filter.reason !== undefined && filter.reason !== reason) return false
  const from = openedAt(batch) ?? Date.parse(day)
  const to = openedAt(batch) ?? Date.parse(day) + dayMs - 1
  return to >= (filter.since ?? -Infinity) && from < (filter.until ?? Infinity)
}

interface Found {
  readonly object: Source['object']
  readonly sizeBytes: number
  readonly file: QuarantineFile
}

const readEntries = async (
  deps: QuarantineDeps,
  files: readonly Found[],
  call: Call,
): Promise<readonly QuarantineEntry[]> => {
  const sources = files.map(({ object, file }): Source => {
    const id = sourceIdOf(deps.pipeline, object)
    return { id, object, dataset: file.dataset, generation: 0 }
  })
  const standings = await readStandings(deps, sources, call)
  const listings: Listings = new Map()
  await readListings(
    deps,
    standings,
    { asked: new Set(sources.map(({ id }) => id)), listings },
    call,
  )
  const counts = await readCounts(deps, files, call)
  return files.map(({ object, sizeBytes, file }, at): QuarantineEntry => {
    const standing = standings[at]!
    const told = standingOf(standing, listings, deps.clock.now())
    return {
      ...file,
      ...{
        source: { ...sources[at]!, generation: generationOf(standing, told) },
        url: objectUri(object),
        sizeBytes,
        records: counts.get(object.key),
      },
      ...told,
    }
  })
}

/**
 * In which a replay sends it: the next one where opening it ended processes, for in the same it is settled. Its records keep
 * the generation they are of.
 */
const generationOf = ({ claim }: Standing, { replay }: Pick<QuarantineEntry, 'replay'>): number =>
  replay?.disposition === 'poison' ? (claim?.item.generation ?? 0) + 1 : 0

const standingOf = (
  standing: Standing,
  listings: Listings,
  now: number,
): Pick<QuarantineEntry, 'state' | 'replay'> => {
  const { source, batch } = standing
  const listed = batch && listings.get(batch.item.id)?.get(source.id)
  if (!listed)
    return { state: judge(standing, undefined, now).kind === 'wait' ? 'waiting' : 'open' }
  const { disposition, rows, rejected, discarded } = listed
  return {
    state: disposition === 'rows' || disposition === 'empty' ? 'resolved' : 'failed',
    replay: { batch: batch.item.id, disposition, rows, rejected, discarded },
  }
}

/** Key of a file → its records, as the manifest of its batch tells them. */
const readCounts = async (
  deps: QuarantineDeps,
  files: readonly Found[],
  call: Call,
): Promise<ReadonlyMap<string, number>> => {
  const batches = new Map(files.map(({ file }) => [file.batch, file.day]))
  const counts = new Map<string, number>()
  await mapConcurrently([...batches], manifestsAtOnceMax, async ([batch, day]) => {
    const manifest = await readManifestOf(deps, batch, day, call)
    for (const { target, rows, sizeBytes } of manifest?.quarantine ?? [])
      // Another size: records of it were erased since.
      if (files.some(({ object, sizeBytes: own }) => object.key === target && own === sizeBytes))
        counts.set(target, rows)
  })
  return counts
}

const readManifestOf = async (
  { store, clock }: QuarantineDeps,
  batch: string,
  day: string,
  call: Call,
): Promise<Manifest | undefined> => {
  const key = manifestKeyOf({ batch, createdAt: Date.parse(day) })
  if (!(await persist(clock, call, () => store.look(key, call.signal)))) return undefined
  const bytes = await persist(clock, call, () => store.read(key, undefined, call.signal))
  return parseManifest(key, bytes)
}
