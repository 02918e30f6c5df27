import { createSqsDeadLetters, createSqsMeter, createSqsQueue, createUlid } from '@silversmith/aws'
import { type DeadLetterQueue, isFault, type JobRequest, readWindow } from '@silversmith/core'
import { type BulkDeps, requestProblems, withoutCopies } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { silentLog } from '../deployment/silent-log.ts'
import type { Surroundings } from '../surroundings.ts'
import { UsageError } from '../usage-error.ts'
import type { Selection } from './backfill-line.ts'

/** What the commands about jobs work with. */
export interface BackfillRoom extends BulkDeps {
  readonly buckets: readonly string[]
  readonly silverBucket: string
  /** Of the queue that jobs send to. */
  readonly deadLetters: Pick<DeadLetterQueue, 'count'>
  /** What is sent goes to the queue of live objects, and these wait behind it. */
  readonly isBesideLive: boolean
}

const settings = {
  ...deploymentSettings.bronze,
  ...deploymentSettings.objects,
  bulkQueueUrl: deploymentSettings.deadLetters.bulkQueueUrl,
  bulkDeadUrl: deploymentSettings.deadLetters.bulkDeadUrl,
  objectsDeadUrl: deploymentSettings.deadLetters.objectsDeadUrl,
}

/** Opens a deployment for work on its jobs, and closes it. @throws UsageError also for a job there is not. */
export const atBackfill = async (
  { environment, clock, progress }: Surroundings,
  dir: string | undefined,
  work: (room: BackfillRoom) => Promise<Answer>,
): Promise<Answer> => {
  const deployment = await findDeployment(environment, dir)
  const values = readDeployment(deployment, settings)
  const { clients, ...ports } = openCloud(deployment, values)
  const { pipeline, routes, buckets, silverBucket, objectsQueueUrl, bulkQueueUrl } = values
  // A route of everything would take copies of replays for objects of their own.
  const bronze = withoutCopies(ports.bronze, values.replayPrefix)
  const queueUrl = bulkQueueUrl ?? objectsQueueUrl
  const deadQueueUrl = bulkQueueUrl === undefined ? values.objectsDeadUrl : values.bulkDeadUrl
  try {
    return await work({
      ...{ ...ports, bronze, pipeline, routes, buckets, silverBucket, clock, log: silentLog },
      ids: { next: () => createUlid(clock.now()) },
      queue: createSqsQueue({ client: clients.sqs, queueUrl }),
      meter: createSqsMeter({ client: clients.sqs, name: 'bulk', queueUrl }),
      deadLetters: createSqsDeadLetters({
        ...{ client: clients.sqs, name: 'bulk', queueUrl, deadQueueUrl },
      }),
      isBesideLive: bulkQueueUrl === undefined,
    })
  } catch (error) {
    // Most likely its name is mistyped, or of another job.
    if (isFault(error, 'JOB_REFUSED')) throw new UsageError(error.message)
    throw error
  } finally {
    progress.end()
    clients.destroy()
  }
}

const optionOf = {
  ...{ start: 'start', end: 'end', hours: 'hours', keyRegex: 'key-regex' },
  ...{ minBytes: 'min-bytes', maxBytes: 'max-bytes', datasets: 'dataset' },
} as const

/** @throws UsageError that lists everything that is wrong. */
export const requestOf = (
  { bucket: named, prefixes, window: asked, force }: Selection,
  { buckets, routes }: Pick<BackfillRoom, 'buckets' | 'routes'>,
): JobRequest => {
  const bucket = named ?? (buckets.length === 1 ? buckets[0] : undefined)
  if (bucket === undefined)
    throw new UsageError(`--bucket must say which of ${buckets.join(', ')}: a job is of one`)
  const read = readWindow(asked, [...new Set(routes.map(({ dataset }) => dataset))])
  const problems = [
    ...('problems' in read
      ? read.problems.map(({ field, problem }) => `--${optionOf[field]} ${problem}`)
      : []),
    ...requestProblems({ bucket, prefixes }, buckets),
  ]
  if (problems.length > 0 || !('window' in read)) throw new UsageError(problems.join('\n'))
  return { bucket, prefixes, window: read.window, force }
}

/** A name that is new, and tells when it was made. */
export const makeName = (now: number, ulid: string): string =>
  `backfill-${new Date(now).toISOString().slice(0, 10)}-${ulid.slice(-6).toLowerCase()}`
