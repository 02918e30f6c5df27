import type { Job, JobRequest } from '@silversmith/core'
import type { Call } from '../patience.ts'
import type { BulkDeps } from './bulk-room.ts'
import { knownSlices } from './known-slices.ts'
import { readSlice, type SliceObject } from './slice.ts'
import { isSent, lookUp, type Seen } from './walk.ts'

/** `pending`: it is sent, or will be, and no batch has sealed it yet. */
export type TaskStatus = 'succeeded' | 'failed' | 'pending'

/** What became of one object of a job. */
export interface ReportEntry {
  readonly bucket: string
  readonly key: string
  readonly version: string
  readonly versioned: boolean
  readonly etag: string
  readonly sizeBytes: number
  /** Epoch ms. */
  readonly date: number
  readonly dataset: string | undefined
  readonly status: TaskStatus
  /** Of what is not succeeded: a disposition, `unrouted`, `stuck`, or what it waits for. Empty: it succeeded. */
  readonly code: string
  readonly message: string
  /** False: it was loaded before the job, which sent nothing. */
  readonly isByJob: boolean
  /** Its batch is in every target. */
  readonly isCommitted: boolean
  /** Accepted records; 0 where it is not committed. */
  readonly rows: number
  /** Records in quarantine; 0 where it is not committed. */
  readonly rejected: number
  readonly batch: string | undefined
}

export type ReportDeps = Pick<BulkDeps, 'pipeline' | 'ledger' | 'store' | 'clock' | 'log'>

/** One slice of the report, for whoever writes it down. */
export interface ReportPage {
  readonly part: number
  readonly slice: number
  readonly entries: readonly ReportEntry[]
}

/**
 * Every object of a job once, as it stands now, slice by slice in the order of the job. It reads what the slices say was found,
 * and what ledger and manifests say came of it. Memory is that of one slice and eight manifests. `skip` leaves slices out that
 * somebody knows already.
 */
export const readReport = async function* (
  deps: ReportDeps,
  job: Job,
  call: Call,
  skip: (page: Pick<ReportPage, 'part' | 'slice'>) => boolean = () => false,
): AsyncGenerator<ReportPage> {
  const { request, generation } = job
  for await (const { part, n, place, line } of knownSlices(deps, job, call)) {
    if (skip({ part, slice: n })) continue
    const slice = await readSlice(deps, request.bucket, place, call)
    // Not written yet: the slice that is next.
    if (!slice) continue
    const seen = await lookUp(deps, slice.objects, generation, call)
    const entries = slice.objects.map((object, at) =>
      entryOf(object, seen[at] as Seen, { request, isDue: at < line }),
    )
    yield { part, slice: n, entries }
  }
}

interface Moment {
  readonly request: Pick<JobRequest, 'force'>
  /** The job has passed it: what it sends of it is sent. */
  readonly isDue: boolean
}

type Outcome = Pick<ReportEntry, 'status' | 'code' | 'message' | 'rows' | 'rejected'>

const entryOf = (one: SliceObject, seen: Seen, moment: Moment): ReportEntry => {
  const { object, etag, sizeBytes, date, dataset, standing } = one
  const batch = seen.standing.batch?.item
  const isByJob = isSent(one, moment.request.force)
  const outcome = standing === 'unrouted' ? unrouted : outcomeOf(one, seen, moment)
  return {
    ...object,
    ...{ etag, sizeBytes, date, dataset, isByJob, batch: batch?.id },
    isCommitted: outcome.status === 'succeeded' && batch?.state === 'C',
    ...outcome,
  }
}

const failed = (code: string, message: string): Outcome => ({
  ...{ status: 'failed', code, message, rows: 0, rejected: 0 },
})
const pending = (code: string, message: string): Outcome => ({
  ...{ status: 'pending', code, message, rows: 0, rejected: 0 },
})
const unrouted = failed('unrouted', 'no route accepts its key')

const outcomeOf = (one: SliceObject, { standing, listed }: Seen, moment: Moment): Outcome => {
  const { claim, source } = standing
  const batch = standing.batch?.item
  if (claim && !batch)
    return failed('stuck', `claimed for batch ${claim.item.batch}, which the ledger lacks`)
  if (listed === 'unreadable') return failed('stuck', `the manifest of its batch cannot be read`)
  const waits = moment.isDue
    ? pending('sent', 'no batch has sealed it yet')
    : pending('unsent', 'the job has not come to it yet')
  if (!claim || !batch || !listed) return waits
  // A reload that is still to come: what is there is of before.
  if (claim.item.generation < source.generation) return waits
  const isByJob = isSent(one, moment.request.force)
  if (listed.disposition !== 'rows' && listed.disposition !== 'empty')
    // What that batch says of a source that was sent again is of before; clocks, which differ, need not tell.
    return isByJob && one.batch === batch.id
      ? waits
      : failed(listed.disposition, listed.reason ?? '')
  const isCommitted = batch.state === 'C'
  const what = isByJob ? 'loaded' : 'was loaded before'
  const where = isCommitted ? '' : ', not yet in every target'
  return {
    ...{ status: 'succeeded', code: '', rows: isCommitted ? listed.rows : 0 },
    rejected: isCommitted ? listed.rejected : 0,
    message: `${what} by batch ${batch.id}${where}: ${listed.rows} rows, ${listed.rejected} rejected`,
  }
}

export interface ReportSum {
  readonly objects: number
  readonly succeeded: number
  /** Of `succeeded`: loaded before the job. */
  readonly before: number
  /** Of `succeeded`: durable, and not yet in every target. */
  readonly sealed: number
  readonly failed: number
  readonly pending: number
  /** Of objects the job sent, in committed batches. */
  readonly rows: number
  /** Of the same, records in quarantine. */
  readonly rejected: number
  /** Code of what is not succeeded → objects. */
  readonly codes: Readonly<Record<string, number>>
}

export const noReportSum: ReportSum = {
  ...{ objects: 0, succeeded: 0, before: 0, sealed: 0, failed: 0, pending: 0, rows: 0 },
  ...{ rejected: 0, codes: {} },
}

export const addToSum = (sum: ReportSum, entries: readonly ReportEntry[]): ReportSum => {
  const next = { ...sum, codes: { ...sum.codes } }
  for (const { status, code, rows, rejected, isByJob, isCommitted } of entries) {
    next.objects += 1
    next[status] += 1
    if (status === 'succeeded' && !isByJob) next.before += 1
    if (status === 'succeeded' && !isCommitted) next.sealed += 1
    if (isByJob) next.rows += rows
    if (isByJob) next.rejected += rejected
    if (code !== '') next.codes[code] = (next.codes[code] ?? 0) + 1
  }
  return next
}
