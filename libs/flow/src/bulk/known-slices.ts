import { addCounts, type Job, type JobCounts, noCounts, type Store } from '@silversmith/core'
import type { LedgerAccess } from '../ledger-write.ts'
import { type Call, persist } from '../patience.ts'
import { nameOfJob } from './bulk-room.ts'
import { readAllProgress, type ShareProgress } from './share-progress.ts'
import { slicesPrefixOf, sliceNameOf, type SlicePlace } from './slice.ts'

export interface SlicesAccess extends LedgerAccess {
  readonly pipeline: string
  readonly store: Pick<Store, 'list'>
}

export interface KnownSlice {
  readonly part: number
  /** Within its part. */
  readonly n: number
  readonly place: SlicePlace
  /** Objects before it are sent, or need not be. */
  readonly line: number
}

/** Slices of a job in its order; the last one of a part that is walked may not be written yet. */
export const knownSlices = (
  access: SlicesAccess,
  job: Job,
  call: Call,
): AsyncIterable<KnownSlice> | Iterable<KnownSlice> =>
  job.request.map ? knownShares(access, job, call) : walkedSlices(job)

const walkedSlices = function* (job: Job): Generator<KnownSlice> {
  for (const [part, { slice: last, line, state }] of job.parts.entries())
    for (let n = 0; n < last + (state === 'done' ? 0 : 1); n += 1)
      yield {
        ...{ part, n, line: n < last ? Infinity : line },
        place: { job: nameOfJob(job), name: sliceNameOf(part, n) },
      }
}

const knownShares = async function* (
  access: SlicesAccess,
  job: Job,
  call: Call,
): AsyncGenerator<KnownSlice> {
  let n = 0
  for await (const { name, progress } of listShares(access, nameOfJob(job), call)) {
    const place = { job: nameOfJob(job), name }
    yield { part: 0, n, place, line: progress?.line ?? 0 }
    n += 1
  }
}

const namesMax = 1_000

/** Shares of a mapped job that were written, and how far each has come. */
export const listShares = async function* (
  access: SlicesAccess,
  job: string,
  call: Call,
): AsyncGenerator<{ readonly name: string; readonly progress: ShareProgress | undefined }> {
  const { pipeline, store, clock } = access
  const root = slicesPrefixOf(pipeline, job)
  for (let after: string | undefined; ;) {
    const keys = await persist(clock, call, () => firstOf(store.list(root, call.signal, after)))
    const names = keys.map((key) => key.slice(root.length, -'.jsonl'.length))
    const places = names.map((name) => ({ pipeline, job, name }))
    const found = await readAllProgress(access, places, call)
    for (const [at, name] of names.entries()) yield { name, progress: found[at] }
    if (keys.length < namesMax) return
    after = keys.at(-1)
  }
}

export interface SharesTally {
  readonly shares: number
  /** Of these: not all that is theirs to send is sent. */
  readonly unsent: number
  readonly counts: JobCounts
}

/** What the shares of a mapped job have come to together. */
export const tallyShares = async (
  access: SlicesAccess,
  job: string,
  call: Call,
): Promise<SharesTally> => {
  let [shares, unsent, counts] = [0, 0, noCounts]
  for await (const { progress } of listShares(access, job, call)) {
    shares += 1
    if (!progress || progress.line < progress.of) unsent += 1
    if (progress) counts = addCounts(counts, progress.counts)
  }
  return { shares, unsent, counts }
}

/** The job with what its shares have come to: of a map that is not over its item in the ledger does not know. */
export const withShares = async (access: SlicesAccess, job: Job, call: Call): Promise<Job> => {
  if (!job.request.map || job.state === 'done') return job
  const { counts } = await tallyShares(access, nameOfJob(job), call)
  return { ...job, parts: job.parts.map((part) => ({ ...part, counts })) }
}

const firstOf = async (keys: AsyncIterable<string>): Promise<readonly string[]> => {
  const first: string[] = []
  for await (const key of keys) if (first.push(key) >= namesMax) break
  return first
}
