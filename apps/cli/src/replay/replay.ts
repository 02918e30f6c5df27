import { createS3Replicator, createSqsQueue, createUlid } from '@silversmith/aws'
import { objectUri } from '@silversmith/core'
import type { ObjectReplay, ObjectReplaySum } from '@silversmith/flow'
import { replayObjects, replayProblems } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { silentLog } from '../deployment/silent-log.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { momentOf } from '../text/since.ts'
import { UsageError } from '../usage-error.ts'
import { describeReplay } from './replay-text.ts'

/** Millions of copies, at some hundred a second. */
const replayMs = 24 * 3_600_000

const { bronze, objects, bulk } = deploymentSettings

/** @throws UsageError */
export const requestOf = (
  command: CommandOf<'replay'>,
  { buckets, replayPrefix }: { readonly buckets: readonly string[]; readonly replayPrefix: string },
  { now, runId }: { readonly now: number; readonly runId: string },
): ObjectReplay => {
  const { via, prefix, force, limit, rate, dryRun, to = `${replayPrefix}${runId}/` } = command
  const { bucket = buckets.length === 1 ? buckets[0] : undefined } = command
  if (bucket === undefined || !buckets.includes(bucket))
    throw new UsageError(`--bucket must be one of ${buckets.join(', ')}`)
  const request: ObjectReplay = {
    ...{ bucket, prefix, force, limit, dryRun, objectsPerSecond: rate },
    ...{ start: momentOf(command.start, now), end: momentOf(command.end, now) },
    copiesTo: via === 'copy' ? to.replace(/\/?$/, '/') : undefined,
  }
  const problems = replayProblems(request, replayPrefix)
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  return request
}

/** Exit code 1 when an object failed, or cannot be judged. */
export const runReplay = async (
  command: CommandOf<'replay'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { environment, clock, progress } = surroundings
  const deployment = await findDeployment(environment, command.dir)
  const values = readDeployment(deployment, { ...bronze, ...objects, ...bulk })
  const { pipeline, routes, replayPrefix, bulkQueueUrl, objectsQueueUrl } = values
  const runId = createUlid(clock.now())
  const request = requestOf(command, values, { now: clock.now(), runId })
  const cloud = openCloud(deployment, values)
  const { s3, sqs } = cloud.clients
  const deps = {
    ...{ ...cloud, pipeline, routes, replayPrefix, clock, log: silentLog },
    ids: { next: () => createUlid(clock.now()) },
    queue: createSqsQueue({ client: sqs, queueUrl: bulkQueueUrl ?? objectsQueueUrl }),
    replicator: createS3Replicator({ client: s3 }),
  }
  const { bucket, copiesTo } = request
  const where =
    copiesTo === undefined ? 'sent' : `copied below ${objectUri({ bucket, key: copiesTo })}`
  try {
    let sum: ObjectReplaySum | undefined
    for await (const step of replayObjects(deps, request, callOf(surroundings, replayMs))) {
      sum = step
      progress.show(`${sum.listed} listed, ${sum.found} in the window, ${sum.sent} ${where}`)
    }
    progress.end()
    if (!sum) throw new Error('there was no page to look at')
    const queue = copiesTo !== undefined ? undefined : bulkQueueUrl ? 'bulk' : 'objects'
    const window = {
      start: new Date(request.start).toISOString(),
      end: new Date(request.end).toISOString(),
    }
    return {
      document: { pipeline, via: command.via, queue, ...request, ...window, ...sum },
      text: describeReplay(request, sum, queue),
      code: sum.failed.length + (sum.standings.stuck ?? 0) > 0 ? 1 : 0,
    }
  } finally {
    progress.end()
    cloud.clients.destroy()
  }
}
