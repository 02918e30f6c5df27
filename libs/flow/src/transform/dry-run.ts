import {
  type Disposition,
  type Drift,
  Fault,
  type FaultCode,
  type Log,
  type ManifestSource,
  objectUri,
  type Source,
} from '@silversmith/core'
import type { Call } from '../patience.ts'
import { type ReadBatch, readBatch, type ReadingDeps } from './batch-reading.ts'
import { createDryStore, createReadOnlyLedger } from './dry-store.ts'

export interface DryRunDeps extends Omit<ReadingDeps, 'kinds' | 'log'> {
  /** Names of the targets that rows would go to. */
  readonly targets: readonly string[]
}

/** records = rows + rejected + discarded; `rows` counts accepted records. */
export interface DryCounts {
  readonly records: number
  readonly rows: number
  readonly rejected: number
  readonly discarded: number
}

export interface DryTable {
  readonly rows: number
  /** As many INSERTs. */
  readonly chunks: number
  readonly silverFiles: number
  /** Of Parquet. */
  readonly silverBytes: number
  readonly insertBytes: number
}

/** What a load would make of some objects, as they are now. */
export interface DryRunReport {
  readonly dryRun: true
  readonly objects: readonly (DryCounts & {
    readonly url: string
    readonly version: string
    readonly dataset: string | undefined
    readonly disposition: Disposition
    readonly reason?: string
    readonly sizeBytes: number
  })[]
  readonly datasets: Readonly<
    Record<string, DryCounts & { readonly rejectedByReason: Readonly<Record<string, number>> }>
  >
  readonly tables: Readonly<Record<string, DryTable>>
  readonly quarantine: { readonly files: number; readonly bytes: number }
  readonly drift: readonly Drift[]
}

/** No batch has it. */
const dryBatch = '0'.repeat(26)

/**
 * Reads, maps and encodes as transform does, and says what would come of it. Claims, stages and deletes nothing and calls no
 * target: ledger and store are only read.
 *
 * @throws Fault when an object cannot be read now, or there is no time left to read it whole.
 */
export const dryRun = async (
  deps: DryRunDeps,
  sources: readonly Source[],
  call: Call,
): Promise<DryRunReport> => {
  let failure: { readonly code: FaultCode | 'BUG'; readonly message: string } | undefined
  const log: Log = {
    emit: (event) => {
      if (event.kind === 'work-failed') failure ??= event
    },
  }
  const kinds = {
    block: deps.targets.some((name) => name !== 'silver'),
    days: deps.targets.includes('silver'),
  }
  const { clock, ledger, store } = deps
  const dry = { store: createDryStore(store), ledger: createReadOnlyLedger(ledger) }
  const batch = { id: dryBatch, createdAt: clock.now() }
  const read = await readBatch({ ...deps, ...dry, kinds, log }, batch, sources, call)
  if (read.sources.length < sources.length) throw faultOf(failure)
  return reportOf(read)
}

const faultOf = (
  failure: { readonly code: FaultCode | 'BUG'; readonly message: string } | undefined,
): Error => {
  if (failure && failure.code !== 'BUG') return new Fault(failure.code, failure.message)
  if (failure) return new Error(failure.message)
  return new Fault('DEADLINE_REACHED', 'not all objects were read: try fewer at a time')
}

const reportOf = (read: ReadBatch): DryRunReport => ({
  dryRun: true,
  objects: read.sources.map(({ object, dataset, disposition, reason, sizeBytes, ...counts }) => ({
    ...{ url: objectUri(object), version: object.version, dataset, disposition },
    ...(reason !== undefined && { reason }),
    ...{ sizeBytes, ...countsOf([counts]) },
  })),
  datasets: datasetsOf(read),
  tables: tablesOf(read),
  quarantine: {
    files: read.quarantine.length,
    bytes: sumOf(read.quarantine.map(({ sizeBytes }) => sizeBytes)),
  },
  drift: read.drift,
})

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0)

const countsOf = (of: readonly DryCounts[]): DryCounts => ({
  records: sumOf(of.map(({ records }) => records)),
  rows: sumOf(of.map(({ rows }) => rows)),
  rejected: sumOf(of.map(({ rejected }) => rejected)),
  discarded: sumOf(of.map(({ discarded }) => discarded)),
})

const datasetsOf = ({ sources, quarantine }: ReadBatch): DryRunReport['datasets'] => {
  const bySet = new Map<string, ManifestSource[]>()
  for (const source of sources) {
    if (source.dataset === undefined) continue
    bySet.set(source.dataset, [...(bySet.get(source.dataset) ?? []), source])
  }
  return Object.fromEntries(
    [...bySet].map(([name, own]) => {
      const rejectedByReason: Record<string, number> = {}
      for (const { dataset, reason, rows } of quarantine)
        if (dataset === name) rejectedByReason[reason] = (rejectedByReason[reason] ?? 0) + rows
      return [name, { ...countsOf(own), rejectedByReason }]
    }),
  )
}

const tablesOf = ({ chunks }: ReadBatch): DryRunReport['tables'] => {
  const tables: Record<string, DryTable> = {}
  for (const { table, rows, block, days = [] } of chunks) {
    const known = tables[table]
    tables[table] = {
      rows: (known?.rows ?? 0) + rows,
      chunks: (known?.chunks ?? 0) + 1,
      silverFiles: (known?.silverFiles ?? 0) + days.length,
      silverBytes: (known?.silverBytes ?? 0) + sumOf(days.map(({ sizeBytes }) => sizeBytes)),
      insertBytes: (known?.insertBytes ?? 0) + (block?.sizeBytes ?? 0),
    }
  }
  return tables
}
