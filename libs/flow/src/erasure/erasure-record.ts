import {
  type Chunk,
  type Clock,
  type ErasedRecord,
  type ErasedRow,
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

/** Of no pipeline: the same object is erased for all that share the bucket. */
const sourcePrefixOf = (source: string, version: string): string =>
  `${erasurePrefix}sources/${hashOf(Buffer.from(`${source}\n${version}`)).slice(0, 32)}/`

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
  prefix: string,
  content: SourceErasure | BatchErasure,
  call: Call,
): Promise<void> => {
  const bytes = Buffer.from(JSON.stringify(content))
  const sha256 = hashOf(bytes)
  const file = { sha256, contentType: 'application/json' }
  await persist(clock, call, () => store.write(`${prefix}${sha256}.json`, bytes, file, call.signal))
}

/** To be called before anything is erased. */
export const keepErasure = async (
  deps: ErasureDeps,
  records: readonly ErasedRecord[],
  rows: readonly ErasedRow[],
  call: Call,
): Promise<void> => {
  for (const some of Map.groupBy(
    records,
    ({ source, version }) => `${source}\n${version}`,
  ).values()) {
    const { source, version: objectVersion } = some[0]!
    const ordinals = some.map(({ record }) => record).toSorted((a, b) => a - b)
    const content = { version: 1, source, objectVersion, records: ordinals } as const
    await keep(deps, sourcePrefixOf(source, objectVersion), content, call)
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
    await keep(deps, batchPrefixOf(batch), { version: 1, rows: content }, call)
  }
}

const readAll = async function* <Content>(
  { store, clock }: ErasureDeps,
  prefix: string,
  call: Call,
): AsyncGenerator<Content> {
  for await (const key of store.list(prefix, call.signal)) {
    const bytes = await persist(clock, call, () => store.read(key, undefined, call.signal))
    yield JSON.parse(Buffer.from(bytes).toString()) as Content
  }
}

/** Ordinals of the records of an object version that were erased. `source` is `s3://bucket/key`. */
export const readErasedRecords = async (
  deps: ErasureDeps,
  { source, version }: { readonly source: string; readonly version: string },
  call: Call,
): Promise<ReadonlySet<number>> => {
  const erased = new Set<number>()
  for await (const { records } of readAll<SourceErasure>(
    deps,
    sourcePrefixOf(source, version),
    call,
  ))
    for (const record of records) erased.add(record)
  return erased
}

/** Only rows that lay in a target are erased, so that one proves that its batch was sealed. */
export const hasErasure = async (
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
  const erased = new Map<string, Set<string>>()
  for await (const { rows } of readAll<BatchErasure>(deps, batchPrefixOf(manifest.batch), call))
    for (const { n, day, source, objectVersion, places } of rows) {
      const name = `${tokenOf(manifest.batch, n)} ${day}`
      const known = erased.get(name) ?? new Set()
      erased.set(name, known)
      for (const place of places) known.add(JSON.stringify([source, objectVersion, ...place]))
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
      days: chunk.days.map((day) => ({ ...day, rows: day.rows - countOf(day.day) })),
    }),
  }
}
