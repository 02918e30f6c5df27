import {
  Fault,
  type Job,
  type JobBudget,
  type JobPart,
  type JobRequest,
  jobIdProblem,
  jobPartsMax,
  jobPrefixBytesMax,
  noCounts,
  type Store,
  type Versioned,
} from '@silversmith/core'
import { isDeepStrictEqual } from 'node:util'
import { changeItem, readItem } from '../ledger-write.ts'
import { type Call, persist } from '../patience.ts'
import { type BulkDeps, jobKeyOf, without } from './bulk-room.ts'
import { nextGeneration } from './generation.ts'
import { firstOf } from './job-list.ts'
import { slicesPrefixOf } from './slice.ts'

export interface JobAsked {
  /** Name of the job within its pipeline. */
  readonly id: string
  readonly request: JobRequest
  /** Counts from now on; absent: as it was. */
  readonly budget?: JobBudget | undefined
}

export type JobStartDeps = Pick<BulkDeps, 'pipeline' | 'ledger' | 'clock' | 'ids' | 'log'> & {
  readonly store: Pick<Store, 'list'>
}

/** "… must be …", of a request whose window was read already. */
export const requestProblems = (
  { bucket, prefixes }: Pick<JobRequest, 'bucket' | 'prefixes'>,
  buckets: readonly string[],
): readonly string[] => {
  const sorted = [...new Set(prefixes)].toSorted()
  const within = sorted.find((prefix, at) => at > 0 && prefix.startsWith(sorted[at - 1] ?? prefix))
  const isFull = Buffer.byteLength(JSON.stringify(prefixes)) > jobPrefixBytesMax
  return [
    ...(buckets.includes(bucket)
      ? []
      : [`the bucket must be one of ${buckets.join(', ') || 'BRONZE_BUCKET, which names none'}`]),
    ...(prefixes.length > 0 && prefixes.length <= jobPartsMax && !isFull
      ? []
      : [
          `a job must have from 1 to ${jobPartsMax} prefixes, of at most ${jobPrefixBytesMax} bytes together`,
        ]),
    ...(within === undefined && sorted.length === prefixes.length
      ? []
      : ['no prefix must be below another, or its objects would be there twice']),
  ]
}

/**
 * Begins a job, or finds the one that was begun with the same request: whoever asks again goes on with it. A budget that is
 * given counts from now on.
 *
 * @throws Fault JOB_REFUSED when the name belongs to another request.
 */
export const startJob = async (deps: JobStartDeps, asked: JobAsked, call: Call): Promise<Job> => {
  const { id, request, budget } = asked
  const problem = jobIdProblem(id)
  if (problem) throw new Fault('JOB_REFUSED', `the name of a job ${problem}`)
  const key = jobKeyOf(deps.pipeline, id)
  const before = (await readItem<Job>(deps, key, call)) ?? (await findBeside(deps, id, call))
  const generation = before || !request.force ? 0 : await nextGeneration(deps, call)
  const now = deps.clock.now()
  const fresh: Job = {
    ...{ ...key, request, budget: budget ?? {}, generation, state: 'running' },
    parts: request.prefixes.map((prefix): JobPart => {
      return { prefix, state: 'open', slice: 0, line: 0, counts: noCounts }
    }),
    ...{ createdAt: now, updatedAt: now },
  }
  const known = { found: before }
  const job = await changeItem<Job>(
    deps,
    key,
    (item) => {
      if (!item) return fresh
      const isChanged = budget !== undefined && !isDeepStrictEqual(item.budget, budget)
      if (!isChanged || !isSame(item, request)) return undefined
      // The rest is of the budget before.
      return { ...without(item, 'restUntil'), budget, updatedAt: now }
    },
    call,
    known,
  )
  if (!job) throw new Fault('LEDGER_UNAVAILABLE', `job ${id} could not be begun; try again`)
  if (!isSame(job, request))
    throw new Fault(
      'JOB_REFUSED',
      `job ${id} was begun ${new Date(job.createdAt).toISOString()} with another request (${writeRequest(job.request)}): take another name, or the same request to go on with it`,
    )
  if (!before) deps.log.emit({ kind: 'job-turned', job: id, state: job.state })
  return job
}

/**
 * The job of slices that are there: somebody began it just now. Without it the ledger was lost, and nobody knows what they were
 * asked for: taken for ours, they would pass for what this request finds.
 */
const findBeside = async (
  deps: JobStartDeps,
  id: string,
  call: Call,
): Promise<Versioned<Job> | undefined> => {
  const { pipeline, store, clock } = deps
  const root = slicesPrefixOf(pipeline, id)
  const key = await persist(clock, call, () => firstOf(store.list(root, call.signal)))
  if (key === undefined) return undefined
  const found = await readItem<Job>(deps, jobKeyOf(pipeline, id), call)
  if (found) return found
  throw new Fault(
    'JOB_REFUSED',
    `job ${id} was begun before, for there is ${key}, and the ledger does not have it any more: take another name`,
  )
}

const writeRequest = ({ window: { start, end, ...rest }, ...request }: JobRequest): string => {
  const times = Object.entries({ start, end }).filter(([, at]) => at !== undefined)
  const told = times.map(([name, at]) => [name, new Date(at ?? 0).toISOString()])
  const window = { ...Object.fromEntries(told), ...rest }
  return JSON.stringify({ ...request, window }).slice(0, 500)
}

const isSame = (job: Job, request: JobRequest): boolean => isDeepStrictEqual(job.request, request)

/** @throws Fault JOB_REFUSED when there is none of the name. */
export const readJob = async (
  deps: Pick<BulkDeps, 'pipeline' | 'ledger' | 'clock'>,
  id: string,
  call: Call,
): Promise<Job> => {
  const found = await readItem<Job>(deps, jobKeyOf(deps.pipeline, id), call)
  if (found) return found.item
  throw new Fault(
    'JOB_REFUSED',
    `there is no job ${id} of pipeline ${deps.pipeline}; silversmith backfill list has those there are`,
  )
}
