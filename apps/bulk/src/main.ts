import { Tracer } from '@aws-lambda-powertools/tracer'
import {
  createAwsClients,
  createDynamoLedger,
  createS3Store,
  createSqsQueue,
} from '@silversmith/aws'
import { createFunctionLog, observe } from '@silversmith/aws/powertools-log'
import { awsSettingsOf, type Clock } from '@silversmith/core'
import { createSweep } from '@silversmith/flow'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseConfig } from './config.ts'
import { createHandler } from './handler.ts'

const config = parseConfig(process.env)
const log = createFunctionLog({ service: 'bulk', ...config })
const clients = createAwsClients(awsSettingsOf(config))
const clock: Clock = { now: Date.now, sleep: async (ms) => void (await sleep(ms)) }

const sweep = createSweep({
  pipeline: config.pipeline,
  ledger: createDynamoLedger({ client: clients.dynamodb, tableName: config.ledgerTable }),
  store: createS3Store({
    client: clients.s3,
    bucket: config.silverBucket,
    stallMs: config.s3ReadTimeoutMs,
  }),
  queue: createSqsQueue({ client: clients.sqs, queueUrl: config.objectsQueueUrl }),
  clock,
  log,
})

log.started(config.effective)

export const handler = observe(
  log,
  new Tracer({ serviceName: 'bulk' }),
  createHandler({ sweep }, clock.now),
)
