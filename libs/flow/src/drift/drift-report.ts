import type {
  Batch,
  Clock,
  Dataset,
  Drift,
  JsonType,
  Ledger,
  Manifest,
  Store,
} from '@silversmith/core'
import { rescuedColumn } from '@silversmith/core'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { batchOfManifest, readUnnamed, walkManifests } from '../repair/manifest-walk.ts'

export interface DriftDeps {
  readonly pipeline: string
  readonly store: Store
  readonly ledger: Ledger
  readonly clock: Clock
}

export interface DriftRequest {
  /** Epoch ms: batches opened on that day or later. */
  readonly since: number
  /** Undefined: all. */
  readonly dataset: Dataset | undefined
}

export interface DriftReport {
  readonly batches: number
  /** New and retyped paths, those of most rows first. */
  readonly paths: readonly Drift[]
  /** Columns that hold nothing in any row of the tables that were written to. */
  readonly missing: readonly {
    readonly table: string
    readonly rows: number
    readonly columns: readonly string[]
  }[]
}

/** Manifests read at a time. */
const manifestsAtOnceMax = 8
/** Paths a report tells of: those seen first. */
const pathsMax = 10_000

/** Puts together what the sealed batches since then tell of their drift. Holds one report and eight manifests. */
export const reportDrift = async (
  deps: DriftDeps,
  { since, dataset }: DriftRequest,
  call: Call,
): Promise<DriftReport> => {
  const sum = createDriftSum(dataset)
  const from = new Date(since).toISOString().slice(0, 10)
  let keys: string[] = []
  const takeAll = async (): Promise<void> => {
    for (const manifest of await readSealed(deps, keys, call)) sum.add(manifest)
    keys = []
  }
  for await (const key of walkManifests(deps, { from, after: undefined }, call)) {
    keys.push(key)
    if (keys.length >= manifestsAtOnceMax) await takeAll()
  }
  await takeAll()
  return sum.report()
}

/** Those of the pipeline's batches that are sealed: of another nothing was loaded. */
const readSealed = async (
  deps: DriftDeps,
  keys: readonly string[],
  call: Call,
): Promise<readonly Manifest[]> => {
  const named = keys.map((key) => ({ kind: 'batch', id: batchOfManifest(key) }) as const)
  const found = await persist(deps.clock, call, () => deps.ledger.read(named, call.signal))
  const isSealed = (batch: Batch | undefined): boolean =>
    batch?.pipeline === deps.pipeline && (batch.state === 'S' || batch.state === 'C')
  const sealed = keys.filter((_, at) => isSealed(found[at]?.item as Batch | undefined))
  return mapConcurrently(sealed, manifestsAtOnceMax, async (key) => {
    const { manifest } = await readUnnamed(deps, key, call)
    return manifest
  })
}

/** Manifests, one after the other; `dataset` undefined: all. */
export const createDriftSum = (dataset: Dataset | undefined) => {
  const paths = new Map<string, Drift>()
  const tables = new Map<string, { rows: number; columns: ReadonlySet<string> }>()
  let batches = 0

  const add = (manifest: Manifest): void => {
    const isAsked = manifest.sources.some(
      (source) => dataset === undefined || source.dataset === dataset.name,
    )
    if (!isAsked) return
    batches += 1
    for (const one of manifest.drift ?? []) addPath(one)
    for (const { table, rows, empty: without = [] } of manifest.chunks) {
      if (dataset && dataset.tables.every(({ name }) => name !== table)) continue
      // Nothing rescued is what one hopes for, nothing that is missing.
      const empty = without.filter((name) => name !== rescuedColumn)
      const known = tables.get(table)
      const still = new Set(known ? empty.filter((name) => known.columns.has(name)) : empty)
      tables.set(table, { rows: (known?.rows ?? 0) + rows, columns: still })
    }
  }

  const addPath = (drift: Drift): void => {
    if (dataset && drift.dataset !== dataset.name) return
    const name = JSON.stringify([drift.dataset, drift.table, drift.path])
    const known = paths.get(name)
    if (!known && paths.size >= pathsMax) return
    const types: Partial<Record<JsonType, number>> = { ...known?.types }
    for (const [type, rows] of Object.entries(drift.types) as [JsonType, number][])
      types[type] = (types[type] ?? 0) + rows
    paths.set(name, { ...drift, rows: (known?.rows ?? 0) + drift.rows, types })
  }

  const report = (): DriftReport => ({
    batches,
    paths: [...paths.values()].toSorted((a, b) => b.rows - a.rows),
    missing: [...tables]
      .filter(([, { columns }]) => columns.size > 0)
      .map(([table, { rows, columns }]) => ({ table, rows, columns: [...columns] })),
  })
  return { add, report }
}
