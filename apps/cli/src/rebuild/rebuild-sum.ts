import type { TableRebuildCount, TableRebuildCounts, TableRebuildReport } from '@silversmith/flow'
import { undone } from '../dry-run.ts'
import { counted } from '../text/counted.ts'

/** Kept of all; the counts have every one. */
const findingsMax = 10_000
/** For a person; `--json` has those that are kept. */
const toldMax = 20

/** What several calls did together, and how the last one ended. */
export type Sum = Omit<TableRebuildReport, 'next'> & { readonly isDone: boolean }

export const addReport = (sum: Sum | undefined, { next, ...report }: TableRebuildReport): Sum => ({
  ...report,
  isDone: next === undefined,
  counts: Object.fromEntries(
    Object.entries(report.counts).map(([name, count]) => [
      name,
      count + (sum?.counts[name as TableRebuildCount] ?? 0),
    ]),
  ) as TableRebuildCounts,
  findings: [...(sum?.findings ?? []), ...report.findings].slice(0, findingsMax),
  findingCount: report.findingCount + (sum?.findingCount ?? 0),
})

/** Everything that silver has is there. */
export const isWhole = ({ isDone, findingCount }: Sum): boolean => isDone && findingCount === 0

interface Told {
  readonly sum: Sum
  readonly target: string
  readonly dryRun: boolean
}

export const describeSum = ({ sum, target, dryRun }: Told): string => {
  const { counts, findings, findingCount, waiting, problem, isDone } = sum
  const { chunksFilled, rowsFilled, chunksThere, rowsThere } = counts
  const told = findings.slice(0, toldMax)
  const others = [
    [counts.chunksExpired, 'too old to be kept'],
    [counts.chunksErased, 'erased'],
    [counts.chunksRejected, 'rejected by an operator'],
    [counts.chunksLeft, 'not filled, see below'],
  ] as const
  return [
    `${counted(counts.batches, 'batch', 'batches')} looked at`,
    `${counted(chunksFilled, 'chunk')}, ${counted(rowsFilled, 'row')}, ${dryRun ? 'would be filled into' : 'filled into'} ${target}`,
    `${counted(chunksThere, 'chunk')}, ${counted(rowsThere, 'row')}, there before`,
    ...others.flatMap(([count, what]) => (count > 0 ? [`${counted(count, 'chunk')} ${what}`] : [])),
    ...(counts.adopted > 0
      ? [
          `${counted(counts.adopted, 'object')} adopted from another system: silver has no rows of them, docs/coming-from.md says how they come`,
        ]
      : []),
    ...told.flatMap(({ kind, batch, chunk, why, mend }) => [
      `${kind} ${chunk ?? batch}: ${why}`,
      `  ${mend}`,
    ]),
    ...(findingCount > told.length ? [`… and ${findingCount - told.length} more findings`] : []),
    ...(waiting === undefined
      ? []
      : [
          `${counted(waiting, 'batch', 'batches')} sealed and not applied yet: the sweep does that; run the same again then`,
        ]),
    ...(problem ? [`stopped: ${problem.message}`] : []),
    ...(isDone || waiting !== undefined || dryRun
      ? []
      : ['not complete: run the same again, it goes on from here']),
    ...(dryRun ? [undone] : []),
  ].join('\n')
}
