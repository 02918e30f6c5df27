import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { datasets } from '@silversmith/datasets'
import { stagingPrefix } from '@silversmith/flow'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClosers } from '../closers.ts'
import type { Closers } from '../closers.ts'
import { drain } from '../drain.ts'
import type { Status } from '../drain.ts'
import { listKeys } from '../account/history.ts'
import type { InputObject } from '../input/input-object.ts'
import type { FunctionSettings } from '../lambda/invocation.ts'
import { startStack } from '../stack.ts'
import type { Stack } from '../stack.ts'
import { uploadAll } from '../input/upload.ts'
import { arrivedBelow, readArrived, table } from './arrived.ts'
import type { Arrived } from './arrived.ts'
import { startKillProxy } from './kill-proxy.ts'
import type { KillProxy } from './kill-proxy.ts'
import { startMortalEngine } from './mortal-engine.ts'
import type { MortalEngine } from './mortal-engine.ts'

/** A stack whose transform can be killed, with an engine that can be, too. Its table merges no parts. */
export interface Trial {
  readonly proxy: KillProxy
  /** Uploads objects, name → text, below a prefix. */
  load(prefix: string, objects: ReadonlyMap<string, string>): Promise<void>
  /** Waits until nothing is left to do. */
  settle(): Promise<Status>
  readArrived(prefix: string): Promise<Arrived>
  /** Batch id → `F`, `S`, `C`, `A failed` or `A lost`. */
  readBatches(): Promise<ReadonlyMap<string, string>>
  listStaging(): Promise<readonly string[]>
  /** SIGKILL to the one process of transform. Resolves with its id when it is gone. */
  killTransform(): Promise<number>
  /** SIGKILL to the engine, and a new one on the same folder. */
  crashClickHouse(): Promise<void>
  /** Makes ClickHouse forget every INSERT it had. */
  forgetTokens(): Promise<void>
  /** Parts that came of a merge. */
  countMerged(): Promise<number>
  close(): Promise<void>
}

/**
 * Its work ends 4 s after the start, eight times what it needs, and with it the lease: whoever died is given up then, and not
 * minutes later.
 */
const transformTiming = {
  timeoutMs: 9_000,
  env: { LAMBDA_TIMEOUT_SAFETY_MARGIN_MS: '5000', LEASE_MARGIN_MS: '0' },
}
/** One delivery brings all objects of a trial, and one process at a time handles them: it is clear whom to kill. */
const mapping = { batchSize: 10, windowMs: 300, concurrencyMax: 1, retryMaxMs: 1_000 }
export const objectsMax = mapping.batchSize
const sweepMs = 500

const goneMsMax = 10_000
/** Longer than the waits of 1, 2 and 4 minutes after which a failed apply is tried again, as on a machine that is too slow. */
const stallMs = 480_000

/** Sends transform through the proxy, and the proxy to where transform would have gone. */
const throughProxy =
  (proxy: KillProxy) =>
  (settings: FunctionSettings): FunctionSettings => {
    if (settings.name !== 'transform') return settings
    const { env } = settings
    proxy.sendTo('s3', env['AWS_ENDPOINT_URL_S3'] ?? '')
    proxy.sendTo('dynamodb', env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '')
    const urls = {
      AWS_ENDPOINT_URL_S3: proxy.urls.s3,
      AWS_ENDPOINT_URL_DYNAMODB: proxy.urls.dynamodb,
      CLICKHOUSE_URL: proxy.urls.clickhouse,
    }
    const { timeoutMs } = transformTiming
    return { ...settings, timeoutMs, env: { ...env, ...transformTiming.env, ...urls } }
  }

async function* inputsOf(
  prefix: string,
  objects: ReadonlyMap<string, string>,
): AsyncGenerator<InputObject> {
  for (const [name, text] of objects) {
    const key = `${prefix}/${name}`
    const body = Buffer.from(text)
    const open = async function* () {
      yield await Promise.resolve(body)
    }
    yield { key, sizeBytes: body.length, origin: key, open }
  }
}

const readBatches = async ({ clients, resources }: Stack): Promise<Map<string, string>> => {
  const { Items, LastEvaluatedKey } = await clients.dynamodb.send(
    new ScanCommand({ TableName: resources.ledgerTable, ConsistentRead: true }),
  )
  if (LastEvaluatedKey) throw new Error('the ledger has more than a page')
  const batches = (Items ?? []).filter(({ kind }) => kind?.S === 'batch')
  return new Map(
    batches.map(({ id, state, end }) => [
      id?.S ?? '',
      [state?.S, end?.S].filter(Boolean).join(' '),
    ]),
  )
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const killTransform = async (stack: Stack): Promise<number> => {
  const [pid, ...others] = stack.pids('transform')
  if (pid === undefined || others.length > 0)
    throw new Error(`transform runs in ${pid === undefined ? 'no' : 'several'} processes, not one`)
  process.kill(pid, 'SIGKILL')
  const end = Date.now() + goneMsMax
  while (isRunning(pid)) {
    if (Date.now() > end) throw new Error(`process ${pid} outlived SIGKILL`)
    await sleep(1)
  }
  return pid
}

interface Parts {
  readonly stack: Stack
  readonly proxy: KillProxy
  readonly engine: MortalEngine
  readonly signal: AbortSignal
  readonly closers: Closers
}

const trialOf = ({ stack, proxy, engine, signal, closers }: Parts): Trial => {
  return {
    proxy,
    load: async (prefix, objects) => {
      await uploadAll(inputsOf(prefix, objects), {
        ...{ s3: stack.clients.s3, bucket: stack.resources.bronzeBucket, signal },
        onUploaded: () => undefined,
      })
      await stack.notifier.flush()
    },
    settle: () => drain(stack, { onStatus: () => undefined, signal, stallMs }),
    readArrived: async (prefix) =>
      arrivedBelow(
        await readArrived(stack, engine.url()),
        `s3://${stack.resources.bronzeBucket}/${prefix}/`,
      ),
    readBatches: () => readBatches(stack),
    listStaging: async () => {
      const keys: string[] = []
      for await (const key of listKeys(stack, stagingPrefix)) keys.push(key)
      return keys
    },
    killTransform: () => killTransform(stack),
    crashClickHouse: () => engine.crash(),
    forgetTokens: () => engine.forgetTokens(table),
    countMerged: () => engine.countMerged(table),
    close: () => closers.close(),
  }
}

export const startTrial = async (dir: string): Promise<Trial> => {
  const closers = createClosers()
  const failing = new AbortController()
  const { signal } = failing
  try {
    const proxy = await startKillProxy()
    closers.add(() => proxy.close())
    const engine = await startMortalEngine(join(dir, 'engine'), (url) =>
      proxy.sendTo('clickhouse', url),
    )
    closers.add(() => engine.close())
    const stack = await startStack({
      dir: join(dir, 'stack'),
      targets: ['silver', 'clickhouse'],
      routes: [{ prefix: '', suffixes: [], dataset: 'xapi_events' }],
      tables: datasets.flatMap(({ tables }) => tables),
      duplicateEvents: 1,
      migrate: true,
      environment: { CLICKHOUSE_URL: engine.url() },
      onInitFailure: (name, { errorMessage }) =>
        failing.abort(new Error(`${name} could not start: ${errorMessage}`)),
      onLine: () => undefined,
      signal,
      tuning: { tuneFunction: throughProxy(proxy), mapping, sweepMs },
    })
    closers.add(() => stack.close())
    await engine.stopMerges(table)
    stack.start()
    return trialOf({ stack, proxy, engine, signal, closers })
  } catch (error) {
    await closers.close().catch(() => undefined)
    throw error
  }
}
