import { createSqsMeter } from '@silversmith/aws'
import { createLambdaMappings } from '@silversmith/aws/lambda-mappings'
import type { EventMappings, QueueMeter } from '@silversmith/core'
import type { IntakeMapping, IntakeView, PauseDeps } from '@silversmith/flow'
import type { Cloud, Deployment } from '../deployment/deployment.ts'
import {
  findDeployment,
  localCredentials,
  openCloud,
  readDeployment,
} from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { messagesNameOf } from '../deployment/letters.ts'
import { writeMoment } from '../text/age.ts'
import type { Row } from '../text/row-layout.ts'
import { silentLog } from '../deployment/silent-log.ts'
import type { Surroundings } from '../surroundings.ts'

interface QueueUrls {
  readonly arrivalsQueueUrl: string
  readonly objectsQueueUrl: string
  readonly bulkQueueUrl: string | undefined
  readonly messagesQueueUrls: readonly string[]
}

/** Every queue that feeds a function, in the order of the flow. */
export const openMeters = (
  { clients: { sqs: client } }: Cloud,
  { arrivalsQueueUrl, objectsQueueUrl, bulkQueueUrl, messagesQueueUrls }: QueueUrls,
): readonly QueueMeter[] => [
  createSqsMeter({ client, name: 'arrivals', queueUrl: arrivalsQueueUrl }),
  createSqsMeter({ client, name: 'objects', queueUrl: objectsQueueUrl }),
  ...(bulkQueueUrl === undefined
    ? []
    : [createSqsMeter({ client, name: 'bulk', queueUrl: bulkQueueUrl })]),
  ...messagesQueueUrls.map((queueUrl) =>
    createSqsMeter({ client, name: messagesNameOf(queueUrl), queueUrl }),
  ),
]

/** The event source mappings of a deployment; a local stack answers Lambda's API, too. */
export const openMappings = ({ settings, stack }: Deployment): EventMappings & { close(): void } =>
  createLambdaMappings(
    stack === undefined
      ? {}
      : {
          region: settings['AWS_REGION'],
          endpoints: { lambda: stack.invokeUrl },
          credentials: localCredentials,
        },
  )

/** SQS tells its counts up to a minute late, and the open index lags less; those of a local stack do not. */
const settleMsOf = ({ stack }: Deployment): number =>
  stack?.credentials === 'any' ? 2_000 : 65_000

export interface Intake extends PauseDeps {
  /** How long all must be seen empty before it is. */
  readonly settleMs: number
}

/** Works on what feeds the functions of a deployment; its connections end with it. @throws UsageError */
export const atIntake = async <Result>(
  { environment, clock }: Surroundings,
  dir: string | undefined,
  work: (intake: Intake) => Promise<Result>,
): Promise<Result> => {
  const deployment = await findDeployment(environment, dir)
  const { objects, deadLetters } = deploymentSettings
  const { arrivalsQueueUrl, bulkQueueUrl, messagesQueueUrls } = deadLetters
  const urls = { ...objects, arrivalsQueueUrl, bulkQueueUrl, messagesQueueUrls }
  const values = readDeployment(deployment, urls)
  const { clients, ...ports } = openCloud(deployment, values)
  const mappings = openMappings(deployment)
  try {
    return await work({
      ...{ ...ports, pipeline: values.pipeline, clock, log: silentLog, mappings },
      queues: openMeters({ clients, ...ports }, values),
      settleMs: settleMsOf(deployment),
    })
  } finally {
    mappings.close()
    clients.destroy()
  }
}

/** `transform`, of a name or an ARN. */
export const functionNameOf = (nameOrArn: string): string =>
  nameOrArn.replace(/^arn:[^:]+:lambda:[^:]*:[^:]*:function:/, '')

/** A row for each mapping, and for each queue that has none. */
export const intakeRows = ({ mappings, depths }: IntakeView, now: number): readonly Row[] => {
  const rowOf = ({ functionName, state, changedAt }: IntakeMapping): Row => ({
    ...{ feeds: functionNameOf(functionName), mapping: state },
    since: changedAt > 0 ? writeMoment(changedAt, now) : '',
  })
  const known = depths.flatMap(({ queue, ready, delayed, inFlight }) => {
    const own = mappings.filter((mapping) => mapping.queue === queue).map(rowOf)
    return (own.length > 0 ? own : [{ feeds: '', mapping: 'none', since: '' }]).map((one) => ({
      ...{ queue, ...one, ready: ready + delayed, 'in flight': inFlight },
    }))
  })
  const unknown = mappings.filter(({ isKnown }) => !isKnown)
  return [
    ...known,
    ...unknown.map((one) => ({ queue: one.queue, ...rowOf(one), ready: '?', 'in flight': '?' })),
  ]
}
