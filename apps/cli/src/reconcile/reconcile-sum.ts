import type { Finding, FindingKind, ReconcileReport } from '@silversmith/flow'
import { layOutRows } from '../text/row-layout.ts'

/** Kept of all; the counts have every one. */
const findingsMax = 10_000
/** Of each kind; `--json` has those that are kept. */
const toldMax = 20

type Counts = ReconcileReport['counts']

/** What several calls found together. */
export interface Sum {
  readonly counts: Counts
  readonly findings: readonly Finding[]
  readonly truncated: boolean
  readonly targets: readonly string[]
}

export const addReport = (sum: Sum | undefined, report: Sum): Sum => {
  if (!sum) return report
  const counts = Object.fromEntries(
    Object.entries(sum.counts).map(([name, count]) => [
      name,
      count + report.counts[name as keyof Counts],
    ]),
  ) as Counts
  const findings = [...sum.findings, ...report.findings]
  return {
    counts,
    findings: findings.slice(0, findingsMax),
    truncated: sum.truncated || report.truncated || findings.length > findingsMax,
    targets: sum.targets,
  }
}

/** What no route takes may be there on purpose, and what was set aside is accounted for: they are told, and are no failure. */
const known: ReadonlySet<FindingKind> = new Set(['source-unrouted', 'source-set-aside'])

export const isWrong = ({ counts, findings }: Sum): boolean =>
  counts.missing + counts.stuck + counts.chunksMissing + counts.chunksExtra > 0 ||
  findings.some(({ kind }) => !known.has(kind))

const nameOf = ({ url, version, batch, chunk, target = '' }: Finding): string => {
  if (url !== undefined) return `${url} (${version ?? ''})`
  if (chunk !== undefined) return `${chunk} in ${target}`
  return batch === undefined ? target : `batch ${batch}`
}

const describeKind = (kind: FindingKind, findings: readonly Finding[]): readonly string[] => [
  ...['', `${kind}: ${findings.length}`],
  ...findings
    .slice(0, toldMax)
    .flatMap((finding) => [`  ${nameOf(finding)}: ${finding.why}`, `    ${finding.mend}`]),
  ...(findings.length > toldMax ? [`  … and ${findings.length - toldMax} more`] : []),
]

export const describeSum = (sum: Sum, enqueue: boolean): string => {
  const { counts, findings, truncated, targets } = sum
  const kinds = [...new Set(findings.map(({ kind }) => kind))]
  return [
    layOutRows(
      Object.entries(counts)
        .filter(([what]) => what !== 'enqueued')
        .map(([what, count]) => ({ what, count })),
    ),
    `targets compared: ${targets.join(', ') || 'none'}`,
    ...kinds.flatMap((kind) =>
      describeKind(
        kind,
        findings.filter((one) => one.kind === kind),
      ),
    ),
    ...(truncated ? ['', 'not all findings are told; the counts have them'] : []),
    '',
    conclude(sum, enqueue),
  ].join('\n')
}

const conclude = (sum: Sum, enqueue: boolean): string => {
  const { matched, recent, missing, stuck, unrouted, setAside, enqueued } = sum.counts
  const isEmpty = matched + recent + missing + stuck + unrouted + setAside === 0
  const verdict = (): readonly string[] => {
    if (enqueue) return [`sent to transform: ${enqueued}; reconcile again when they are through`]
    if (isWrong(sum)) return ['something is wrong; the lines above say what mends it']
    return isEmpty || recent > 0 ? [] : ['nothing is missing, stuck or too much']
  }
  return [
    ...(isEmpty ? ['there was no object to look at: is the prefix right, and --since?'] : []),
    ...verdict(),
    ...(setAside > 0 ? [`set aside and never loaded: ${setAside}`] : []),
    ...(recent > 0 ? [describeRecent(recent)] : []),
  ].join('; ')
}

const describeRecent = (count: number): string =>
  count === 1
    ? '1 is recent: it may still be on its way, look again in an hour'
    : `${count} are recent: they may still be on their way, look again in an hour`
