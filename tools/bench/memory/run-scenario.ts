import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { identify, sourceIdOf, writeObjectsMessage } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import {
  environmentOf,
  mirror,
  pipeline,
  readHistory,
  silverPrefix,
  type Stack,
  startStack,
  uploadAll,
  type Uploaded,
} from '@silversmith/local'
import { findWrongRows, type LoadedObject } from './rows-check.ts'
import type { Scale, Scenario } from './scenario.ts'
import type { SmallFunction } from './small-function.ts'

export const targetNames = ['silver', 'clickhouse'] as const

export type TargetName = (typeof targetNames)[number]

export interface ScenarioResult {
  readonly title: string
  readonly objects: number
  readonly statements: number
  /** As stored. */
  readonly bytes: number
  /** Largest resident set of the function's process. */
  readonly peakMiB: number
  /** From the start of the process to its end. */
  readonly seconds: number
  readonly cpuSeconds: number
  readonly batches: number
  readonly chunks: number
  /** In silver. */
  readonly files: number
}

export interface ScenarioOptions {
  readonly scale: Scale
  /** Everything of it is there. */
  readonly dir: string
  readonly targets: readonly TargetName[]
  readonly transform: SmallFunction
  readonly tell: (what: string) => void
}

const dataset = 'xapi_events'
const table = 'raw_events'

/** Uploads what the scenario makes, gives all of it to one invocation of a fresh process, and looks at every row. @throws when a row is missing, doubled or another one. */
export const runScenario = async (
  scenario: Scenario,
  options: ScenarioOptions,
): Promise<ScenarioResult> => {
  const { dir, scale, tell, targets, transform } = options
  const { signal } = new AbortController()
  tell('starts')
  const stack = await startStack({
    ...{ dir, targets, routes: undefined, signal, migrate: false, duplicateEvents: 1 },
    tables: datasets.flatMap(({ tables }) => tables),
    environment: {},
    bundles: { ingest: '', transform: '', bulk: '' },
    onInitFailure: () => undefined,
    onLine: () => undefined,
  })
  try {
    tell('uploads')
    const { objects, statements } = await scenario.make(scale, dir)
    const uploaded = await upload(stack, objects)
    const of = (key: string): Uploaded => {
      const found = uploaded.get(key)
      if (!found) throw new Error(`${key} was not uploaded`)
      return found
    }
    const { bronzeBucket } = stack.resources
    const loaded = objects.map(({ key }, n): LoadedObject => {
      const { version } = of(key)
      return { source: `s3://${bronzeBucket}/${key}`, version, statements: statements[n] ?? 0 }
    })
    tell('is loaded')
    const startedAt = performance.now()
    const spent = await transform.invoke(
      eventOf(
        bronzeBucket,
        objects.map(({ key }) => of(key)),
      ),
      settingsOf(stack),
    )
    const seconds = (performance.now() - startedAt) / 1000
    tell('is checked')
    const files = await mirror(stack, `${silverPrefix}/${table}`)
    const history = await readHistory(stack, signal)
    await refuseWrongRows(stack, loaded, signal)
    return {
      title: scenario.title,
      objects: objects.length,
      statements: statements.reduce((sum, one) => sum + one, 0),
      bytes: objects.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
      peakMiB: Math.round(spent.peakMiB),
      seconds: Math.round(seconds * 10) / 10,
      cpuSeconds: Math.round(spent.cpuSeconds * 10) / 10,
      batches: history.length,
      chunks: history.reduce((sum, { manifest }) => sum + manifest.chunks.length, 0),
      files: files.length,
    }
  } finally {
    await stack.close()
  }
}

const upload = async (
  stack: Stack,
  objects: Parameters<typeof uploadAll>[0] extends AsyncIterable<infer One>
    ? readonly One[]
    : never,
): Promise<ReadonlyMap<string, Uploaded>> => {
  const uploaded = new Map<string, Uploaded>()
  const all = async function* () {
    yield* objects
  }
  await uploadAll(all(), {
    s3: stack.clients.s3,
    bucket: stack.resources.bronzeBucket,
    signal: new AbortController().signal,
    onUploaded: (one) => void uploaded.set(one.key, one),
  })
  return uploaded
}

/** One SQS event with a message for every object. */
const eventOf = (bucket: string, uploaded: readonly Uploaded[]): object => ({
  Records: uploaded.map(({ key, versionId, etag }, n) => {
    const object = identify({ bucket, key, versionId, etag })
    if (!object) throw new Error(`${key} has no identity`)
    const source = { id: sourceIdOf(pipeline, object), object, dataset, generation: 0 }
    const body = writeObjectsMessage(pipeline, { kind: 'source', source })
    return { messageId: String(n), body, eventSource: 'aws:sqs' }
  }),
})

const settingsOf = (stack: Stack): Readonly<Record<string, string>> => ({
  ...environmentOf('transform', {
    ...{ resources: stack.resources, targets: stack.targets, routes: undefined },
    ...{ endpoints: stack.endpoints, credentials: stack.credentials, environment: {} },
    clickHouse: stack.warehouse?.environment ?? {},
  }),
  AWS_REGION: 'us-east-1',
})

const refuseWrongRows = async (
  stack: Stack,
  loaded: readonly LoadedObject[],
  signal: AbortSignal,
): Promise<void> => {
  const wrong = await findWrongRows(join(stack.dir, silverPrefix, table, '**/*.parquet'), loaded)
  if (wrong.length > 0) throw new Error(`silver: ${wrong.join('; ')}`)
  if (!stack.warehouse) return
  const [found] = await stack.warehouse.connection.query<Record<string, string>>(
    {
      statement: `SELECT toString(count()) AS rows, toString(uniqExact(_source, _version, _record, _part)) AS identities,
        toString(uniqExact(event_id)) AS ids, toString(sum(_record)) AS records FROM ${table}`,
      what: 'the rows of the benchmark',
    },
    signal,
  )
  const rows = String(loaded.reduce((sum, { statements: n }) => sum + n, 0))
  const records = String(loaded.reduce((sum, { statements: n }) => sum + (n * (n - 1)) / 2, 0))
  const expected = { rows, identities: rows, ids: rows, records }
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(
      `ClickHouse: ${JSON.stringify(found)} where ${JSON.stringify(expected)} should be`,
    )
}
