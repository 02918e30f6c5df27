import {
  createDynamoDbClient,
  createDynamoLedger,
  createQueueLook,
  createS3Bronze,
  createS3Client,
  createS3Store,
  createSecretLogin,
  createSecretsClient,
  createSqsClient,
  createSqsRedelivery,
} from '@silversmith/aws'
import { createFunctionLog, observe, openTracer } from '@silversmith/aws/powertools-log'
import { withLogin } from '@silversmith/clickhouse'
import { awsSettingsOf, type Clock } from '@silversmith/core'
import { createTransform, dryRun, sourceOfAsked, modeOf, withCheckup } from '@silversmith/flow'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkupOf } from './checkup.ts'
import { parseConfig } from './config.ts'
import { createHandler } from './handler.ts'
import { createMessageSources } from './message-source.ts'
import { createQueueGuard } from './queue-guard.ts'
import { openTargets } from './targets.ts'
import { transformDepsOf } from './transform-deps.ts'
import { capYoungGeneration } from './young-generation.ts'

const parsed = parseConfig(process.env)
const aws = awsSettingsOf(parsed)
const clickHouse =
  parsed.clickHouse &&
  withLogin(parsed.clickHouse, (arn) =>
    createSecretLogin({ client: createSecretsClient(aws), arn }),
  )
const config = { ...parsed, clickHouse }
capYoungGeneration(config.memoryMib)
const log = createFunctionLog({ service: 'transform', ...config })
const s3 = createS3Client(aws)
const clock: Clock = { now: Date.now, sleep: async (ms) => void (await sleep(ms)) }
const stallMs = config.s3ReadTimeoutMs
const store = createS3Store({ client: s3, bucket: config.silverBucket, stallMs })

const dynamodb = createDynamoDbClient(aws)
const sqs = createSqsClient(aws, { byName: true })
const deps = transformDepsOf(config, {
  targets: openTargets(config, store),
  bronze: createS3Bronze({ client: s3, stallMs }),
  store,
  ledger: createDynamoLedger({ client: dynamodb, tableName: config.ledgerTable }),
  clock,
  log,
})

const messageSourceOf = createMessageSources({ ...config, now: clock.now })

log.started(config.effective)

const { now } = clock
const { env: environment } = process

export const handler = observe(
  log,
  await openTracer('transform', config.traceEnabled),
  modeOf,
  withCheckup(
    () => checkupOf(config, { s3, dynamodb, sqs, process, environment, now }),
    createHandler({
      ...{ ...config, log, now, messageSourceOf, chance: Math.random },
      redelivery: createSqsRedelivery({ client: sqs }),
      transform: createTransform(deps),
      dryRunOf: async (asked, call) => {
        const source = await sourceOfAsked({ ...deps, ...config }, asked, call.signal)
        return dryRun({ ...deps, targets: config.targets }, [source], call)
      },
      guardQueues: createQueueGuard({
        ...{ look: createQueueLook(sqs), now },
        limit: (ms) => AbortSignal.timeout(ms),
      }),
    }),
  ),
)
