import {
  countFileSizes,
  type Dataset,
  type Drift,
  type FileSizes,
  type InsertRows,
  type MessageRef,
} from '@silversmith/core'
import { createDriftSum } from '@silversmith/flow'
import { join } from 'node:path'
import { audit, nameOf } from './audit.ts'
import { quarantinePrefix, silverPrefix } from '../functions.ts'
import { readHistory, type SealedBatch } from './history.ts'
import { countQuarantine } from './quarantine-figures.ts'
import type { QuarantineFigures } from './quarantine-figures.ts'
import { listRefused } from './refused.ts'
import type { RefusedObject } from './refused.ts'
import { sumBatches } from './run-figures.ts'
import type { DatasetFigures } from './run-figures.ts'
import { countSilver, hashColumn } from './silver-figures.ts'
import type { TableFigures, TargetFigures } from './silver-figures.ts'
import type { Stack } from '../stack.ts'
import type { Uploaded } from '../input/upload.ts'
import { countWarehouse } from './warehouse-figures.ts'

/**
 * The document of `--json`. Objects, records and their kin are of this run; `tables`, `silver` and `quarantine` are what lies
 * there now. records = rows + rejected + discarded, where `rows` counts accepted records; a record may feed two tables.
 */
export interface Report {
  /** Sources sealed by this run. */
  readonly objects: number
  /** Those of them that are messages. */
  readonly messages: number
  readonly records: number
  readonly rows: number
  readonly rejected: number
  readonly discarded: number
  readonly rejectedByReason: Readonly<Record<string, number>>
  /** Accepted records whose content hash occurred before. */
  readonly duplicates: number
  readonly dispositions: Readonly<Record<string, number>>
  /** Objects of this run that gave no rows, the first hundred. */
  readonly refused: readonly RefusedObject[]
  /** Paths of this run with values that fit no column, those of most rows first, at most a hundred. */
  readonly drift: readonly Drift[]
  readonly datasets: Readonly<Record<string, DatasetFigures>>
  /** `distinct` counts row identities. */
  readonly tables: Readonly<Record<string, TableFigures>>
  readonly silver: {
    readonly files: number
    readonly rows: number
    readonly bytes: number
    /** Files by their bytes. */
    readonly sizes: FileSizes
  }
  readonly quarantine: QuarantineFigures
  /** Chunks of this run, each one INSERT. */
  readonly inserts: number
  /** These by their rows. */
  readonly insertRows: InsertRows
  readonly dlq: number
  readonly seconds: number
  readonly silverDir: string
  readonly quarantineDir: string
  /** Null when nothing answers there after the run. */
  readonly clickhouseUrl: string | null
}

export interface ReportOptions {
  readonly datasets: readonly Dataset[]
  readonly uploaded: readonly Uploaded[]
  readonly sent: readonly MessageRef[]
  /** Batches committed before this run. */
  readonly before: ReadonlySet<string>
  readonly dead: number
  readonly startedAt: number
  /** The stack stays up. */
  readonly keep: boolean
  readonly signal: AbortSignal
}

const driftMax = 100

const listDrift = (batches: readonly SealedBatch[]): readonly Drift[] => {
  const sum = createDriftSum(undefined)
  for (const { manifest } of batches) sum.add(manifest)
  return sum.report().paths.slice(0, driftMax)
}

const countKnown = (
  uploaded: readonly Uploaded[],
  batches: readonly SealedBatch[],
  { resources }: Stack,
): number => {
  const sealed = new Set(
    batches.flatMap(({ manifest }) => manifest.sources.map(({ object }) => nameOf(object))),
  )
  const bucket = resources.bronzeBucket
  return uploaded.filter(({ key, version }) => !sealed.has(nameOf({ bucket, key, version }))).length
}

export interface Written {
  readonly report: Report
  /** Objects this run uploaded and none of its batches has. */
  readonly known: number
  /** What does not add up, one line each. */
  readonly problems: readonly string[]
}

/** Counts everything where it lies and says what does not add up. */
export const writeReport = async (stack: Stack, options: ReportOptions): Promise<Written> => {
  const seconds = Math.round((Date.now() - options.startedAt) / 100) / 10
  const history = await readHistory(stack, options.signal)
  const fresh = history.filter(({ batch }) => !options.before.has(batch.id))
  const figures = sumBatches(fresh)
  const tables = options.datasets.flatMap((dataset) => dataset.tables)
  const count = {
    tables,
    hashed: new Set(
      tables
        .filter(({ columns }) => columns.some(({ name }) => name === hashColumn))
        .map(({ name }) => name),
    ),
    batches: new Set(fresh.map(({ batch }) => batch.id)),
    history,
  }
  const { warehouse } = stack
  const silver = stack.targets.includes('silver') ? await countSilver(stack, count) : undefined
  const clickhouse = warehouse && (await countWarehouse(warehouse, count, options.signal))
  const quarantine = await countQuarantine(stack)
  const targets: Record<string, TargetFigures> = {
    ...(silver ? { silver } : {}),
    ...(clickhouse ? { clickhouse } : {}),
  }
  const counted = clickhouse ?? silver
  const stays = warehouse && (options.keep || !warehouse.embedded)
  const report: Report = {
    objects: figures.objects,
    messages: figures.messages,
    records: figures.records,
    rows: figures.rows,
    rejected: figures.rejected,
    discarded: figures.discarded,
    rejectedByReason: figures.rejectedByReason,
    duplicates: counted?.duplicates ?? 0,
    dispositions: figures.dispositions,
    refused: listRefused(fresh),
    drift: listDrift(fresh),
    datasets: figures.datasets,
    tables: counted?.tables ?? {},
    silver: {
      ...{ files: silver?.files ?? 0, rows: silver?.rows ?? 0, bytes: silver?.bytes ?? 0 },
      sizes: silver?.sizes ?? countFileSizes([]),
    },
    quarantine,
    inserts: warehouse ? figures.chunks : 0,
    insertRows: figures.insertRows,
    dlq: options.dead,
    seconds,
    silverDir: join(stack.dir, silverPrefix),
    quarantineDir: join(stack.dir, quarantinePrefix),
    clickhouseUrl: stays ? warehouse.settings.url : null,
  }
  const problems = audit({
    bucket: stack.resources.bronzeBucket,
    uploaded: options.uploaded,
    sent: options.sent,
    history,
    targets,
    quarantine,
    dead: options.dead,
  })
  return { report, known: countKnown(options.uploaded, fresh, stack), problems }
}
