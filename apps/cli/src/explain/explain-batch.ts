import type { Batch, Manifest } from '@silversmith/core'
import { isFault, reloadsTable } from '@silversmith/core'
import type { BreakerView, Call, ExplainDeps } from '@silversmith/flow'
import {
  isWhole,
  manifestPrefix,
  openedAt,
  readManifest,
  tellChunks,
  viewBreakers,
  withoutErased,
} from '@silversmith/flow'
import { writeMoment } from '../text/age.ts'
import type { Answer } from '../answer.ts'
import { batchesOf, stateOf } from '../batch/batch-row.ts'
import { runBatchShow } from '../batch/batch-show.ts'
import { describeChunks, writeLife } from './explain-text.ts'
import { placeOf } from '../status/status-text.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

const batchMs = 600_000
const dayMs = 86_400_000
/** Sources whose claims are read. */
const sourcesMax = 10_000

interface About {
  readonly batch: string
  /** Undefined: the whole batch. */
  readonly n: number | undefined
}

/** Exit code 1 when something is to be done about it, or there is none. */
export const explainBatch = async (
  deps: ExplainDeps,
  { batch: id, n }: About,
  dir: string | undefined,
  surroundings: Surroundings,
): Promise<Answer> => {
  const call = callOf(surroundings, batchMs)
  const found = await deps.ledger.read([{ kind: 'batch', id }], call.signal)
  const [batch] = batchesOf(found, deps.pipeline)
  if (!batch) return explainMissing(deps, id, call)
  const manifest = await manifestOf(deps, batch, call)
  const now = surroundings.clock.now()
  const head = `batch ${id}, ${stateOf(batch)}: ${writeLife(batch, now)}`
  if (n !== undefined)
    return manifest
      ? explainChunk(
          deps,
          { batch, manifest: await withoutErased(deps, manifest, call), n },
          head,
          call,
        )
      : { document: { batch, manifest: null }, text: `${head}\nit has no chunks`, code: 1 }
  const breakers = manifest ? await breakersOf(deps, batch, manifest, call) : []
  const claims = manifest ? await countClaims(deps, manifest, call) : undefined
  const shown = await runBatchShow(
    { kind: 'batch show', batch: id, dir, json: false },
    surroundings,
  )
  const text = [
    head,
    ...(batch.manifest ? [`manifest ${batch.manifest.key}`] : []),
    ...(claims ? [describeClaims(claims)] : [describeUnsealed(batch, now)]),
    ...breakers.map((one) => describeBreaker(one, now)),
    ...['', shown.text],
  ]
  return {
    document: { ...(shown.document as object), claims: claims ?? null, breakers },
    text: text.join('\n'),
    code: shown.code,
  }
}

const describeUnsealed = ({ state, leaseUntil, sourceCount }: Batch, now: number): string =>
  state === 'F'
    ? `not sealed: a worker has ${sourceCount} sources and its lease ends ${writeMoment(leaseUntil, now)}; after that the sweep ends it, and their messages come again`
    : `it came to nothing before its seal: nothing of it is in a target, its ${sourceCount} sources were free for others from then on`

const describeBreaker = ({ state, retryAt, problem = '', ...place }: BreakerView, now: number) => {
  const when =
    retryAt === undefined ? '' : `, tried again ${writeMoment(Math.max(now, retryAt), now)}`
  return `breaker of ${placeOf(place)}: ${state}${when}: ${problem}`
}

/** Where the ledger lacks it. */
const explainMissing = async (deps: ExplainDeps, id: string, call: Call): Promise<Answer> => {
  const at = openedAt(id) ?? 0
  const keys = [at, at + dayMs, at - dayMs].map(
    (time) => `${manifestPrefix}dt=${new Date(time).toISOString().slice(0, 10)}/${id}.json`,
  )
  let found: string | undefined
  for (const key of keys) found ??= (await deps.store.look(key, call.signal)) && key
  const text = found
    ? `the ledger has no batch ${id} of pipeline ${deps.pipeline}, but its manifest is there: ${found}. silversmith ledger rebuild tells what is to be done`
    : `the ledger has no batch ${id} of pipeline ${deps.pipeline}, and there is no manifest of it. Where claims name it: silversmith batch free ${id}`
  return { document: { batch: null, manifest: found ?? null, problem: text }, text, code: 1 }
}

/** Undefined: it is not sealed, or its manifest is gone; `batch show` says so. */
const manifestOf = async (
  { store }: ExplainDeps,
  { manifest: ref }: Batch,
  { signal }: Call,
): Promise<Manifest | undefined> => {
  if (!ref) return undefined
  try {
    return await readManifest(store, ref, signal)
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) return undefined
    throw error
  }
}

const breakersOf = async (
  deps: ExplainDeps,
  { state }: Batch,
  { targets, chunks }: Manifest,
  call: Call,
): Promise<readonly BreakerView[]> => {
  if (state !== 'S') return []
  const tables = [...new Set([...chunks.map(({ table }) => table), reloadsTable.name])]
  return viewBreakers(deps, targets, tables, call)
}

interface ClaimCounts {
  readonly sources: number
  /** Claims that name this batch. */
  readonly own: number
  /** Those that name another: it was loaded again since. */
  readonly others: number
  /** Sources without a claim: the ledger was lost. */
  readonly none: number
  /** Not looked at. */
  readonly left: number
}

const countClaims = async (
  { ledger }: ExplainDeps,
  { batch, sources }: Manifest,
  { signal }: Call,
): Promise<ClaimCounts> => {
  const read = sources.slice(0, sourcesMax)
  const keys = read.map(({ id }) => ({ kind: 'claim', id }) as const)
  const claims = (await ledger.read(keys, signal)).map((one) =>
    one?.item.kind === 'claim' ? one.item.batch : undefined,
  )
  const own = claims.filter((one) => one === batch).length
  const none = claims.filter((one) => one === undefined).length
  return {
    ...{ sources: sources.length, own, none, others: read.length - own - none },
    left: sources.length - read.length,
  }
}

const describeClaims = ({ sources, own, others, none, left }: ClaimCounts): string =>
  [
    `claims of its ${sources} sources: ${own} name it`,
    ...(others > 0 ? [`${others} name a later batch, which loaded them again`] : []),
    ...(none > 0 ? [`${none} are not there: silversmith ledger rebuild`] : []),
    ...(left > 0 ? [`${left} were not looked at`] : []),
  ].join(', ')

const explainChunk = async (
  deps: ExplainDeps,
  {
    batch,
    manifest,
    n,
  }: { readonly batch: Batch; readonly manifest: Manifest; readonly n: number },
  head: string,
  call: Call,
): Promise<Answer> => {
  const chunk = manifest.chunks.find((one) => one.n === n)
  if (!chunk) {
    const text = `${head}\nit has no chunk ${n}, but ${manifest.chunks.length} others`
    return { document: { batch, chunk: null, problem: text }, text, code: 1 }
  }
  const [story] = await tellChunks(deps, { batch, manifest }, [chunk], undefined, call)
  const shares = story?.shares ?? []
  // What was erased or is old is not missed: as `batch show` judges.
  const wrong = shares.filter((share) => share.state === 'applied' && !isWhole(chunk, share))
  const isDone = shares.every(({ state }) => state === 'applied' || state === 'rejected')
  const text = [
    head,
    `chunk ${n}: ${chunk.rows} rows of ${chunk.table}, ${chunk.month}, from ${manifest.sources.length} sources of the batch`,
    '',
    ...describeChunks(story ? [story] : []),
    ...shares.flatMap(({ target, problem }) =>
      problem === undefined ? [] : [`${target}: ${problem}`],
    ),
    ...wrong.map(
      ({ target }) => `${target} does not hold it whole: silversmith repair ${batch.id} --yes`,
    ),
    '',
    `its rows: silversmith query "SELECT _source, _record FROM ${chunk.table} WHERE _chunk = '${batch.id}#${n}' LIMIT 20"`,
  ]
  return {
    document: { batch, chunk: story ?? null },
    text: text.join('\n'),
    code: isDone && wrong.length === 0 ? 0 : 1,
  }
}
