import { createSqsQueue } from '@silversmith/aws'
import type { Finding, FindingKind, ReconcileReport, ReconcileRequest } from '@silversmith/flow'
import { createReconcile } from '@silversmith/flow'
import type { Answer } from './answer.ts'
import type { CommandOf } from './command.ts'
import { findDeployment, openCloud, readDeployment } from './deployment.ts'
import { deploymentSettings } from './deployment-settings.ts'
import { layOutRows } from './row-layout.ts'
import { silentLog } from './silent-log.ts'
import { startOf } from './since.ts'
import type { Surroundings } from './surroundings.ts'
import { callOf } from './surroundings.ts'
import { openTargets } from './targets.ts'

/** One call to the flow; between two the person is told how far it is. */
const stepMs = 20_000
/** Of one prefix. */
const stepsMax = 20_000
/** Kept of all; the counts have every one. */
const findingsMax = 10_000
/** Of each kind; `--json` has those that are kept. */
const toldMax = 20

type Counts = ReconcileReport['counts']

interface Sum {
  readonly counts: Counts
  readonly findings: readonly Finding[]
  readonly truncated: boolean
}

const add = (sum: Sum | undefined, report: Sum): Sum => {
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
  }
}

/** Manifests and ledger are compared for every prefix, for they decide whether anything may be sent; told once. */
const sourcesOf = (report: ReconcileReport): ReconcileReport => ({
  ...report,
  findings: report.findings.filter(({ kind }) => kind.startsWith('source-')),
})

/** What no route takes may be there on purpose. */
const isWrong = ({ counts, findings }: Sum): boolean =>
  counts.missing + counts.stuck + counts.chunksMissing + counts.chunksExtra > 0 ||
  findings.some(({ kind }) => kind !== 'source-unrouted')

const nameOf = ({ url, version, batch, chunk, target }: Finding): string => {
  const what = url === undefined ? (chunk ?? `batch ${batch ?? ''}`) : `${url} (${version ?? ''})`
  return target === undefined ? what : `${what} in ${target}`
}

const describeKind = (kind: FindingKind, findings: readonly Finding[]): readonly string[] => [
  ...['', `${kind}: ${findings.length}`],
  ...findings
    .slice(0, toldMax)
    .flatMap((finding) => [`  ${nameOf(finding)}: ${finding.why}`, `    ${finding.mend}`]),
  ...(findings.length > toldMax ? [`  … and ${findings.length - toldMax} more`] : []),
]

const describe = (sum: Sum, enqueue: boolean): string => {
  const { counts, findings, truncated } = sum
  const { enqueued, ...found } = counts
  const kinds = [...new Set(findings.map(({ kind }) => kind))]
  return [
    layOutRows(Object.entries(found).map(([what, count]) => ({ what, count }))),
    ...kinds.flatMap((kind) =>
      describeKind(
        kind,
        findings.filter((one) => one.kind === kind),
      ),
    ),
    ...(truncated ? ['', 'not all findings are told; the counts have them'] : []),
    '',
    enqueue
      ? `sent to transform: ${enqueued}; reconcile again when they are through`
      : isWrong(sum)
        ? 'something is wrong; the lines above say what mends it'
        : 'nothing is missing, stuck or too much',
  ].join('\n')
}

/** Exit code 1 when anything is missing, stuck or too much. */
export const runReconcile = async (
  { prefixes, since, enqueue, dir }: CommandOf<'reconcile'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { environment, clock, progress } = surroundings
  const deployment = await findDeployment(environment, dir)
  const { bronze, objects, targets: ofTargets } = deploymentSettings
  const values = readDeployment(deployment, { ...bronze, ...objects, ...ofTargets })
  const cloud = openCloud(deployment, values)
  const targets = openTargets(values, cloud.store)
  try {
    const reconcile = createReconcile({
      ...{ pipeline: values.pipeline, routes: values.routes, ...cloud, clock, log: silentLog },
      queue: createSqsQueue({ client: cloud.clients.sqs, queueUrl: values.objectsQueueUrl }),
      ...{ inspectors: targets.inspectors, tables: targets.tables },
      quarantinePrefix: `${values.quarantinePrefix}/`,
    })
    const start = startOf(since, clock.now())
    const places = values.buckets.flatMap((bucket) =>
      (prefixes.length === 0 ? [''] : prefixes).map((prefix) => ({ bucket, prefix })),
    )
    let sum: Sum | undefined
    for (const [at, place] of places.entries()) {
      const request: ReconcileRequest = {
        ...{ ...place, enqueue, ...(start !== undefined && { since: start }) },
        // Batches and targets are compared once, whatever the prefixes.
        sourcesOnly: at > 0,
      }
      let from: string | undefined
      for (let step = 0; step < stepsMax; step += 1) {
        const call = callOf(surroundings, stepMs)
        const report = await reconcile({ ...request, ...(from !== undefined && { from }) }, call)
        sum = add(sum, at === 0 ? report : sourcesOf(report))
        from = report.next
        const { matched, missing, chunksMatched } = sum.counts
        progress.show(
          `s3://${place.bucket}/${place.prefix}: ${matched} objects matched, ${missing} missing, ${chunksMatched} chunks matched`,
        )
        if (from === undefined) break
      }
      if (from !== undefined) throw new Error(`not done after ${stepsMax} steps; give prefixes`)
    }
    progress.end()
    if (!sum) throw new Error('there was no bucket to look at')
    return {
      document: { pipeline: values.pipeline, places, ...sum, next: undefined },
      text: describe(sum, enqueue),
      code: isWrong(sum) ? 1 : 0,
    }
  } finally {
    await targets.close()
    cloud.clients.destroy()
  }
}
