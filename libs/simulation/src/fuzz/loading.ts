import type { Manifest, Source } from '@silversmith/core'
import { identify, sourceIdOf } from '@silversmith/core'
import {
  createSilverTarget,
  createTransform,
  manifestPrefix,
  stagingPrefix,
} from '@silversmith/flow'
import { createParquetEncoder, readParquet } from '@silversmith/parquet'
import { createMemoryBronze } from '../memory/memory-bronze.ts'
import { createMemoryClock } from '../memory/memory-clock.ts'
import { createMemoryIds } from '../memory/memory-ids.ts'
import { createMemoryLedger } from '../memory/memory-ledger.ts'
import { createMemoryLog } from '../memory/memory-log.ts'
import { createMemoryStore, type MemoryStore } from '../memory/memory-store.ts'
import type { FuzzInput } from './fuzz-input.ts'
import { fuzzedDatasets } from './fuzz-input.ts'
import { groupBy, type Outcome, type SeenRejection, type SeenRow } from './outcome.ts'

const pipeline = 'p'
const bucket = 'b'
const invocationMs = 900_000

/**
 * Through the whole of transform: ledger, staging, Parquet, quarantine files, manifest; what it left is read back from the
 * silver and quarantine files. The inputs have one set of limits. An object the manifest does not list has no outcome.
 */
export const loadInputs = async (
  inputs: readonly FuzzInput[],
): Promise<ReadonlyMap<FuzzInput, Outcome>> => {
  const [first] = inputs
  if (!first) return new Map()
  const clock = createMemoryClock()
  const bronze = createMemoryBronze(clock, first.pieceBytes)
  bronze.setBucket(bucket, 'unversioned')
  const store = createMemoryStore()
  const transform = createTransform({
    ...{ pipeline, datasets: fuzzedDatasets, bronze, store, clock, limits: first.limits },
    ledger: createMemoryLedger(),
    ids: createMemoryIds(1, clock),
    log: createMemoryLog(),
    targets: [createSilverTarget({ store, prefix: 'silver/' })],
    encoder: createParquetEncoder(),
    contracts: {},
    overwrites: {},
    quarantineFiles: { bucket: 'silver', prefix: 'quarantine/' },
  })
  const sources = inputs.map((input): Source => {
    const { bytes, contentEncoding, dataset, key } = input
    const object = identify(
      bronze.putObject(
        bucket,
        key,
        bytes,
        contentEncoding === undefined ? {} : { contentEncoding },
      ),
    )
    if (!object) throw new Error('an object of the memory bucket has an etag')
    return { id: sourceIdOf(pipeline, object), object, dataset: dataset.name, generation: 0 }
  })
  const left = await transform(
    sources.map((source) => ({ messageId: source.id, message: { kind: 'source', source } })),
    { deadline: clock.now() + invocationMs, signal: new AbortController().signal },
  )
  if (left.length > 0) throw new Error(`${left.length} sources were not taken`)
  if ([...store.files.keys()].some((key) => key.startsWith(stagingPrefix)))
    throw new Error('staging was left behind')
  return outcomesOf(inputs, store)
}

const outcomesOf = async (
  inputs: readonly FuzzInput[],
  store: MemoryStore,
): Promise<ReadonlyMap<FuzzInput, Outcome>> => {
  const rows = groupBy(await silverRows(store), ({ source }) => source)
  const rejections = groupBy(quarantined(store), ({ source }) => source)
  const listed = new Map(
    manifestsOf(store).flatMap(({ sources }) => sources.map((one) => [one.object.key, one])),
  )
  return new Map(
    inputs.flatMap((input) => {
      const entry = listed.get(input.key)
      if (!entry) return []
      const uri = `s3://${bucket}/${input.key}`
      const { disposition, ...counts } = entry
      const outcome = {
        ...{ disposition, counts },
        rows: rows.get(uri) ?? [],
        rejections: rejections.get(uri) ?? [],
      }
      return [[input, outcome] as const]
    }),
  )
}

const filesOf = (store: MemoryStore, prefix: string): readonly (readonly [string, Uint8Array])[] =>
  [...store.files].filter(([key]) => key.startsWith(prefix)).map(([key, { bytes }]) => [key, bytes])

const manifestsOf = (store: MemoryStore): readonly Manifest[] =>
  filesOf(store, manifestPrefix).map(
    ([, bytes]) => JSON.parse(Buffer.from(bytes).toString()) as Manifest,
  )

type Sourced<Seen> = Seen & { readonly source: string }

const lineage = ['_source', '_record', '_part', '_line']
const hashedTables = new Set(
  fuzzedDatasets
    .flatMap(({ tables }) => tables)
    .filter(({ columns }) => columns.some(({ name }) => name === 'event_hash'))
    .map(({ name }) => name),
)

const silverRows = async (store: MemoryStore): Promise<readonly Sourced<SeenRow>[]> => {
  const found: Sourced<SeenRow>[] = []
  for (const [key, bytes] of filesOf(store, 'silver/')) {
    const table = key.split('/')[1] ?? ''
    const columns = hashedTables.has(table) ? ['event_hash'] : []
    for (const row of await readParquet(bytes, [...lineage, ...columns]))
      found.push({
        table,
        source: String(row['_source']),
        record: Number(row['_record']),
        part: Number(row['_part']),
        line: row['_line'] === null ? null : Number(row['_line']),
        hash: row['event_hash'] as string | undefined,
      })
  }
  return found.sort((a, b) => a.record - b.record || a.part - b.part)
}

interface QuarantineLine extends Omit<SeenRejection, 'raw'> {
  readonly source: string
  readonly raw: string
  readonly rawEncoding: 'utf8' | 'base64'
}

const quarantined = (store: MemoryStore): readonly Sourced<SeenRejection>[] =>
  filesOf(store, 'quarantine/')
    .flatMap(([, bytes]) => Buffer.from(bytes).toString().trimEnd().split('\n'))
    .map((text) => JSON.parse(text) as QuarantineLine)
    .map((line) => ({ ...line, sha256: line.sha256, raw: Buffer.from(line.raw, line.rawEncoding) }))
