import {
  type Batch,
  type Breaker,
  breakerIdOf,
  Fault,
  isFault,
  type Versioned,
} from '@silversmith/core'
import { admit } from '../breaker/breaker.ts'
import { dayOf } from '../manifest.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { readBatches } from '../reconcile/ledger-pass.ts'
import { walkManifests } from '../repair/manifest-walk.ts'
import { fillBatch } from './batch-filling.ts'
import { appliedOf, findManifest } from './found-manifest.ts'
import { openMax, type Position, writePosition } from './rebuild-position.ts'
import { createRebuildTally, type TableRebuildReport } from './rebuild-report.ts'
import { Refusal, type TableRebuildDeps, type TableRebuildRequest } from './rebuild-room.ts'
import { findStart } from './witness.ts'

export type TableRebuild = (request: TableRebuildRequest, call: Call) => Promise<TableRebuildReport>

/** Batches filled at a time: of each one chunk is held, twice where it is joined of several files. */
const batchesMax = 4

const firstRestMs = 1_000
const restMsMax = 60_000

/**
 * Fills empty or new tables of a target out of the silver files, by the manifests of sealed batches in the order of their keys.
 * Claims nothing, and changes nothing but the target. What is there stays, so that it may run at any time, beside whatever
 * transform does, be killed, and run again; beside a repair or an erasure it tells what went wrong. A batch that is sealed and not
 * applied yet is for the sweep; but its rows may have gone where the table was before, so it is looked at once more when they are
 * applied.
 *
 * Works until all is done or the deadline is reached; `next` is then where another call goes on. A target that is down is
 * waited for as long as there is time; then, or when only a person can help, `problem` says so.
 */
export const createTableRebuild =
  (deps: TableRebuildDeps): TableRebuild =>
  async (request, call) => {
    const run = createRun(deps, request, call)
    await run.look()
    return run.report()
  }

const createRun = (deps: TableRebuildDeps, request: TableRebuildRequest, call: Call) => {
  const { clock, ledger, inspector } = deps
  const tally = createRebuildTally()
  const open = new Map<string, number>()
  /** Of `open`, those that are for the sweep first. */
  const waiting = new Set<string>()
  const sent = new Set<string>()
  /** Its `open` is ours. Undefined: nothing was looked at yet. */
  let place: Omit<Position, 'open'> | undefined
  let walk: AsyncGenerator<string> | undefined
  let problem: TableRebuildReport['problem']

  /** Waits and tries again while that may help. False: it did not come to its end. */
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    for (let restMs = firstRestMs; ; restMs = Math.min(2 * restMs, restMsMax)) {
      if (call.signal.aborted || clock.now() > call.deadline) return false
      try {
        await work()
        problem = undefined
        return true
      } catch (error) {
        if (isFault(error, 'DEADLINE_REACHED')) return false
        problem = describeProblem(error)
        const waitMs = Math.max(restMs, (isFault(error) && error.retryAfterMs) || 0)
        if (!problem.mayPass || clock.now() + waitMs > call.deadline) return false
        await clock.sleep(waitMs)
      }
    }
  }

  const refuseResting = async (): Promise<void> => {
    const key = { kind: 'breaker', id: breakerIdOf(deps.pipeline, inspector.name) } as const
    const [found] = await persist(clock, call, () => ledger.read([key], call.signal))
    const admission = admit((found as Versioned<Breaker> | undefined)?.item, clock.now())
    if (admission.kind !== 'wait') return
    const message = `${inspector.name} failed before, and nothing calls it now`
    const retryAfterMs = admission.until - clock.now()
    throw new Fault('TARGET_RESTING', message, { retryAfterMs })
  }

  const lookAt = async (key: string, batch: Batch | undefined): Promise<void> => {
    const manifest = await findManifest(deps, { key, batch, find: tally.find }, call)
    if (!batch || !manifest) return void open.delete(key)
    const applied = appliedOf(batch, manifest, inspector.name)
    const filling = { batch, manifest, request, applied, from: open.get(key) ?? 0 }
    const keep = (done: number): void => void open.set(key, done)
    const isWhole = await fillBatch(deps, { ...filling, tally, sent, keep }, call)
    if (applied < manifest.chunks.length) return void waiting.add(key)
    open.delete(key)
    tally.count('batches')
    tally.count('adopted', manifest.sources.filter(({ adopted }) => adopted).length)
    if (isWhole && !request.dryRun) place = { ...place, witness: key }
  }

  /** False: something keeps it from going on. */
  const pass = async (keys: readonly string[]): Promise<boolean> => {
    for (let at = 0; at < keys.length; at += batchesMax) {
      const isDone = await attempt(async () => {
        await refuseResting()
        // After a failure: those of them that are left.
        const some = keys.slice(at, at + batchesMax).filter((key) => open.has(key))
        const batches = await readBatches(deps, some, call)
        await mapConcurrently(some, batchesMax, (key, index) => lookAt(key, batches[index]))
      })
      if (!isDone) return false
    }
    return true
  }

  /** The next manifests, which are open from now on; undefined: they could not be listed. */
  const take = async (): Promise<readonly string[] | undefined> => {
    const keys: string[] = []
    const since = request.since === undefined ? undefined : dayOf(request.since)
    const isDone = await attempt(async () => {
      keys.length = 0
      walk ??= walkManifests(deps, { from: since, after: place?.from }, call)
      try {
        while (keys.length < batchesMax) {
          const { value, done } = await walk.next()
          if (done) break
          keys.push(value)
        }
      } catch (error) {
        walk = undefined
        throw error
      }
    })
    if (!isDone) return undefined
    for (const key of keys) open.set(key, 0)
    const from = keys.at(-1)
    place = {
      ...place,
      ...(from !== undefined && { from }),
      ...(keys.length < batchesMax && { isAtEnd: true }),
    }
    return keys
  }

  const begin = async (): Promise<void> => {
    const { open: begun, ...start } = await findStart(deps, request, call)
    for (const [key, done] of Object.entries(begun)) open.set(key, done)
    place = start
  }

  const look = async (): Promise<void> => {
    if (!(await attempt(begin))) return
    // What a call before began, and what was for the sweep then.
    if (!(await pass([...open.keys()]))) return
    while (!place?.isAtEnd && open.size < openMax) {
      const keys = await take()
      if (!keys || !(await pass(keys))) return
    }
  }

  const report = (): TableRebuildReport => {
    const { counts, findings, findingCount } = tally
    const told = { counts, findings, findingCount, ...(problem && { problem }) }
    if (!place) return { ...told, next: request.from ?? writePosition({ open: {} }) }
    const { from: at, isAtEnd = false } = place
    const reached = { ...told, ...(at !== undefined && { at }) }
    if (isAtEnd && open.size === 0) return reached
    const isWaiting =
      (isAtEnd || open.size >= openMax) && [...open.keys()].every((key) => waiting.has(key))
    const next = writePosition({ ...place, open: Object.fromEntries(open) })
    return { ...reached, next, ...(isWaiting && { waiting: open.size }) }
  }

  return { look, report }
}

const describeProblem = (error: unknown): NonNullable<TableRebuildReport['problem']> => {
  if (error instanceof Refusal) return { message: error.message, mayPass: false }
  if (!isFault(error)) throw error
  return { message: `${error.code}: ${error.message}`, mayPass: error.meaning === 'retry' }
}
