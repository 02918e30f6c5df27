import {
  createAwsClients,
  createDynamoLedger,
  createS3Bronze,
  createS3Store,
  createSecretLogin,
  createSecretsClient,
  createSqsMeter,
  createSqsQueue,
  createUlid,
} from '@silversmith/aws'
import { createFunctionLog, observe, openTracer } from '@silversmith/aws/powertools-log'
import { createClickHouseInspector, withLogin } from '@silversmith/clickhouse'
import { awsSettingsOf, type Clock, type Inspector } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import {
  createReconcile,
  createSilverInspector,
  createSweep,
  modeOf,
  withCheckup,
  withoutCopies,
} from '@silversmith/flow'
import { readParquet } from '@silversmith/parquet'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBulkMode } from './bulk-mode.ts'
import { checkupOf } from './checkup.ts'
import { parseConfig } from './config.ts'
import { withFaultNames } from './fault-names.ts'
import { createHandler, type Modes, refuseFields, unknownFields } from './handler.ts'
import { createMapMode } from './map-mode.ts'
import { createReconcileMode } from './reconcile-mode.ts'
import { createSendGuard } from './send-guard.ts'

const parsed = parseConfig(process.env)
const aws = awsSettingsOf(parsed)
const clickHouse =
  parsed.clickHouse &&
  withLogin(parsed.clickHouse, (arn) =>
    createSecretLogin({ client: createSecretsClient(aws), arn }),
  )
const config = { ...parsed, clickHouse }
const log = createFunctionLog({ service: 'bulk', ...config })
const clients = createAwsClients(aws)
const clock: Clock = { now: Date.now, sleep: async (ms) => void (await sleep(ms)) }
const stallMs = config.s3ReadTimeoutMs
const store = createS3Store({ client: clients.s3, bucket: config.silverBucket, stallMs })
const ledger = createDynamoLedger({ client: clients.dynamodb, tableName: config.ledgerTable })
const queue = createSqsQueue({ client: clients.sqs, queueUrl: config.objectsQueueUrl })
const bulkQueueUrl = config.bulkQueueUrl ?? config.objectsQueueUrl
const bronze = withoutCopies(createS3Bronze({ client: clients.s3, stallMs }), config.replayPrefix)
const guard =
  config.idempotencyTable === undefined
    ? undefined
    : createSendGuard(clients.dynamodb, config.idempotencyTable)
const deps = { pipeline: config.pipeline, ledger, store, queue, clock, log }

const routed = datasets.filter(({ name }) => config.routes.some(({ dataset }) => dataset === name))
const tables = routed.flatMap((dataset) => dataset.tables)
const inspectors: readonly Inspector[] = [
  ...(config.targets.includes('silver')
    ? [
        createSilverInspector({
          ...{ store, prefix: `${config.silverPrefix}/`, decode: readParquet },
          retention: { tables: datasets.flatMap((dataset) => dataset.tables), now: Date.now },
        }),
      ]
    : []),
  ...(config.clickHouse
    ? [
        // Of all datasets: what was loaded stays to be compared when its route is gone.
        createClickHouseInspector({
          settings: config.clickHouse,
          tables: datasets.flatMap((dataset) => dataset.tables),
        }),
      ]
    : []),
]

const sweep = createSweep(deps)
const reconcile = createReconcile({
  ...deps,
  routes: config.routes,
  bronze,
  inspectors,
  tables: tables.map(({ name }) => name),
  quarantinePrefix: `${config.quarantinePrefix}/`,
})

log.started(config.effective)

const jobDeps = {
  ...{ ...deps, bronze, routes: config.routes, buckets: config.buckets },
  ids: { next: () => createUlid(Date.now()) },
  silverBucket: config.silverBucket,
  queue: createSqsQueue({ client: clients.sqs, queueUrl: bulkQueueUrl }),
  meter: createSqsMeter({ client: clients.sqs, name: 'bulk', queueUrl: bulkQueueUrl }),
  ...(guard && { guard: guard.send }),
}

const modes: Modes = {
  sweep: async (fields, call) => {
    refuseFields('sweep', unknownFields(fields, []))
    return sweep(call)
  },
  bulk: createBulkMode(jobDeps),
  map: createMapMode({ ...jobDeps, replayPrefix: config.replayPrefix }),
  reconcile: createReconcileMode({ ...config, reconcile, ledger, now: clock.now }),
}
const { now } = clock
const { env: environment } = process

const handleObserved = observe(
  log,
  await openTracer('bulk', config.traceEnabled),
  modeOf,
  withCheckup(
    () => checkupOf(config, { clients, modes: Object.keys(modes), process, environment, now }),
    createHandler({ modes, now, dryRun: config.dryRun, begin: guard?.begin }),
  ),
)

export const handler = withFaultNames(handleObserved)
