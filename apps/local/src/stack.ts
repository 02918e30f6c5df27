import { createDynamoLedger } from '@silversmith/aws'
import type { Ledger, Route, Table } from '@silversmith/core'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleFunctions, functionNames } from './bundles.ts'
import type { Bundles, FunctionName } from './bundles.ts'
import { createClosers } from './closers.ts'
import type { Closers } from './closers.ts'
import {
  functionSettingsOf,
  functionSizes,
  logFileOf,
  mappedFunctions,
  mappingNames,
  mappingSettings,
  sweepMs,
} from './functions.ts'
import type { FunctionContext, MappingName } from './functions.ts'
import { createFunctionPool } from './lambda/function-pool.ts'
import type { FunctionPool } from './lambda/function-pool.ts'
import type { Failure, FunctionSettings } from './lambda/invocation.ts'
import { startInvokeApi } from './lambda/invoke-api.ts'
import { startMapping } from './mapping/event-source-mapping.ts'
import type { Mapping, MappingSettings, MappingState } from './mapping/event-source-mapping.ts'
import { createMappingApi } from './mapping/mapping-api.ts'
import type { NamedMapping } from './mapping/mapping-api.ts'
import { createNotifier } from './notifier.ts'
import type { Notifier } from './notifier.ts'
import { createResources } from './resources.ts'
import type { Resources } from './resources.ts'
import type { OnNotification } from './s3/notification.ts'
import { startServices } from './services.ts'
import type { Services } from './services.ts'
import { stackSettingsOf } from './stack-settings.ts'
import { openWarehouse } from './warehouse.ts'
import type { Warehouse } from './warehouse.ts'

/** What tests of failures have otherwise than `functions.ts` says. */
export interface Tuning {
  /** Of each function, before its first process. */
  readonly tuneFunction?: (settings: FunctionSettings) => FunctionSettings
  /** Of all mappings. */
  readonly mapping?: Partial<
    Pick<MappingSettings, 'batchSize' | 'windowMs' | 'concurrencyMax' | 'retryMaxMs'>
  >
  readonly sweepMs?: number
}

export interface StackOptions {
  readonly dir: string
  readonly targets: readonly string[]
  /** Undefined: those the datasets come with. */
  readonly routes: readonly Route[] | undefined
  readonly tables: readonly Table[]
  readonly duplicateEvents: number
  readonly migrate: boolean
  readonly environment: NodeJS.ProcessEnv
  /** Made when absent. */
  readonly bundles?: Bundles
  readonly onInitFailure: (name: FunctionName, failure: Failure) => void
  readonly onLine: (name: FunctionName, line: string) => void
  /** Told of each event of an object, once. */
  readonly onArrival?: (record: object) => void
  readonly signal: AbortSignal
  readonly tuning?: Tuning
}

/** Everything Terraform would make, on this machine. */
export interface Stack extends Services {
  readonly dir: string
  readonly targets: readonly string[]
  readonly resources: Resources
  readonly ledger: Ledger
  readonly warehouse: Warehouse | undefined
  readonly notifier: Notifier
  readonly invokeUrl: string
  /** Begins to take messages; before, nothing moves. */
  start(): void
  /** Of the mappings, once started. */
  mappings(): Readonly<Partial<Record<MappingName, MappingState>>>
  /** Processes of a function that live. */
  pids(name: FunctionName): readonly number[]
  close(): Promise<void>
}

const startFunctions = (
  bundles: Bundles,
  options: StackOptions,
  context: FunctionContext,
  closers: Closers,
): Readonly<Record<FunctionName, FunctionPool>> => {
  const tune = options.tuning?.tuneFunction ?? ((settings) => settings)
  const create = (name: FunctionName): FunctionPool => {
    const pool = createFunctionPool(tune(functionSettingsOf(name, bundles, context)), {
      logFile: logFileOf(options.dir, name),
      onInitFailure: (failure) => options.onInitFailure(name, failure),
      onLine: (line) => options.onLine(name, line),
    })
    closers.add(() => pool.close())
    return pool
  }
  return { ingest: create('ingest'), transform: create('transform'), bulk: create('bulk') }
}

/** Invokes the sweep again and again, never twice at once. */
const startSweeping = (bulk: FunctionPool, everyMs: number): (() => void) => {
  let running = false
  const timer = setInterval(() => {
    if (running) return
    running = true
    void bulk.invoke('{"mode":"sweep"}').finally(() => (running = false))
  }, everyMs)
  return () => clearInterval(timer)
}

const clickHouseOf = async (
  options: StackOptions,
  closers: Closers,
): Promise<Warehouse | undefined> =>
  options.targets.includes('clickhouse') ? openWarehouse({ ...options, closers }) : undefined

/** Says where a running stack is and what it is set to, for `silversmith`. */
export const stackFile = 'stack.json'

const announce = async (
  stack: Omit<Stack, 'close' | 'start' | 'mappings' | 'pids'>,
  settings: Readonly<Record<string, string>>,
): Promise<void> => {
  const { resources, endpoints, warehouse } = stack
  const document = {
    pid: process.pid,
    invokeUrl: stack.invokeUrl,
    functions: functionNames,
    endpoints,
    buckets: { bronze: resources.bronzeBucket, silver: resources.silverBucket },
    queues: {
      arrivals: resources.arrivals.main.queueUrl,
      objects: resources.objects.main.queueUrl,
      bulk: resources.bulk.main.queueUrl,
      messages: resources.messages.main.queueUrl,
    },
    tables: { ledger: resources.ledgerTable, idempotency: resources.idempotencyTable },
    clickhouse: warehouse
      ? { url: warehouse.settings.url, database: warehouse.settings.database }
      : null,
    settings,
    /** Our own servers take any credentials; those of another server are the person's. */
    credentials: Object.values(stack.ours).every(Boolean) ? 'any' : 'yours',
  }
  await writeFile(join(stack.dir, stackFile), `${JSON.stringify(document, null, 2)}\n`)
}

/** As Promise.all, but it ends when all have ended: what they started is then known to the closers. */
const settleAll = async <A, B, C>(
  work: readonly [Promise<A>, Promise<B>, Promise<C>],
): Promise<[A, B, C]> => {
  await Promise.allSettled(work)
  return Promise.all(work)
}

/** Of those that were started. */
const namedMappings = (
  resources: Resources,
  mappings: Readonly<Partial<Record<MappingName, Mapping>>>,
): readonly NamedMapping[] =>
  mappingNames.flatMap((name) => {
    const mapping = mappings[name]
    const { queueArn } = resources[name].main
    return mapping ? [{ id: name, functionName: mappedFunctions[name], queueArn, mapping }] : []
  })

const build = async (options: StackOptions, closers: Closers): Promise<Stack> => {
  const { dir, environment, targets } = options
  await mkdir(join(dir, 'logs'), { recursive: true })
  // The queue comes after the server that notifies it.
  const arrivals: { notify?: OnNotification } = {}
  const onNotification: OnNotification = (record) => arrivals.notify?.(record)
  const [bundles, warehouse, services] = await settleAll([
    Promise.resolve(options.bundles ?? bundleFunctions(join(dir, 'functions'))),
    clickHouseOf(options, closers),
    startServices({ dir, environment, onNotification, closers }),
  ])
  const timingOf = (name: MappingName) => ({
    timeoutMs: functionSizes[mappedFunctions[name]].timeoutMs,
    windowMs: mappingSettings[name].windowMs,
  })
  const resources = await createResources(services.clients, {
    bronzeBucket: environment['BRONZE_BUCKET'] ?? 'bronze',
    silverBucket: environment['SILVER_BUCKET'] ?? 'silver',
    sqsEndpoint: services.ours.sqs ? services.endpoints.sqs : undefined,
    arrivals: timingOf('arrivals'),
    objects: timingOf('objects'),
  })
  const notifier = createNotifier(services.clients.sqs, {
    queueUrl: resources.arrivals.main.queueUrl,
    copies: options.duplicateEvents,
    ...(options.onArrival && { onEvent: options.onArrival }),
  })
  arrivals.notify = (record) =>
    record.s3.bucket.name === resources.bronzeBucket &&
    record.eventName.startsWith('ObjectCreated:')
      ? notifier.notify(record)
      : undefined

  const context: FunctionContext = {
    resources,
    targets,
    routes: options.routes === undefined ? undefined : JSON.stringify(options.routes),
    endpoints: services.endpoints,
    credentials: services.credentials,
    clickHouse: warehouse?.environment ?? {},
    environment,
  }
  const pools = startFunctions(bundles, options, context, closers)
  const mappings: Partial<Record<MappingName, Mapping>> = {}
  const invokeApi = await startInvokeApi(
    Object.values(pools),
    createMappingApi(() => namedMappings(resources, mappings)),
  )
  closers.add(invokeApi.close)

  const start = (): void => {
    const sqs = services.clients.sqs
    for (const name of mappingNames) {
      const pool = pools[mappedFunctions[name]]
      const mapping = startMapping(sqs, pool, {
        ...resources[name].main,
        ...mappingSettings[name],
        // S3 events are repeated where they are made; of messages only a delivery can be repeated, for another send is another.
        copies: name === 'messages' ? options.duplicateEvents : 1,
        ...options.tuning?.mapping,
      })
      mappings[name] = mapping
      // The function ends at once: whatever it was doing is safe to be cut, and nobody waits here for a time-out.
      closers.add(() => Promise.all([pool.close(), mapping.stop()]))
    }
    const stopSweeping = startSweeping(pools.bulk, options.tuning?.sweepMs ?? sweepMs)
    closers.add(() => Promise.resolve(stopSweeping()))
  }

  const stack = {
    ...services,
    dir,
    targets,
    resources,
    ledger: createDynamoLedger({
      client: services.clients.dynamodb,
      tableName: resources.ledgerTable,
    }),
    warehouse,
    notifier,
    invokeUrl: invokeApi.url,
  }
  closers.add(() => rm(join(dir, stackFile), { force: true }))
  await announce(stack, stackSettingsOf(context))
  return {
    ...stack,
    start,
    mappings: () => ({
      ...(mappings.arrivals && { arrivals: mappings.arrivals.state() }),
      ...(mappings.objects && { objects: mappings.objects.state() }),
      ...(mappings.bulk && { bulk: mappings.bulk.state() }),
      ...(mappings.messages && { messages: mappings.messages.state() }),
    }),
    pids: (name) => pools[name].pids(),
    close: closers.close,
  }
}

/** Starts everything or nothing: after a failure, what was started is ended. */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const closers = createClosers()
  try {
    return await build(options, closers)
  } catch (error) {
    await closers.close().catch(() => undefined)
    throw error
  }
}
