import {
  type Chunk,
  type Clock,
  type ErasedRecord,
  type ErasedRow,
  isFault,
  type Manifest,
  type Store,
  tokenOf,
} from '@silversmith/core'
import { hashOf } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'

/**
 * What was erased, kept for ever and without anything of the records themselves: by batch, for those who compare targets with
 * manifests, and by object version, for those who read it once more. Files are only ever added, so that two of them may tell the
 * same.
 */
export const erasurePrefix = '_erasures/'

export interface ErasureDeps {
  readonly store: Store
  readonly clock: Clock
}

const batchPrefixOf = (batch: string): string => `${erasurePrefix}batches/${batch}/`

/** There from before the first record was erased. */
const begunKey = `${erasurePrefix}begun.json`

/** Of no pipeline: the same object is erased for all that share the bucket. Numbered from 0, so that one look says that there is none. */
const sourceKeyOf = (source: string, version: string, n: number): string =>
  `${erasurePrefix}sources/${hashOf(Buffer.from(`${source}\n${version}`)).slice(0, 32)}/${n}.json`

interface SourceErasure {
  readonly version: 1
  readonly source: string
  readonly objectVersion: string
  readonly records: readonly number[]
}

interface BatchErasure {
  readonly version: 1
  readonly rows: readonly {
    /** Number of the chunk. */
    readonly n: number
    readonly day: string
    readonly source: string
    readonly objectVersion: string
    readonly places: readonly (readonly [record: number, part: number])[]
  }[]
}

const keep = async (
  { store, clock }: ErasureDeps,
  content: SourceErasure | BatchErasure | { readonly version: 1 },
  keyOf: (sha256: string) => string,
  call: Call,
): Promise<void> => {
  const bytes = Buffer.from(JSON.stringify(content))
  const sha256 = hashOf(bytes)
  const file = { sha256, contentType: 'application/json' }
  await persist(clock, call, () => store.write(keyOf(sha256), bytes, file, call.signal))
}

const keepOfSource = async (
  deps: ErasureDeps,
  content: SourceErasure,
  call: Call,
): Promise<void> => {
  for (let n = 0; ; n += 1) {
    try {
      return await keep(
        deps,
        content,
        () => sourceKeyOf(content.source, content.objectVersion, n),
        call,
      )
    } catch (error) {
      // That number tells of others of its records.
      if (!isFault(error, 'STORE_CONFLICT')) throw error
    }
  }
}

const keepOfBatch = (
  deps: ErasureDeps,
  batch: string,
  rows: BatchErasure['rows'],
  call: Call,
): Promise<void> =>
  keep(deps, { version: 1, rows }, (sha256) => `${batchPrefixOf(batch)}${sha256}.json`, call)

/** To be called before a file of its quarantine is deleted: the rebuild of a ledger takes what is there for the proof of a seal. */
export const keepTrace = (deps: ErasureDeps, batch: string, call: Call): Promise<void> =>
  keepOfBatch(deps, batch, [], call)

/** To be called before anything is erased. */
export const keepErasure = async (
  deps: ErasureDeps,
  records: readonly ErasedRecord[],
  rows: readonly ErasedRow[],
  call: Call,
): Promise<void> => {
  await keep(deps, { version: 1 }, () => begunKey, call)
  for (const some of Map.groupBy(
    records,
    ({ source, version }) => `${source}\n${version}`,
  ).values()) {
    const { source, version: objectVersion } = some[0]!
    const ordinals = some.map(({ record }) => record).toSorted((a, b) => a - b)
    await keepOfSource(deps, { version: 1, source, objectVersion, records: ordinals }, call)
  }
  const known = rows.flatMap((row) => {
    const [, batch, n] = /^(.+)#(\d+)$/.exec(row.chunk) ?? []
    return batch === undefined ? [] : [{ ...row, batch, n: Number(n) }]
  })
  for (const [batch, some] of Map.groupBy(known, (row) => row.batch)) {
    const groups = Map.groupBy(some, (row) =>
      JSON.stringify([row.n, row.day, row.source, row.version]),
    )
    const content = [...groups.values()].map((group) => {
      const { n, day, source, version: objectVersion } = group[0]!
      // A row that two targets hold is one row.
      const places = new Map(group.map(({ record, part }) => [`${record}/${part}`, [record, part]]))
      return { n, day, source, objectVersion, places: [...places.values()] as [number, number][] }
    })
    await keepOfBatch(deps, batch, content, call)
  }
}

/** Was anything ever erased? As long as it was not nobody needs to ask about a source. */
export const hasErasures = async ({ store, clock }: ErasureDeps, call: Call): Promise<boolean> =>
  (await persist(clock, call, () => store.look(begunKey, call.signal))) !== undefined

/** Ordinals of the records of an object version that were erased. `source` is `s3://bucket/key`. */
export const readErasedRecords = async (
  { store, clock }: ErasureDeps,
  { source, version }: { readonly source: string; readonly version: string },
  call: Call,
): Promise<ReadonlySet<number>> => {
  const erased = new Set<number>()
  for (let n = 0; ; n += 1) {
    const key = sourceKeyOf(source, version, n)
    const bytes = await persist(clock, call, () => store.read(key, undefined, call.signal)).catch(
      (error: unknown) => {
        if (!isFault(error, 'OBJECT_GONE')) throw error
        return undefined
      },
    )
    if (!bytes) return erased
    for (const record of parse<SourceErasure>(bytes).records) erased.add(record)
  }
}

const parse = <Content>(bytes: Uint8Array): Content =>
  JSON.parse(Buffer.from(bytes).toString()) as Content

/** Only what lay where sealed batches alone put things is erased, so that one proves that its batch was sealed. */
export const hasErasure = (
  { store, clock }: ErasureDeps,
  batch: string,
  call: Call,
): Promise<boolean> =>
  persist(clock, call, async () => {
    for await (const _key of store.list(batchPrefixOf(batch), call.signal)) return true
    return false
  })

/** The manifest as it would be if what was erased since had never been: rows of its chunks and of their days. */
export const withoutErased = async (
  deps: ErasureDeps,
  manifest: Manifest,
  call: Call,
): Promise<Manifest> => {
  const { store, clock } = deps
  const erased = new Map<string, Set<string>>()
  for await (const key of store.list(batchPrefixOf(manifest.batch), call.signal)) {
    const bytes = await persist(clock, call, () => store.read(key, undefined, call.signal))
    for (const { n, day, source, objectVersion, places } of parse<BatchErasure>(bytes).rows) {
      const name = `${tokenOf(manifest.batch, n)} ${day}`
      const known = erased.get(name) ?? new Set()
      erased.set(name, known)
      for (const place of places) known.add(JSON.stringify([source, objectVersion, ...place]))
    }
  }
  if (erased.size === 0) return manifest
  return {
    ...manifest,
    chunks: manifest.chunks.map((chunk) => reduce(manifest.batch, chunk, erased)),
  }
}

const reduce = (
  batch: string,
  chunk: Chunk,
  erased: ReadonlyMap<string, ReadonlySet<string>>,
): Chunk => {
  const token = tokenOf(batch, chunk.n)
  const countOf = (day: string): number => erased.get(`${token} ${day}`)?.size ?? 0
  const all = [...erased].filter(([name]) => name.startsWith(`${token} `))
  const count = all.reduce((sum, [, rows]) => sum + rows.size, 0)
  return {
    ...{ ...chunk, rows: chunk.rows - count },
    ...(chunk.days && {
      // The size of no file: one with the bytes of before holds what was erased, and must be looked into.
      days: chunk.days.map((day) =>
        countOf(day.day) === 0 ? day : { ...day, rows: day.rows - countOf(day.day), sizeBytes: 0 },
      ),
    }),
  }
}
