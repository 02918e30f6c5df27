import {
  type AwsClients,
  createBucketChecker,
  createQueueChecker,
  createTableChecker,
  idempotencyTableDefinition,
  lookAtPlace,
} from '@silversmith/aws'
import { type CheckupDeps, describeProcess, type ProcessFacts } from '@silversmith/flow'
import type { parseConfig } from './config.ts'

export interface CheckupRoom {
  readonly clients: AwsClients
  readonly process: ProcessFacts
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** What ingest stands on: the bronze buckets, both queues, and the table of what was sent. */
export const checkupOf = (
  config: ReturnType<typeof parseConfig>,
  { clients, process, environment, now }: CheckupRoom,
): CheckupDeps => {
  const { arrivalsQueueUrl, buckets = [], idempotencyTable, objectsQueueUrl } = config
  return {
    functionName: 'ingest',
    modes: ['messages of SQS', 'events of S3, SNS and EventBridge', '{"bucket", "key"}'],
    checkersOf: (timeoutSeconds) => [
      ...buckets.map((name) => createBucketChecker(clients.s3, name, { isWritten: false })),
      createTableChecker(clients.dynamodb, idempotencyTableDefinition(idempotencyTable)),
      ...(arrivalsQueueUrl === undefined
        ? []
        : [createQueueChecker(clients.sqs, arrivalsQueueUrl, timeoutSeconds)]),
      createQueueChecker(clients.sqs, objectsQueueUrl, undefined),
    ],
    settings: config.effective,
    ...describeProcess(process, environment, config),
    place: { bucket: config.diagnosedBucket, prefix: config.diagnosedPrefix },
    lookAtPlace: (place, signal) => lookAtPlace(clients.s3, place, signal),
    ...{ limit: (ms) => AbortSignal.timeout(ms), now },
  }
}
