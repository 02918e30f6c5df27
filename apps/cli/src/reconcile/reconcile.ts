import { createSqsQueue } from '@silversmith/aws'
import type { Fault } from '@silversmith/core'
import type { ReconcileReport, ReconcileRequest } from '@silversmith/flow'
import { createReconcile, withoutCopies } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { placesOf } from './reconcile-place.ts'
import { addReport, describeSum, isWrong, type Sum } from './reconcile-sum.ts'
import { silentLog } from '../deployment/silent-log.ts'
import { startOf } from '../text/since.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { openTargets } from '../deployment/targets.ts'

/** One call to the flow; between two the person is told how far it is. */
const stepMs = 20_000
/** Of one prefix. */
const stepsMax = 20_000
/** Manifests and ledger are compared for every prefix, for they decide whether anything may be sent; told once. */
const sourcesOf = (report: ReconcileReport): ReconcileReport => ({
  ...report,
  findings: report.findings.filter(({ kind }) => kind.startsWith('source-')),
})

/** Exit code 1 when anything is missing, stuck or too much. */
export const runReconcile = async (
  { prefixes, since, enqueue, setAside, dir }: CommandOf<'reconcile'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { environment, clock, progress } = surroundings
  const deployment = await findDeployment(environment, dir)
  const { bronze, objects, targets: ofTargets } = deploymentSettings
  const values = readDeployment(deployment, { ...bronze, ...objects, ...ofTargets })
  const cloud = openCloud(deployment, values)
  const targets = openTargets(values, cloud.store)
  const down = new Map<string, Fault>()
  try {
    const reconcile = createReconcile({
      ...{ pipeline: values.pipeline, routes: values.routes, ...cloud, clock, log: silentLog },
      bronze: withoutCopies(cloud.bronze, values.replayPrefix),
      queue: createSqsQueue({ client: cloud.clients.sqs, queueUrl: values.objectsQueueUrl }),
      ...{ inspectors: targets.inspectors, tables: targets.tables },
      quarantinePrefix: `${values.quarantinePrefix}/`,
      down,
    })
    const start = startOf(since, clock.now())
    const places = placesOf(values.buckets, prefixes)
    let sum: Sum | undefined
    for (const [at, place] of places.entries()) {
      const request: ReconcileRequest = {
        ...{ ...place, enqueue, setAside, ...(start !== undefined && { since: start }) },
        // Batches and targets are compared once, whatever the prefixes.
        sourcesOnly: at > 0,
      }
      let from: string | undefined
      for (let step = 0; step < stepsMax; step += 1) {
        const call = callOf(surroundings, stepMs)
        const report = await reconcile({ ...request, ...(from !== undefined && { from }) }, call)
        sum = addReport(sum, at === 0 ? report : sourcesOf(report))
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
    // One that fails later than the first report was not compared whole.
    sum = { ...sum, targets: sum.targets.filter((name) => !down.has(name)) }
    return {
      document: { pipeline: values.pipeline, places, ...sum, next: undefined },
      text: describeSum(sum, enqueue),
      code: isWrong(sum) ? 1 : 0,
    }
  } finally {
    await targets.close()
    cloud.clients.destroy()
  }
}
