import {
  createBucketChecker,
  createQueueChecker,
  createTableChecker,
  ledgerTableDefinition,
  lookAtPlace,
} from '@silversmith/aws'
import { createClickHouseChecker, tablesOf } from '@silversmith/clickhouse'
import { datasets, sqsMessages } from '@silversmith/datasets'
import { type CheckupDeps, describeProcess, type ProcessFacts } from '@silversmith/flow'
import type { parseConfig } from './config.ts'

type S3Client = Parameters<typeof createBucketChecker>[0]
type DynamoDbClient = Parameters<typeof createTableChecker>[0]
type SqsClient = Parameters<typeof createQueueChecker>[0]

export interface CheckupRoom {
  readonly s3: S3Client
  readonly dynamodb: DynamoDbClient
  readonly sqs: SqsClient
  readonly process: ProcessFacts
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** What transform stands on: the silver bucket, the ledger, its queues, and ClickHouse as it inserts there. */
export const checkupOf = (
  config: ReturnType<typeof parseConfig>,
  { s3, dynamodb, sqs, process, environment, now }: CheckupRoom,
): CheckupDeps => {
  const { silverBucket, ledgerTable, objectsQueueUrl, messagesQueueUrls, clickHouse } = config
  const queues = [...(objectsQueueUrl === undefined ? [] : [objectsQueueUrl]), ...messagesQueueUrls]
  const fed = datasets.filter(
    ({ name }) =>
      config.routes.some(({ dataset }) => dataset === name) ||
      (name === sqsMessages.name && messagesQueueUrls.length > 0),
  )
  return {
    functionName: 'transform',
    modes: ['messages of SQS', 'dry_run'],
    checkersOf: (timeoutSeconds) => [
      createBucketChecker(s3, silverBucket, { isWritten: true }),
      createTableChecker(dynamodb, ledgerTableDefinition(ledgerTable)),
      ...queues.map((url) => createQueueChecker(sqs, url, timeoutSeconds)),
      ...(clickHouse
        ? [
            createClickHouseChecker({
              ...{ settings: clickHouse, tables: tablesOf(fed, config.routes, clickHouse) },
              role: 'writer',
            }),
          ]
        : []),
    ],
    settings: config.effective,
    ...describeProcess(process, environment, config),
    place: { bucket: config.diagnosedBucket, prefix: config.diagnosedPrefix },
    lookAtPlace: (place, signal) => lookAtPlace(s3, place, signal),
    ...{ limit: (ms) => AbortSignal.timeout(ms), now },
  }
}
