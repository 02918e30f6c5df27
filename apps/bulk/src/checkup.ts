import {
  type AwsClients,
  createBucketChecker,
  createQueueChecker,
  createTableChecker,
  ledgerTableDefinition,
  lookAtPlace,
} from '@silversmith/aws'
import { createClickHouseChecker, tablesOf } from '@silversmith/clickhouse'
import { datasets } from '@silversmith/datasets'
import { type CheckupDeps, describeProcess, type ProcessFacts } from '@silversmith/flow'
import type { parseConfig } from './config.ts'

export interface CheckupRoom {
  readonly clients: AwsClients
  readonly modes: readonly string[]
  readonly process: ProcessFacts
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** What bulk stands on: the buckets it compares, the ledger, the objects queue, and ClickHouse as it counts there. */
export const checkupOf = (
  config: ReturnType<typeof parseConfig>,
  { clients, modes, process, environment, now }: CheckupRoom,
): CheckupDeps => {
  const { buckets, clickHouse, ledgerTable, objectsQueueUrl, routes, silverBucket } = config
  const queues = [objectsQueueUrl, ...(config.bulkQueueUrl ? [config.bulkQueueUrl] : [])]
  const routed = datasets.filter(({ name }) => routes.some(({ dataset }) => dataset === name))
  return {
    functionName: 'bulk',
    modes,
    checkersOf: () => [
      ...buckets.map((name) => createBucketChecker(clients.s3, name, { isWritten: false })),
      createBucketChecker(clients.s3, silverBucket, { isWritten: true }),
      createTableChecker(clients.dynamodb, ledgerTableDefinition(ledgerTable)),
      ...queues.map((url) => createQueueChecker(clients.sqs, url, undefined)),
      ...(clickHouse
        ? [
            createClickHouseChecker({
              ...{ settings: clickHouse, tables: tablesOf(routed, routes, clickHouse) },
              role: 'inspector',
            }),
          ]
        : []),
    ],
    settings: config.effective,
    ...describeProcess(process, environment, config),
    place: { bucket: config.diagnosedBucket, prefix: config.diagnosedPrefix },
    lookAtPlace: (place, signal) => lookAtPlace(clients.s3, place, signal),
    ...{ limit: (ms) => AbortSignal.timeout(ms), now },
  }
}
