import type { Manifest } from '@silversmith/core'
import type { Applied, Totals } from './tick.ts'

/** Sums of manifests, each added once. */
export interface Tally {
  addSealed(manifest: Manifest): void
  /** All chunks of the batch are at the target. */
  addApplied(target: string, gain: Gain): void
  totals(): Totals
  applied(): Readonly<Record<string, Gain>>
}

/** What a batch brings to a target. */
export type Gain = Pick<Applied, 'rows' | 'files' | 'bytes'>

export const gainOf = ({ chunks }: Manifest, target: string): Gain => {
  const files = target === 'silver' ? chunks.flatMap(({ days = [] }) => days) : []
  return {
    rows: chunks.reduce((sum, { rows }) => sum + rows, 0),
    files: files.length,
    bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

const raise = (counts: Record<string, number>, name: string, count: number): void => {
  counts[name] = (counts[name] ?? 0) + count
}

export const createTally = (targets: readonly string[]): Tally => {
  const sums = { objects: 0, records: 0, rows: 0, rejected: 0, discarded: 0 }
  const files = { batches: 0, quarantineFiles: 0 }
  const rejectedByReason: Record<string, number> = {}
  const dispositions: Record<string, number> = {}
  const none: Gain = { rows: 0, files: 0, bytes: 0 }
  const applied = new Map(targets.map((target) => [target, none]))
  return {
    addSealed: ({ sources, quarantine }) => {
      files.batches += 1
      files.quarantineFiles += quarantine.length
      for (const { disposition, records, rows, rejected, discarded } of sources) {
        sums.objects += 1
        sums.records += records
        sums.rows += rows
        sums.rejected += rejected
        sums.discarded += discarded
        raise(dispositions, disposition, 1)
      }
      for (const { reason, rows } of quarantine) raise(rejectedByReason, reason, rows)
    },
    addApplied: (target, gain) => {
      const before = applied.get(target) ?? none
      applied.set(target, {
        rows: before.rows + gain.rows,
        files: before.files + gain.files,
        bytes: before.bytes + gain.bytes,
      })
    },
    totals: () => ({
      ...sums,
      ...files,
      rejectedByReason: { ...rejectedByReason },
      dispositions: { ...dispositions },
    }),
    applied: () => Object.fromEntries(applied),
  }
}
