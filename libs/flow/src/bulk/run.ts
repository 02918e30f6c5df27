import {
  addCounts,
  countsOfJob,
  Fault,
  isFault,
  type Job,
  type JobPart,
  writeObjectsMessage,
} from '@silversmith/core'
import { describeFailure } from '../failure.ts'
import { changeItem } from '../ledger-write.ts'
import { type Call, endingOf, mapConcurrently, persist } from '../patience.ts'
import { type BulkDeps, jobKeyOf, nameOfJob, without } from './bulk-room.ts'
import { type JobAsked, readJob, startJob } from './job-start.ts'
import { type JobView, refuseEmpty, viewJob } from './job-view.ts'
import { costMsOf, groupOf, waitOf } from './pace.ts'
import {
  readSlice,
  type Slice,
  sliceNameOf,
  type SliceObject,
  sourceOf,
  writeSlice,
} from './slice.ts'
import { isSent, walkSlice } from './walk.ts'

/** A worker that is silent so long after its call is no more. */
const leaseMarginMs = 60_000
/** Longest sleep before the job is looked at again: somebody may have paused it. */
const lookMs = 5_000
const problemCharsMax = 300

/** As `continueJob`, with a job that is begun if there is none of the name. */
export const runJob = async (deps: BulkDeps, asked: JobAsked, call: Call): Promise<JobView> => {
  await startJob(deps, asked, call)
  return continueJob(deps, asked.id, call)
}

/**
 * Walks a job until it is done, somebody turns it, or the call is over; `next` says that there is more to do. A slice of a
 * listing is written down before any of it is sent, and what is written counts: whatever dies, each object is in exactly one
 * slice. What was sent is recorded after that was confirmed, so that an object may be sent twice; claims load it once.
 *
 * A prefix that cannot be listed is failed, and the others go on. Memory is that of one slice of at most 1 999 objects.
 *
 * @throws Fault JOB_REFUSED when there is none of the name; JOB_EMPTY; faults of ledger and queue after five tries.
 */
export const continueJob = async (deps: BulkDeps, id: string, call: Call): Promise<JobView> => {
  const owner = deps.ids.next()
  const key = jobKeyOf(deps.pipeline, id)
  refuseMapped(await readJob(deps, id, call))
  const taken = await changeItem<Job>(deps, key, (item) => take(deps, item, owner, call), call)
  if (!taken || taken.owner !== owner)
    return refuseEmpty(viewJob(taken ?? (await readJob(deps, id, call)), owner))
  let slice: CurrentSlice | undefined
  try {
    for (;;) {
      const job = await readJob(deps, id, call)
      const at = job.parts.findIndex(({ state }) => state === 'open')
      if (job.owner !== owner || job.state !== 'running') return viewJob(job, owner)
      if (at < 0) return refuseEmpty(viewJob(await finish(deps, job, call), owner))
      if (call.signal.aborted || deps.clock.now() > call.deadline) return viewJob(job, owner)
      const { waitMs, room } = await waitOf(deps, job, call)
      if (waitMs > 0 && deps.clock.now() + waitMs > call.deadline) return viewJob(job, owner)
      if (waitMs > 0) await deps.clock.sleep(Math.min(waitMs, lookMs))
      else slice = await stepPart(deps, { job, at, room, slice }, call)
    }
  } catch (error) {
    if (!isFault(error, 'DEADLINE_REACHED')) throw error
    return viewJob(await readJob(deps, id, endingOf(call)), owner)
  } finally {
    await release(deps, id, owner, call)
  }
}

/** @throws Fault JOB_REFUSED for a job that only Step Functions goes on with. */
export const refuseMapped = ({ id, request }: Job): void => {
  if (!request.map) return
  throw new Fault(
    'JOB_REFUSED',
    `the objects of job ${nameOfJob({ id })} are handed out by execution ${request.map.execution} of Step Functions: it goes on there, and nowhere else`,
  )
}

const take = (
  { clock }: BulkDeps,
  item: Job | undefined,
  owner: string,
  call: Call,
): Job | undefined => {
  if (item?.state !== 'running' || item.owner === owner) return undefined
  if (item.owner !== undefined && (item.leaseUntil ?? 0) > clock.now()) return undefined
  return { ...item, owner, leaseUntil: call.deadline + leaseMarginMs }
}

/** Nobody need wait for the lease. It runs out where this fails. */
const release = async (deps: BulkDeps, id: string, owner: string, call: Call): Promise<void> => {
  const change = (item: Job | undefined): Job | undefined => {
    return item?.owner === owner ? without(item, 'owner', 'leaseUntil') : undefined
  }
  try {
    await changeItem<Job>(deps, jobKeyOf(deps.pipeline, id), change, endingOf(call))
  } catch (error) {
    deps.log.emit({ kind: 'work-failed', ...describeFailure(error) })
  }
}

const finish = async (deps: BulkDeps, job: Job, call: Call): Promise<Job> => {
  const isOpen = (item: Job): boolean => item.parts.some(({ state }) => state === 'open')
  const done = await changeItem<Job>(
    deps,
    { kind: 'job', id: job.id },
    (item) =>
      item?.state === 'running' && !isOpen(item)
        ? { ...item, state: 'done', updatedAt: deps.clock.now() }
        : undefined,
    call,
  )
  if (done?.state !== 'done') return done ?? job
  const { found, sent } = countsOfJob(done)
  const failedParts = done.parts.filter(({ state }) => state === 'failed').length
  deps.log.emit({ kind: 'job-done', job: nameOfJob(done), found, sent, failedParts })
  return done
}

interface CurrentSlice {
  readonly part: number
  readonly n: number
  readonly slice: Slice
}

interface Step {
  readonly job: Job
  readonly at: number
  /** Messages its queue may still take. */
  readonly room: number
  /** Of the step before. */
  readonly slice: CurrentSlice | undefined
}

/** Sends one group of objects, and records that. */
const stepPart = async (
  deps: BulkDeps,
  { job, at, room, slice: before }: Step,
  call: Call,
): Promise<CurrentSlice | undefined> => {
  const part = job.parts[at] as JobPart
  const isKnown = before?.part === at && before.n === part.slice
  const slice = isKnown ? before.slice : await openSlice(deps, job, at, call)
  if (!slice) return undefined
  const group = groupOf(slice.objects, part.line, room, job)
  // With its end: after a death more may fit into a group than before, and the rest of it must not pass as sent.
  const checkpoint = [job.createdAt, at, part.slice, part.line, group.line].join('/')
  const sendGroup = (): Promise<void> => sendObjects(deps, group.objects, job.generation, call)
  const { guard = (_, work) => work() } = deps
  if (group.objects.length > 0)
    await guard({ pipeline: deps.pipeline, job: nameOfJob(job), checkpoint }, sendGroup)
  await advance(deps, job, at, { slice, group }, call)
  return { part: at, n: part.slice, slice }
}

/** The slice that is written, or that is now; undefined: the part is failed. */
const openSlice = async (
  deps: BulkDeps,
  job: Job,
  at: number,
  call: Call,
): Promise<Slice | undefined> => {
  const part = job.parts[at] as JobPart
  const place = { job: nameOfJob(job), name: sliceNameOf(at, part.slice) }
  const { bucket } = job.request
  try {
    const there = await readSlice(deps, bucket, place, call)
    if (there) return there
    const walked = await walkSlice(deps, job.request, part, call)
    if (await writeSlice(deps, place, walked, call)) return walked
    return await readSlice(deps, bucket, place, call)
  } catch (error) {
    if (!isFault(error, 'STORE_DENIED', 'STORE_UNAVAILABLE', 'OBJECT_UNREADABLE')) throw error
    // Not tried as often as it may be: the next call does.
    const isOver = call.signal.aborted || deps.clock.now() + triesMs > call.deadline
    if (isOver && error.code === 'STORE_UNAVAILABLE')
      throw new Fault('DEADLINE_REACHED', error.message, { cause: error })
    await failPart(deps, job, at, error, call)
    return undefined
  }
}

/** What five tries wait at least. */
const triesMs = 1_500

const failPart = async (
  deps: BulkDeps,
  job: Job,
  at: number,
  fault: Fault,
  call: Call,
): Promise<void> => {
  const problem = `${fault.code}: ${fault.message}`.slice(0, problemCharsMax)
  await changePart(deps, job, at, (part) => ({ ...part, state: 'failed', problem }), call)
  const told = { job: nameOfJob(job), part: at, ...describeFailure(fault) }
  deps.log.emit({ kind: 'job-part-failed', ...told })
}

/** Sends at a time; the queue's adapter puts them together. */
const sendsMax = 100

export const sendObjects = async (
  { pipeline, queue, clock }: BulkDeps,
  objects: readonly SliceObject[],
  generation: number,
  call: Call,
): Promise<void> => {
  await mapConcurrently(objects, sendsMax, (one) => {
    const source = sourceOf(pipeline, one, generation)
    const body = writeObjectsMessage(pipeline, { kind: 'source', source })
    return persist(clock, call, () => queue.send(body))
  })
}

/** After the confirmed send. What was sent as the call ended is recorded, too. */
const advance = async (
  deps: BulkDeps,
  job: Job,
  at: number,
  { slice, group }: { readonly slice: Slice; readonly group: ReturnType<typeof groupOf> },
  call: Call,
): Promise<void> => {
  const { objects, line } = group
  const isOver = line >= slice.objects.length
  const sent = objects.length
  const move = (part: JobPart): JobPart => {
    const counts = { ...part.counts, sent: part.counts.sent + sent }
    if (!isOver) return { ...part, line, counts }
    return {
      ...{
        ...without(part, 'from'),
        line: 0,
        slice: part.slice + 1,
        counts: addCounts(counts, slice.counts),
      },
      ...(slice.next === undefined ? { state: 'done' } : { from: slice.next }),
    }
  }
  const costMs = costMsOf(objects, job.budget)
  await changePart(deps, job, at, move, endingOf(call), costMs)
  if (!isOver) return
  const { slice: n } = job.parts[at] as JobPart
  const told = {
    found: slice.counts.found,
    sent: slice.objects.filter((one) => isSent(one, job.request.force)).length,
  }
  deps.log.emit({ kind: 'job-slice', job: nameOfJob(job), part: at, slice: n, ...told })
}

/** Changes a part that is where it was when the job was read; whoever was faster did the same. */
const changePart = async (
  deps: BulkDeps,
  job: Job,
  at: number,
  change: (part: JobPart) => JobPart,
  call: Call,
  costMs = 0,
): Promise<void> => {
  const before = job.parts[at] as JobPart
  await changeItem<Job>(
    deps,
    { kind: 'job', id: job.id },
    (item) => {
      const part = item?.parts[at]
      if (!item || part?.state !== 'open') return undefined
      if (part.slice !== before.slice || part.line !== before.line) return undefined
      const now = deps.clock.now()
      const restUntil = Math.max(now, item.restUntil ?? 0) + costMs
      const parts = item.parts.with(at, change(part))
      return { ...item, parts, updatedAt: now, ...(costMs > 0 && { restUntil }) }
    },
    call,
  )
}
