import { Fault, type Job, type JobState, type ListedObject } from '@silversmith/core'
import { hashOf } from '../manifest.ts'
import { type Call, endingOf } from '../patience.ts'
import { type BulkDeps, nameOfJob } from './bulk-room.ts'
import { readJob } from './job-start.ts'
import { groupOf, waitOf } from './pace.ts'
import { sendObjects } from './run.ts'
import { readProgress, recordProgress, type ShareProgress } from './share-progress.ts'
import { readSlice, type Slice, writeSlice } from './slice.ts'
import { createSieve, judgeSieve } from './walk.ts'

/** What came of one share of a listing. */
export interface ShareView {
  readonly state: JobState
  /** Name of its slice. */
  readonly slice: string
  /** Objects inside the window. */
  readonly found: number
  readonly sent: number
  /** There is more to send, and another call with the same objects does it. */
  readonly next: boolean
  /** Epoch ms: until then no call has anything to do. */
  readonly restUntil?: number
}

/** Until a job that is paused is looked at again; a child has 500 turns, which are five days then. */
const pausedMs = 900_000
/** Until a queue that is full is measured again; 500 turns are eight hours. */
const fullMs = 60_000

/**
 * Sends one share of a mapped job: the objects that a Distributed Map handed to one of its children. They become one slice,
 * written before any of it is sent, and named after them, so that a child that is tried again finds it and goes on where the one
 * before ended. Shares have nothing in common that both write.
 *
 * @throws Fault JOB_REFUSED when there is no such mapped job; DEADLINE_REACHED; faults of ledger, store and queue after five
 * tries: the same call goes on.
 */
export const sendShare = async (
  deps: BulkDeps,
  id: string,
  listed: readonly ListedObject[],
  call: Call,
): Promise<ShareView> => {
  const name = nameOf(listed)
  const place = { pipeline: deps.pipeline, job: id, name }
  let progress = await readProgress(deps, place, call)
  let slice: Slice | undefined
  for (;;) {
    const job = await readMapped(deps, id, call)
    const view = (rest: Pick<ShareView, 'next' | 'restUntil'>): ShareView => {
      const { found = 0, sent = 0 } = progress?.counts ?? slice?.counts ?? {}
      return { state: job.state, slice: name, found, sent, ...rest }
    }
    if (progress && progress.line >= progress.of) return view({ next: false })
    if (job.state === 'paused') return view({ next: true, restUntil: deps.clock.now() + pausedMs })
    if (job.state !== 'running') return view({ next: false })
    if (call.signal.aborted || deps.clock.now() > call.deadline) return view({ next: true })
    const { waitMs, room } = await waitOf(deps, job, call)
    if (waitMs > 0) return view({ next: true, restUntil: deps.clock.now() + fullMs })
    slice ??= await openShare(deps, job, name, listed, call)
    progress = await sendGroup(deps, job, { name, slice, progress, room }, call)
  }
}

/** @throws Fault JOB_REFUSED when there is none of the name, or it is walked. */
export const readMapped = async (deps: BulkDeps, id: string, call: Call): Promise<Job> => {
  const job = await readJob(deps, id, call)
  if (job.request.map) return job
  throw new Fault('JOB_REFUSED', `job ${id} lists by itself: no map hands its objects out`)
}

/** Of the same objects in any order the same. */
const nameOf = (listed: readonly ListedObject[]): string => {
  const names = listed.map(({ object: { key, version } }) => JSON.stringify([key, version]))
  return `map-${hashOf(Buffer.from(names.toSorted().join('\n'))).slice(0, 32)}`
}

const openShare = async (
  deps: BulkDeps,
  job: Job,
  name: string,
  listed: readonly ListedObject[],
  call: Call,
): Promise<Slice> => {
  const { bucket, window } = job.request
  const place = { job: nameOfJob(job), name }
  const there = await readSlice(deps, bucket, place, call)
  if (there) return there
  const sieve = createSieve(deps.routes, window)
  sieve.take(listed)
  const judged = await judgeSieve(deps, sieve, undefined, call)
  if (await writeSlice(deps, place, judged, call)) return judged
  // Another call with the same objects was faster, and saw them at another moment.
  const first = await readSlice(deps, bucket, place, call)
  if (first) return first
  throw new Fault('STORE_UNAVAILABLE', `slice ${name} was there and is not; try again`)
}

interface Step {
  readonly name: string
  readonly slice: Slice
  readonly progress: ShareProgress | undefined
  readonly room: number
}

/** Sends a group and records that; returns how far it has come then. */
const sendGroup = async (
  deps: BulkDeps,
  job: Job,
  { name, slice, progress, room }: Step,
  call: Call,
): Promise<ShareProgress> => {
  const { pipeline } = deps
  const { guard = (_, work) => work() } = deps
  const { line: from = 0, counts = slice.counts } = progress ?? {}
  const { objects, line } = groupOf(slice.objects, from, room, job)
  // With its end: after a death more may fit into a group than before, and the rest of it must not pass as sent.
  const checkpoint = [job.createdAt, name, from, line].join('/')
  const send = (): Promise<void> => sendObjects(deps, objects, job.generation, call)
  if (objects.length > 0) await guard({ pipeline, job: nameOfJob(job), checkpoint }, send)
  const to = {
    ...{ line, of: slice.objects.length },
    counts: { ...counts, sent: counts.sent + objects.length },
  }
  const place = { pipeline, job: nameOfJob(job), name }
  const ending = endingOf(call)
  await recordProgress(deps, place, { from, to }, ending)
  return (await readProgress(deps, place, ending)) ?? to
}
