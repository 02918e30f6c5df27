import {
  type Batch,
  type Chunk,
  type Fault,
  isFault,
  type Manifest,
  type ManifestRef,
  reloadsTable,
  type Target,
} from '@silversmith/core'
import { type ApplyDeps, applyBatch } from '../apply/apply.ts'
import { changeItem, readItem } from '../ledger-write.ts'
import { readManifest } from '../manifest.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { refusedFilesOf } from './refused-file.ts'
import { stateNames } from './state-name.ts'
import type { RefusedChunk, RejectOutcome, RejectResult } from './repair-result.ts'

export interface RejectDeps extends ApplyDeps {
  /** Ends with a slash. */
  readonly quarantinePrefix: string
}

export interface RejectOptions {
  /** Says what would be tried and changes nothing. */
  readonly dryRun?: boolean
}

/** A sealed batch with what is to be done to it. */
interface Rejection {
  readonly deps: RejectDeps
  readonly target: Target
  readonly batch: Batch
  readonly manifest: Manifest
  readonly call: Call
}

/** Longer than this the sweep leaves the batch alone after our time is over. */
const leaseMarginMs = 60_000
const filesMax = 8

/**
 * For a sealed batch one target refuses for ever: puts each chunk once more, keeps what is refused in quarantine and lets the
 * batch commit without it. Nothing is rejected on a guess: the rows of a chunk must be refused just now (TARGET_REFUSED_DATA),
 * and the target must say twice that it holds no row of it; anything not known for sure stops the whole, with nothing
 * rejected. Once a chunk is rejected, so are the batch's entries in `_reloads`, or views would turn to a generation that is not
 * whole.
 *
 * May be repeated at any time, by several at once, and killed anywhere: what was rejected is settled by one compare-and-set
 * after all files are in quarantine. Killed before it and never repeated, files may stay there of chunks the sweep then
 * applies; any later call for this batch and target removes them.
 *
 * Let nobody change the target's table meanwhile: an INSERT of a worker that goes on beside this one would then succeed.
 *
 * Throws when the ledger or the store cannot be reached.
 */
export const rejectBatch = async (
  deps: RejectDeps,
  id: string,
  targetName: string,
  call: Call,
  { dryRun = false }: RejectOptions = {},
): Promise<RejectResult> => {
  const found = await readItem<Batch>(deps, { kind: 'batch', id }, call)
  const target = deps.targets.find(({ name }) => name === targetName)
  const refuse = (reason: string): RejectResult => ({
    ...{ batch: id, target: targetName, outcome: 'refused', reason },
    ...{ held: 0, chunks: [], committed: found?.item.state === 'C' },
  })
  const batch = found?.item
  if (!batch) return refuse(`the ledger has no batch ${id}`)
  if (batch.pipeline !== deps.pipeline) return refuse(`it is of pipeline ${batch.pipeline}`)
  const { manifest: ref } = batch
  if (!ref)
    return refuse(`it is ${stateNames[batch.state]}, and only a sealed batch can be rejected`)
  const manifest = await persist(deps.clock, call, () => readManifest(deps.store, ref, call.signal))
  if (!manifest.targets.includes(targetName))
    return refuse(`it was sealed for ${manifest.targets.join(' and ')}, not for ${targetName}`)
  if (!target) return refuse(`target ${targetName} is not set up here; add it to TARGETS`)
  const rejection = { deps, target, batch, manifest, call }
  if (batch.rejected?.[targetName] !== undefined) return tellRejected(rejection, dryRun)
  if (batch.state !== 'S') {
    if (!dryRun) await removeLeftovers(rejection, batch)
    return refuse('it is committed, and nothing of it is left to reject')
  }
  if (dryRun) return plan(rejection)
  await holdLease(rejection)
  return reject(rejection, ref)
}

const resultOf = (
  { batch, target }: Rejection,
  outcome: RejectOutcome,
  more: Partial<Omit<RejectResult, 'batch' | 'target' | 'outcome'>>,
): RejectResult => ({
  ...{ batch: batch.id, target: target.name, outcome, held: 0, chunks: [], committed: false },
  ...more,
})

/** An earlier call did it; the other targets may be behind. */
const tellRejected = async (rejection: Rejection, dryRun: boolean): Promise<RejectResult> => {
  const { deps, batch, manifest, call } = rejection
  const chunks = await listRejected(rejection)
  const isCommitted = batch.state === 'C'
  const committed = isCommitted || (!dryRun && (await applyBatch(deps, batch.id, 'later', call)))
  return resultOf(rejection, 'rejected', {
    ...{ reason: 'it was rejected before', ...heldBeside(manifest, chunks), chunks, committed },
  })
}

const reject = async (rejection: Rejection, ref: ManifestRef): Promise<RejectResult> => {
  const { deps, batch, manifest, call } = rejection
  const tried = await tryChunks(rejection)
  const { refused, held } = tried
  const stop = tried.stop ?? (await keepPayloads(rejection, refused))
  if (stop !== undefined) return resultOf(rejection, 'stopped', { reason: stop, held })
  const after = await settle(rejection, ref, refused.length)
  if (after?.rejected?.[rejection.target.name] === undefined) {
    await removeLeftovers(rejection, after)
    const committed = await applyBatch(deps, batch.id, 'later', call)
    return resultOf(rejection, 'applied', { held: manifest.chunks.length, committed })
  }
  const reason = await findLate(rejection, refused)
  const committed = await applyBatch(deps, batch.id, 'later', call)
  const chunks = refused.map((one) => describe(rejection, one))
  return resultOf(rejection, 'rejected', { held, chunks, committed, ...(reason && { reason }) })
}

interface Refused {
  readonly chunk: Chunk
  readonly reason: string
}

const describe = ({ deps, manifest, target }: Rejection, { chunk, reason }: Refused) => ({
  ...{ n: chunk.n, table: chunk.table, rows: chunk.rows, reason },
  quarantine: refusedFilesOf(deps.quarantinePrefix, manifest, chunk, target.name).map(
    ({ key }) => key,
  ),
})

const heldBeside = (manifest: Manifest, chunks: readonly RefusedChunk[]) => ({
  held: manifest.chunks.length - chunks.length,
})

const afterRefusal = 'rows of its batch before it were refused'

/** What the target holds and what not; whether it would refuse that shows only when it is put. */
const plan = async (rejection: Rejection): Promise<RejectResult> => {
  const { batch, manifest, target } = rejection
  const problem = batch.problems?.[target.name] ?? 'not refused yet'
  const done = batch.done?.[target.name] ?? 0
  const chunks: RefusedChunk[] = []
  try {
    for (const chunk of manifest.chunks.slice(done))
      if (!(await holds(rejection, chunk)))
        chunks.push(describe(rejection, { chunk, reason: problem }))
  } catch (error) {
    return resultOf(rejection, 'stopped', { reason: stopOf(error, 'asking for its chunks') })
  }
  return resultOf(rejection, 'planned', { ...heldBeside(manifest, chunks), chunks })
}

const holds = ({ deps, target, batch, call }: Rejection, chunk: Chunk): Promise<boolean> =>
  persist(deps.clock, call, () => target.has(batch.id, chunk, call.signal))

/** What is no Fault is a bug and thrown on. */
const stopOf = (error: unknown, what: string): string => {
  if (!isFault(error)) throw error
  const advice = error.meaning === 'retry' ? 'run it again when that has passed' : 'mend that'
  return `${what}: ${error.code}: ${error.message} Nothing was rejected, for this does not say that its rows are refused (TARGET_REFUSED_DATA): ${advice}.`
}

interface Tried {
  readonly held: number
  readonly refused: readonly Refused[]
  /** Why nothing may be rejected. */
  readonly stop?: string
}

/** Puts every chunk that is not done once more, in order. */
const tryChunks = async (rejection: Rejection): Promise<Tried> => {
  const { deps, batch, manifest, target, call } = rejection
  const done = batch.done?.[target.name] ?? 0
  const refused: Refused[] = []
  let held = done
  for (const chunk of manifest.chunks.slice(done)) {
    if (deps.clock.now() > call.deadline) {
      const stop = `time was over before chunk ${chunk.n}; nothing was rejected, run it again`
      return { held, refused, stop }
    }
    try {
      const reason = await tryChunk(rejection, chunk, refused.length > 0)
      if (reason === undefined) held += 1
      else refused.push({ chunk, reason })
    } catch (error) {
      return { held, refused, stop: stopOf(error, `chunk ${chunk.n}`) }
    }
  }
  return { held, refused }
}

/** Undefined: the target holds the chunk. A reason: it was refused just now. Throws when neither is sure. */
const tryChunk = async (
  rejection: Rejection,
  chunk: Chunk,
  isAfterRefusal: boolean,
): Promise<string | undefined> => {
  const { batch, target, call } = rejection
  if (await holds(rejection, chunk)) return undefined
  if (isAfterRefusal && chunk.table === reloadsTable.name) return afterRefusal
  let refusal: Fault
  try {
    await target.put(batch.id, chunk, call.signal)
    return undefined
  } catch (error) {
    // Anything else is about the way to the table, or about the table: mended, it takes these rows.
    if (!isFault(error, 'TARGET_REFUSED_DATA')) throw error
    refusal = error
  }
  return (await holds(rejection, chunk)) ? undefined : `${refusal.code}: ${refusal.message}`
}

/** A reason when the target holds one of them after all: an INSERT landed late. */
const keepPayloads = async (
  rejection: Rejection,
  refused: readonly Refused[],
): Promise<string | undefined> => {
  const { deps, manifest, target, call } = rejection
  for (const { chunk } of refused) {
    try {
      if (await holds(rejection, chunk))
        return `rows of chunk ${chunk.n} turned up in ${target.name} after all; nothing was rejected, run it again`
    } catch (error) {
      return stopOf(error, `chunk ${chunk.n}`)
    }
  }
  const files = refused.flatMap(({ chunk }) =>
    refusedFilesOf(deps.quarantinePrefix, manifest, chunk, target.name),
  )
  await mapConcurrently(files, filesMax, ({ payload, key }) => {
    const file = { sha256: payload.sha256, contentType: 'application/vnd.apache.parquet' }
    return persist(deps.clock, call, () => deps.store.copy(payload.key, key, file, call.signal))
  })
  return undefined
}

const holdLease = async ({ deps, batch, call }: Rejection): Promise<void> => {
  const leaseUntil = call.deadline + leaseMarginMs
  await changeItem<Batch>(
    deps,
    { kind: 'batch', id: batch.id },
    (item) =>
      item?.state === 'S' && item.leaseUntil < leaseUntil ? { ...item, leaseUntil } : undefined,
    call,
  )
}

/** All chunks of the target are done, so many of them by being rejected; unless they all are done by now without that. */
const settle = async (
  { deps, batch, manifest, target, call }: Rejection,
  ref: ManifestRef,
  count: number,
): Promise<Batch | undefined> =>
  changeItem<Batch>(
    deps,
    { kind: 'batch', id: batch.id },
    (item) => {
      if (item?.state !== 'S' || item.manifest?.sha256 !== ref.sha256) return undefined
      // Somebody else has settled it: by rejecting, or because the target took all. Neither is undone.
      if (item.done?.[target.name] === manifest.chunks.length) return undefined
      const done = { ...item.done, [target.name]: manifest.chunks.length }
      if (count === 0) return { ...item, done }
      return { ...item, done, rejected: { ...item.rejected, [target.name]: count } }
    },
    call,
  )

/**
 * Files of a rejection that came to nothing. Only when no chunk of the target can be rejected any more: another process may be
 * about to reject, and its files may be the last copy of the rows.
 */
const removeLeftovers = async (
  { deps, manifest, target, call }: Rejection,
  batch: Batch | undefined,
): Promise<void> => {
  const isDone = batch?.state === 'C' || batch?.done?.[target.name] === manifest.chunks.length
  if (!isDone || batch.rejected?.[target.name] !== undefined) return
  const keys = manifest.chunks.flatMap((chunk) =>
    refusedFilesOf(deps.quarantinePrefix, manifest, chunk, target.name).map(({ key }) => key),
  )
  if (keys.length > 0) await persist(deps.clock, call, () => deps.store.remove(keys, call.signal))
}

/** Rows that turned up beside their quarantine file: what is left to a person. */
const findLate = async (
  rejection: Rejection,
  refused: readonly Refused[],
): Promise<string | undefined> => {
  const late: number[] = []
  try {
    for (const { chunk } of refused) if (await holds(rejection, chunk)) late.push(chunk.n)
  } catch (error) {
    if (!isFault(error)) throw error
    return `whether rows turned up meanwhile could not be asked: ${error.code}: ${error.message}`
  }
  if (late.length === 0) return undefined
  return `rows of chunk ${late.join(', ')} turned up in ${rejection.target.name} at the last moment; remove their files from quarantine`
}

const listRejected = async (rejection: Rejection): Promise<readonly RefusedChunk[]> => {
  const { deps, manifest, target, call } = rejection
  const looked = await mapConcurrently(manifest.chunks, filesMax, async (chunk) => {
    const [file] = refusedFilesOf(deps.quarantinePrefix, manifest, chunk, target.name)
    if (!file) return []
    const there = await persist(deps.clock, call, () => deps.store.look(file.key, call.signal))
    return there ? [describe(rejection, { chunk, reason: 'rejected before' })] : []
  })
  return looked.flat()
}
