import type { Batch, Chunk, Holding, Inspector, Manifest } from '@silversmith/core'
import { isFault, objectUri } from '@silversmith/core'
import {
  describeFailure,
  isWhole,
  readManifest,
  refusedFilesOf,
  withoutErased,
} from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { batchesOf, batchRow, problemLines } from './batch-row.ts'
import type { CommandOf } from '../command.ts'
import type { Cloud } from '../deployment/deployment.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Row } from '../text/row-layout.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { openTargets } from '../deployment/targets.ts'

const showMs = 600_000

/** Of each kind; `--json` has all. */
const toldMax = 50

/** What a target holds of each chunk, or why it could not be asked. */
type Looked = { readonly holdings: readonly Holding[] } | { readonly problem: string }

const lookInto = async (
  inspector: Inspector,
  { batch, chunks }: Manifest,
  signal: AbortSignal,
): Promise<Looked> => {
  try {
    return { holdings: await inspector.inspect(batch, chunks, signal) }
  } catch (error) {
    const { code, message } = describeFailure(error)
    return { problem: `${code}: ${message}` }
  }
}

const cellOf = (chunk: Chunk, looked: Looked, n: number): string => {
  if ('problem' in looked) return '?'
  const { rows = 0, distinct = 0 } = looked.holdings[n] ?? {}
  return rows === distinct ? `${rows} of ${chunk.rows}` : `${rows} (${distinct} distinct)`
}

const chunkRow = (chunk: Chunk, at: number, targets: ReadonlyMap<string, Looked>): Row => ({
  ...{ chunk: chunk.n, table: chunk.table, month: chunk.month, rows: chunk.rows },
  ...Object.fromEntries(
    [...targets].map(([name, looked]) => [`in ${name}`, cellOf(chunk, looked, at)]),
  ),
})

/** How many chunks of a target should be there and are not whole. */
const countBroken = (
  { chunks }: Manifest,
  { state, done = {} }: Batch,
  name: string,
  looked: Looked,
): number => {
  if ('problem' in looked) return 0
  const applied = state === 'C' ? chunks.length : (done[name] ?? 0)
  const broken = chunks
    .slice(0, applied)
    .filter((chunk, at) => !isWhole(chunk, looked.holdings[at])).length
  return broken
}

const cut = (rows: readonly Row[]): string =>
  rows.length <= toldMax
    ? layOutRows(rows)
    : `${layOutRows(rows.slice(0, toldMax))}\n… and ${rows.length - toldMax} more; --json has all`

/** A chunk that an operator rejected, and the files its rows are in. */
interface RejectedChunk {
  readonly target: string
  readonly n: number
  readonly rows: number
  readonly files: readonly string[]
}

/** Those whose files are in quarantine: a target that holds none of a chunk has lost it, or it was rejected. */
const findRejected = async (
  store: Cloud['store'],
  { batch, manifest, prefix }: { batch: Batch; manifest: Manifest; prefix: string },
  looked: ReadonlyMap<string, Looked>,
  signal: AbortSignal,
): Promise<readonly RejectedChunk[]> => {
  const found: RejectedChunk[] = []
  for (const target of Object.keys(batch.rejected ?? {})) {
    const one = looked.get(target)
    for (const [at, chunk] of manifest.chunks.entries()) {
      if (one && 'holdings' in one && one.holdings[at]?.rows !== 0) continue
      const files = refusedFilesOf(prefix, manifest, chunk, target).map(({ key }) => key)
      const [first] = files
      if (first === undefined || !(await store.look(first, signal))) continue
      found.push({ target, n: chunk.n, rows: chunk.rows, files })
    }
  }
  return found
}

const describeRejected = (rejected: readonly RejectedChunk[]): readonly string[] => {
  if (rejected.length === 0) return []
  const lines = rejected
    .slice(0, toldMax)
    .flatMap(({ target, n, rows, files }) => [
      `chunk ${n} in ${target}, ${rows} rows:`,
      ...files.map((file) => `  ${file}`),
    ])
  const more =
    rejected.length > toldMax ? [`… and ${rejected.length - toldMax} more; --json has all`] : []
  return ['', 'rejected by an operator; the runbook says how to load them', ...lines, ...more]
}

const describeManifest = (manifest: Manifest, targets: ReadonlyMap<string, Looked>): string[] => {
  const sources = manifest.sources.map((source) => ({
    object: objectUri(source.object),
    ...{ version: source.object.version, became: source.disposition, rows: source.rows },
    ...{ rejected: source.rejected, reason: source.reason ?? '' },
  }))
  const chunks = manifest.chunks.map((chunk, at) => chunkRow(chunk, at, targets))
  return [
    ...['', 'sources', cut(sources)],
    ...['', 'chunks', chunks.length === 0 ? 'none: it has no rows' : cut(chunks)],
    ...(manifest.quarantine.length === 0
      ? []
      : ['', 'quarantine', ...manifest.quarantine.map(({ target, rows }) => `${target}: ${rows}`)]),
  ]
}

/** Exit code 1 when there is no such batch, it has problems, or a target does not hold what was applied. */
export const runBatchShow = async (
  { batch: id, dir }: CommandOf<'batch show'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { environment, clock, signal } = surroundings
  const deployment = await findDeployment(environment, dir)
  const values = readDeployment(deployment, {
    ...deploymentSettings.targets,
    routes: deploymentSettings.bronze.routes,
  })
  const cloud = openCloud(deployment, values)
  const targets = openTargets(values, cloud.store)
  try {
    const found = await cloud.ledger.read([{ kind: 'batch', id }], signal)
    const [batch] = batchesOf(found, values.pipeline)
    if (!batch) {
      const text = `the ledger has no batch ${id} of pipeline ${values.pipeline}`
      return { document: { batch: null, problem: text }, text, code: 1 }
    }
    const head = [
      layOutRows([batchRow(batch, values.targets, clock.now())]),
      ...problemLines(batch),
    ]
    if (!batch.manifest)
      return { document: { batch, manifest: null }, text: head.join('\n'), code: 0 }
    const ref = batch.manifest
    const sealed = await readManifest(cloud.store, ref, signal).catch((error: unknown) => {
      if (isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) return undefined
      throw error
    })
    if (!sealed) {
      const problem = `its manifest ${ref.key} is gone or has other bytes than were sealed; restore it from a version`
      const text = [...head, problem].join('\n')
      return { document: { batch, manifest: null, problem }, text, code: 1 }
    }
    // What was erased is not missed.
    const call = callOf(surroundings, showMs)
    const manifest = await withoutErased({ store: cloud.store, clock }, sealed, call)
    const looked = new Map<string, Looked>()
    for (const inspector of targets.inspectors)
      if (manifest.targets.includes(inspector.name))
        looked.set(inspector.name, await lookInto(inspector, manifest, signal))
    const place = { batch, manifest, prefix: `${values.quarantinePrefix}/` }
    const rejected = await findRejected(cloud.store, place, looked, signal)
    return showWhole({ batch, manifest, rejected }, looked, head)
  } finally {
    await targets.close()
    cloud.clients.destroy()
  }
}

const showWhole = (
  {
    batch,
    manifest,
    rejected,
  }: { batch: Batch; manifest: Manifest; rejected: readonly RejectedChunk[] },
  looked: ReadonlyMap<string, Looked>,
  head: readonly string[],
): Answer => {
  const verdicts = [...looked].flatMap(([name, one]) => {
    if ('problem' in one) return [`${name} could not be looked into: ${one.problem}`]
    // Chunks an operator rejected are not missed.
    const out = rejected.filter(({ target }) => target === name).length
    const broken = countBroken(manifest, batch, name, one) - out
    if (broken <= 0) return []
    return [`${name} does not hold ${broken} chunks whole: silversmith repair ${batch.id} --yes`]
  })
  const isWell = verdicts.length === 0 && Object.keys(batch.problems ?? {}).length === 0
  const text = [...head, ...describeManifest(manifest, looked), ...describeRejected(rejected)]
  return {
    document: { batch, manifest, targets: Object.fromEntries(looked), rejected, verdicts },
    text: [...text, ...(verdicts.length > 0 ? ['', ...verdicts] : [])].join('\n'),
    code: isWell ? 0 : 1,
  }
}
