import {
  type Batch,
  type Chunk,
  type Manifest,
  type Store,
  type Target,
  Fault,
  isFault,
} from '@silversmith/core'
import {
  type BreakerDeps,
  type Breakers,
  openBreakers,
  type Place,
} from '../breaker/breaker-room.ts'
import { describeFailure } from '../failure.ts'
import { changeItem, readItem } from '../ledger-write.ts'
import { readManifest, stagingPrefixOf } from '../manifest.ts'
import { type Call, endingOf, mapConcurrently, persist } from '../patience.ts'

export interface ApplyDeps extends BreakerDeps {
  readonly targets: readonly Target[]
  readonly store: Store
}

/**
 * `sealer`: the process that sealed the batch, in the same breath; nothing of it can be anywhere yet, so chunks are put without
 * asking. `later`: anybody else, or the sealer too long after; asks each target first.
 */
export type Applier = 'sealer' | 'later'

/**
 * After this the sealer asks first too. A target remembers tokens for a while only, so a blind repetition must be young;
 * the deduplication window is sized for it (see the ClickHouse DDL).
 */
export const blindApplyMsMax = 120_000

const backoffMsMax = 3_600_000
const firstBackoffMs = 60_000

/** Waits before the sweep looks again: 1, 2, 4 … minutes, at most an hour. */
export const backoffMs = (failures: number): number =>
  Math.min(firstBackoffMs * 2 ** Math.min(failures - 1, 10), backoffMsMax)

/**
 * Applies a sealed batch: quarantine files, then every target on its own, none waiting for another; commits when all are done.
 * May be repeated by anyone at any time. A failing target is told to the log, its progress kept, the next try put off.
 *
 * Returns true when the batch is committed. Throws only when the ledger or the staging cannot be reached.
 */
export const applyBatch = async (
  deps: ApplyDeps,
  id: string,
  applier: Applier,
  call: Call,
): Promise<boolean> => {
  const found = await readItem<Batch>(deps, { kind: 'batch', id }, call)
  const batch = found?.item
  if (!batch)
    throw new Fault('CLAIM_WITHOUT_BATCH', `the ledger has no batch ${id}; was the table restored?`)
  // Another pipeline's batch goes to other places than ours.
  if (batch.pipeline !== deps.pipeline) return false
  if (batch.state === 'C') {
    await removeStaging(deps.store, id, call)
    return true
  }
  if (batch.state !== 'S' || !batch.manifest) return false
  const ref = batch.manifest
  const manifest = await persist(deps.clock, call, () => readManifest(deps.store, ref, call.signal))
  const problems: Problems = new Map()
  const breakers = await openBreakers(deps, placesLeft(batch, manifest), call)
  const applying = manifest.targets.map((name) =>
    applyTarget(deps, { batch, manifest, breakers, problems, applier, call }, name),
  )
  await settleQuietly(deps, id, 'quarantine', problems, () => keepQuarantine(deps, manifest, call))
  const done = await Promise.all(applying)
  const progress = Object.fromEntries(manifest.targets.map((name, index) => [name, done[index]!]))
  tellApplied(deps, batch, manifest, done)
  const whole = problems.size === 0 && done.every((count) => count === manifest.chunks.length)
  // What was done counts also when the time for doing more is over.
  const after = await recordProgress(deps, id, { progress, problems, whole }, endingOf(call))
  if (after?.state !== 'C') return false
  deps.log.emit({ kind: 'batch-committed', batch: id, rows: ref.rows })
  await removeStaging(deps.store, id, call)
  return true
}

/** Of targets that have all of the batch now and had not before. */
const tellApplied = (
  { clock, log }: ApplyDeps,
  batch: Batch,
  { targets, chunks, sources }: Manifest,
  done: readonly number[],
): void => {
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  const times = sources.flatMap(({ lastModified }) => (lastModified > 0 ? [lastModified] : []))
  const oldest = times.reduce((least, time) => Math.min(least, time), Infinity)
  const lagMs = Math.max(0, clock.now() - oldest)
  targets.forEach((target, at) => {
    if (done[at] !== chunks.length || (batch.done?.[target] ?? 0) === chunks.length) return
    const lag = times.length > 0 && { lagMs }
    log.emit({ kind: 'target-applied', batch: batch.id, target, rows, ...lag })
  })
}

interface Problem {
  readonly text: string
  /** It was not even tried, and need not be before that. */
  readonly restMs?: number
}

/** Target name, or `quarantine`, → what kept it from being done. */
type Problems = Map<string, Problem>

/** What is still to be called for this batch. */
const placesLeft = (batch: Batch, { targets, chunks }: Manifest): readonly Place[] =>
  targets.flatMap((target) => {
    const tables = new Set(chunks.slice(batch.done?.[target] ?? 0).map(({ table }) => table))
    return tables.size === 0 ? [] : [{ target }, ...[...tables].map((table) => ({ target, table }))]
  })

const problemLengthMax = 300

/** Failures of one target are its own: told, kept with the batch, never thrown. */
const settleQuietly = async (
  deps: ApplyDeps,
  batch: string,
  target: string,
  problems: Problems,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work()
  } catch (error) {
    const { code, message } = describeFailure(error)
    const isResting = isFault(error, 'TARGET_RESTING')
    deps.log.emit(
      isResting
        ? { kind: 'apply-put-off', batch, target, message }
        : { kind: 'apply-failed', batch, target, code, message },
    )
    const text = `${code}: ${message}`.slice(0, problemLengthMax)
    problems.set(target, { text, ...(isResting && { restMs: error.retryAfterMs ?? 0 }) })
  }
}

const keepQuarantine = async (deps: ApplyDeps, manifest: Manifest, call: Call): Promise<void> => {
  await mapConcurrently(manifest.quarantine, 4, async ({ key, target, sha256 }) => {
    const file = { sha256, contentType: 'application/x-ndjson' }
    await persist(deps.clock, call, () => deps.store.copy(key, target, file, call.signal))
  })
}

/** One applying of one batch. */
interface Applying {
  readonly batch: Batch
  readonly manifest: Manifest
  readonly breakers: Breakers
  readonly problems: Problems
  readonly applier: Applier
  readonly call: Call
}

/** Number of chunks known to be there, counted from the first without a gap. */
const applyTarget = async (
  deps: ApplyDeps,
  { batch, manifest, breakers, problems, applier, call }: Applying,
  name: string,
): Promise<number> => {
  let done = batch.done?.[name] ?? 0
  await settleQuietly(deps, batch.id, name, problems, async () => {
    const target = deps.targets.find((candidate) => candidate.name === name)
    if (!target) {
      throw new Fault(
        'PIPELINE_CHANGED',
        `batch ${batch.id} was sealed for target ${name}, which this function is not set up for; add it to TARGETS again`,
      )
    }
    const left = manifest.chunks.slice(done)
    if (left.length === 0) return
    // In order, and no further than the first that fails: `done` says so, and reload entries count on being last.
    await breakers.pass({ target: name }, async () => {
      for (const chunk of left) {
        const next = manifest.chunks[done + 1]
        if (next) target.prepare?.(next, call.signal)
        await breakers.pass({ target: name, table: chunk.table }, () =>
          applyChunk(deps, batch, target, chunk, applier, call),
        )
        done += 1
      }
    })
  })
  return done
}

const applyChunk = async (
  deps: ApplyDeps,
  batch: Batch,
  target: Target,
  chunk: Chunk,
  applier: Applier,
  call: Call,
): Promise<void> => {
  if (deps.clock.now() > call.deadline) {
    throw new Fault(
      'DEADLINE_REACHED',
      `stopped before chunk ${chunk.n}: the invocation's time is over`,
    )
  }
  // Asked anew for every chunk: a process may be frozen between any two.
  const isYoung = deps.clock.now() - (batch.sealedAt ?? 0) < blindApplyMsMax
  let asksFirst = applier === 'later' || !isYoung
  let found = false
  await persist(deps.clock, call, async () => {
    found = asksFirst && (await target.has(batch.id, chunk, call.signal))
    asksFirst = true
    if (!found) await target.put(batch.id, chunk, call.signal)
  })
  const { n, rows } = chunk
  deps.log.emit({ kind: 'chunk-applied', batch: batch.id, target: target.name, n, rows, found })
}

interface Applied {
  /** Target name → chunks done. */
  readonly progress: Readonly<Record<string, number>>
  readonly problems: Problems
  readonly whole: boolean
}

/** Keeps what is done and, when that is everything, commits: one compare-and-set. */
const recordProgress = (
  deps: ApplyDeps,
  id: string,
  { progress, problems: found, whole }: Applied,
  call: Call,
): Promise<Batch | undefined> =>
  changeItem<Batch>(
    deps,
    { kind: 'batch', id },
    (item) => {
      if (item?.state !== 'S') return undefined
      const done = { ...item.done }
      let gained = false
      for (const [name, count] of Object.entries(progress)) {
        gained ||= count > (done[name] ?? 0)
        done[name] = Math.max(done[name] ?? 0, count)
      }
      const problems = Object.fromEntries([...found].map(([name, { text }]) => [name, text]))
      if (whole) return { ...item, state: 'C', done, problems, committedAt: deps.clock.now() }
      // The sweep counts the tries; a target that moves on is looked at again soon.
      const failures = gained ? 1 : Math.max(1, item.failures ?? 0)
      const restMs = Math.max(...[...found.values()].map((problem) => problem.restMs ?? 0), 0)
      const leaseUntil = deps.clock.now() + Math.max(backoffMs(failures), restMs)
      return { ...item, done, problems, failures, leaseUntil }
    },
    call,
  )

const removeMax = 10_000

/** Deletes what a batch staged; only ever after its commit or abort. */
export const removeStaging = async (store: Store, batch: string, call: Call): Promise<void> => {
  const keys: string[] = []
  for await (const key of store.list(stagingPrefixOf(batch), call.signal)) {
    keys.push(key)
    if (keys.length >= removeMax) break
  }
  if (keys.length > 0) await store.remove(keys, call.signal)
}
