import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { rowIdentity } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { stagingPrefix } from '@silversmith/flow'
import { readParquet } from '@silversmith/parquet'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startClickHouse } from '../clickhouse/engine.ts'
import { createClosers } from '../closers.ts'
import { drain } from '../drain.ts'
import type { Status } from '../drain.ts'
import { quarantinePrefix, silverPrefix } from '../functions.ts'
import { listKeys } from '../history.ts'
import type { FunctionSettings } from '../lambda/invocation.ts'
import { mirror } from '../mirror.ts'
import { startStack } from '../stack.ts'
import { uploadAll } from '../upload.ts'
import { startKillProxy } from './kill-proxy.ts'
import type { KillProxy } from './kill-proxy.ts'

export const table = 'raw_events'

/** What the pipeline made of the objects below one prefix, each list sorted; the prefix itself is left out. */
export interface Arrived {
  /** Row identities in the table itself, as often as they are there. */
  readonly clickhouse: readonly string[]
  /** Row identities in the Parquet files. */
  readonly silver: readonly string[]
  /** Identities and reasons of rejected records. */
  readonly quarantine: readonly string[]
}

/** A stack whose transform can be killed, with an engine that can be, too. No table merges parts. */
export interface Trial {
  readonly proxy: KillProxy
  /** Uploads objects, key → text, below a prefix. */
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
  /** Makes the table forget every INSERT it had. */
  forgetTokens(): Promise<void>
  /** Parts that came of a merge. */
  countMerged(): Promise<number>
  close(): Promise<void>
}

/**
 * A worker that is silent is given up 3 s after its start and not after minutes; one delivery brings all objects of a trial,
 * and one process at a time handles them, so that it is clear whom to kill.
 */
const transformTiming = {
  timeoutMs: 6_000,
  env: { LAMBDA_TIMEOUT_SAFETY_MARGIN_MS: '3000', LEASE_MARGIN_MS: '0' },
}
const mapping = { batchSize: 10, windowMs: 300, concurrencyMax: 1, retryMaxMs: 1_000 }
const sweepMs = 500
export const objectsMax = mapping.batchSize

const goneMsMax = 10_000
const stallMs = 60_000

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const ask = async (url: string, statement: string): Promise<string> => {
  const answer = await fetch(url, { method: 'POST', body: statement })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')

export const startTrial = async (dir: string): Promise<Trial> => {
  const closers = createClosers()
  try {
    return await build(dir, closers)
  } catch (error) {
    await closers.close().catch(() => undefined)
    throw error
  }
}

const build = async (dir: string, closers: ReturnType<typeof createClosers>): Promise<Trial> => {
  const engineDir = join(dir, 'engine')
  let engine = await startClickHouse({ dir: engineDir })
  closers.add(() => engine.close())
  const proxy = await startKillProxy()
  closers.add(() => proxy.close())
  proxy.sendTo('clickhouse', engine.url)

  const tuneFunction = (settings: FunctionSettings): FunctionSettings => {
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
  const { signal } = new AbortController()
  const stack = await startStack({
    dir: join(dir, 'stack'),
    targets: ['silver', 'clickhouse'],
    routes: [{ prefix: '', suffixes: [], dataset: 'xapi_events' }],
    tables: datasets.flatMap(({ tables }) => tables),
    duplicateEvents: 1,
    migrate: true,
    environment: { CLICKHOUSE_URL: engine.url },
    onInitFailure: () => undefined,
    onLine: () => undefined,
    signal,
    tuning: { tuneFunction, mapping, sweepMs },
  })
  closers.add(() => stack.close())
  const bucket = stack.resources.bronzeBucket

  // The setting outlives a restart of the engine, which forgets the statement.
  await ask(
    engine.url,
    `ALTER TABLE ${table} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1`,
  )
  const stopMerges = (): Promise<string> => ask(engine.url, 'SYSTEM STOP MERGES')
  await stopMerges()
  stack.start()

  const sourceOf = (prefix: string): string => `s3://${bucket}/${prefix}/`

  const readClickHouse = async (prefix: string): Promise<string[]> => {
    const source = `'${sourceOf(prefix)}'`
    const statement = `SELECT substring(_source, length(${source}) + 1), _version, _record, _part
      FROM ${table} WHERE startsWith(_source, ${source}) FORMAT TSV`
    return linesOf(await ask(engine.url, statement)).map((line) => line.replaceAll('\t', ' '))
  }

  const readSilver = async (prefix: string): Promise<string[]> => {
    const found: string[] = []
    for (const { path } of await mirror(stack, silverPrefix))
      for (const row of await readParquet(await readFile(path), rowIdentity)) {
        const [source, ...rest] = rowIdentity.map((name) => String(row[name]))
        if (source?.startsWith(sourceOf(prefix)))
          found.push([source.slice(sourceOf(prefix).length), ...rest].join(' '))
      }
    return found
  }

  const readQuarantine = async (prefix: string): Promise<string[]> => {
    const found: string[] = []
    for (const { path } of await mirror(stack, quarantinePrefix))
      for (const line of linesOf(await readFile(path, 'utf8'))) {
        const { source, version, record, reason } = JSON.parse(line) as Record<string, unknown>
        if (String(source).startsWith(sourceOf(prefix)))
          found.push(
            [String(source).slice(sourceOf(prefix).length), version, record, reason].join(' '),
          )
      }
    return found
  }

  return {
    proxy,
    load: async (prefix, objects) => {
      const inputs = [...objects].map(([name, text]) => {
        const body = Buffer.from(text)
        const key = `${prefix}/${name}`
        const open = async function* () {
          yield await Promise.resolve(body)
        }
        return { key, sizeBytes: body.length, origin: key, open }
      })
      const list = async function* () {
        yield* await Promise.resolve(inputs)
      }
      await uploadAll(list(), {
        ...{ s3: stack.clients.s3, bucket, signal },
        onUploaded: () => undefined,
      })
      await stack.notifier.flush()
    },
    settle: () => drain(stack, { onStatus: () => undefined, signal, stallMs }),
    readArrived: async (prefix) => ({
      clickhouse: (await readClickHouse(prefix)).sort(),
      silver: (await readSilver(prefix)).sort(),
      quarantine: (await readQuarantine(prefix)).sort(),
    }),
    readBatches: async () => {
      const { Items, LastEvaluatedKey } = await stack.clients.dynamodb.send(
        new ScanCommand({ TableName: stack.resources.ledgerTable, ConsistentRead: true }),
      )
      if (LastEvaluatedKey) throw new Error('the ledger has more than a page')
      const batches = (Items ?? []).filter((item) => item['kind']?.S === 'batch')
      return new Map(
        batches.map(({ id, state, end }) => [
          id?.S ?? '',
          [state?.S, end?.S].filter(Boolean).join(' '),
        ]),
      )
    },
    listStaging: async () => {
      const keys: string[] = []
      for await (const key of listKeys(stack, stagingPrefix)) keys.push(key)
      return keys
    },
    killTransform: async () => {
      const [pid, ...others] = stack.pids('transform')
      if (pid === undefined || others.length > 0)
        throw new Error(`transform has ${others.length + (pid ? 1 : 0)} processes, not one`)
      process.kill(pid, 'SIGKILL')
      const end = Date.now() + goneMsMax
      while (isRunning(pid)) {
        if (Date.now() > end) throw new Error(`process ${pid} outlived SIGKILL`)
        await sleep(1)
      }
      return pid
    },
    crashClickHouse: async () => {
      await engine.kill()
      engine = await startClickHouse({ dir: engineDir })
      proxy.sendTo('clickhouse', engine.url)
      await stopMerges()
    },
    forgetTokens: async () => {
      const setting = 'non_replicated_deduplication_window'
      const [row = ''] = linesOf(
        await ask(engine.url, `SHOW CREATE TABLE ${table} FORMAT TSVRaw`),
      ).filter((line) => line.includes(setting))
      const size = new RegExp(`${setting} = (\\d+)`).exec(row)?.[1]
      if (size === undefined) throw new Error(`${table} keeps no tokens`)
      await ask(engine.url, `ALTER TABLE ${table} MODIFY SETTING ${setting} = 0`)
      await ask(engine.url, `ALTER TABLE ${table} MODIFY SETTING ${setting} = ${size}`)
    },
    countMerged: async () =>
      Number(
        await ask(
          engine.url,
          `SELECT count() FROM system.parts WHERE table = '${table}' AND level > 0 FORMAT TSV`,
        ),
      ),
    close: () => closers.close(),
  }
}
