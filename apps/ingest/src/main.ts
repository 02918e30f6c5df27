import {
  createAwsClients,
  createS3Bronze,
  createS3Replicator,
  createSqsQueue,
} from '@silversmith/aws'
import { createFunctionLog, observe, openTracer } from '@silversmith/aws/powertools-log'
import { awsSettingsOf } from '@silversmith/core'
import { createIngest, modeOf, withCheckup } from '@silversmith/flow'
import { checkupOf } from './checkup.ts'
import { parseConfig } from './config.ts'
import { createHandler } from './handler.ts'
import { createIdempotentSends } from './send-once.ts'

const config = parseConfig(process.env)
const log = createFunctionLog({ service: 'ingest', ...config })
const clients = createAwsClients(awsSettingsOf(config))
const { begin, sendOnce } = createIdempotentSends(clients.dynamodb, config.idempotencyTable)

const ingest = createIngest({
  pipeline: config.pipeline,
  routes: config.routes,
  buckets: config.buckets,
  bronze: createS3Bronze({ client: clients.s3, stallMs: config.s3ReadTimeoutMs }),
  replay: { prefix: config.replayPrefix, replicator: createS3Replicator({ client: clients.s3 }) },
  queue: createSqsQueue({ client: clients.sqs, queueUrl: config.objectsQueueUrl }),
  sendOnce,
})

log.started(config.effective)

const { env: environment } = process

export const handler = observe(
  log,
  await openTracer('ingest', config.traceEnabled),
  modeOf,
  withCheckup(
    () => checkupOf(config, { clients, process, environment, now: Date.now }),
    createHandler({ ingest, log, begin, dryRun: config.dryRun }),
  ),
)
