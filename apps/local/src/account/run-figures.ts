import {
  countInsertRows,
  type Disposition,
  insertRowsOf,
  type InsertRows,
  isMessage,
} from '@silversmith/core'
import type { SealedBatch } from './history.ts'

/** records = rows + rejected + discarded, and the reasons' sum is `rejected`. */
export interface DatasetFigures {
  readonly records: number
  readonly rows: number
  readonly rejected: number
  readonly discarded: number
  readonly rejectedByReason: Readonly<Record<string, number>>
}

const nothing = { records: 0, rows: 0, rejected: 0, discarded: 0 }

/** What some batches did, by their manifests. records = rows + rejected + discarded; `rows` counts accepted records. */
export interface RunFigures {
  readonly objects: number
  /** Those of them that are messages. */
  readonly messages: number
  readonly records: number
  readonly rows: number
  readonly rejected: number
  readonly discarded: number
  readonly rejectedByReason: Readonly<Record<string, number>>
  readonly dispositions: Readonly<Partial<Record<Disposition, number>>>
  readonly datasets: Readonly<Record<string, DatasetFigures>>
  /** Table → rows; a record may feed two. */
  readonly tableRows: Readonly<Record<string, number>>
  readonly chunks: number
  /** Chunks that ClickHouse gets, by their rows. */
  readonly insertRows: InsertRows
}

const sorted = <Value>(record: Record<string, Value>): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

const add = (counts: Record<string, number>, name: string, count: number): void => {
  counts[name] = (counts[name] ?? 0) + count
}

export const sumBatches = (batches: readonly SealedBatch[]): RunFigures => {
  const sums = {
    objects: 0,
    messages: 0,
    records: 0,
    rows: 0,
    rejected: 0,
    discarded: 0,
    chunks: 0,
  }
  const rejectedByReason: Record<string, number> = {}
  const dispositions: Record<string, number> = {}
  const tableRows: Record<string, number> = {}
  const datasets: Record<string, typeof nothing & { rejectedByReason: Record<string, number> }> = {}
  for (const { manifest } of batches) {
    for (const source of manifest.sources) {
      const { dataset, disposition, records, rows, rejected, discarded } = source
      sums.objects++
      if (isMessage(source.object)) sums.messages++
      sums.records += records
      sums.rows += rows
      sums.rejected += rejected
      sums.discarded += discarded
      add(dispositions, disposition, 1)
      if (dataset === undefined) continue
      const figures = (datasets[dataset] ??= { ...nothing, rejectedByReason: {} })
      figures.records += records
      figures.rows += rows
      figures.rejected += rejected
      figures.discarded += discarded
    }
    for (const { dataset, reason, rows } of manifest.quarantine) {
      add(rejectedByReason, reason, rows)
      const figures = datasets[dataset]
      if (figures) add(figures.rejectedByReason, reason, rows)
    }
    for (const { table, rows } of manifest.chunks) add(tableRows, table, rows)
    sums.chunks += manifest.chunks.length
  }
  return {
    ...sums,
    rejectedByReason: sorted(rejectedByReason),
    dispositions: sorted(dispositions),
    datasets: sorted(datasets),
    tableRows: sorted(tableRows),
    insertRows: countInsertRows(batches.flatMap(({ manifest }) => insertRowsOf(manifest.chunks))),
  }
}
