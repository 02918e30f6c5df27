import type { JobCounts, JobRequest } from '@silversmith/core'
import { assumedDeployment, pricesDate, usualInputs } from '@silversmith/flow/cost'
import {
  type BulkDeps,
  type Call,
  estimatePlan,
  type JobView,
  noReportSum,
  planJob,
  readJob,
  refuseEmptyPlan,
  type ReportSum,
  runJob,
  sumReport,
  writeReport,
} from '@silversmith/flow'
import { type BulkAsked, type BulkPlace, readBulkEvent } from './bulk-event.ts'
import type { Fields } from './handler.ts'

export interface BulkModeDeps extends BulkDeps, Omit<BulkPlace, 'invocation'> {
  readonly silverBucket: string
}

/**
 * Mode `bulk`: begins a job or goes on with it, as long as the invocation lasts. `next` says that the same event with the
 * `job_id` of the result does more. What was sent is loaded by transform later: how much of it is there, `processed_files` says
 * when the job is done and the event comes again.
 */
export const createBulkMode =
  (deps: BulkModeDeps) =>
  async (fields: Fields, call: Call, invocation: string): Promise<object> => {
    const asked = readBulkEvent(fields, { ...deps, invocation })
    if (asked.isDry) return planOf(deps, asked, call)
    return resultOfJob(deps, asked, await runJob(deps, asked, call), call)
  }

/** What is answered of a job; what became of its objects is looked at when it is done. */
export const resultOfJob = async (
  deps: BulkModeDeps,
  asked: BulkAsked,
  view: JobView,
  call: Call,
  isLooked = true,
): Promise<object> => {
  const { sum, reportKey }: Sum = isLooked
    ? await sumOf(deps, asked, view, call)
    : { sum: undefined }
  return {
    ...resultOf(asked, view, sum),
    ...(reportKey !== undefined && { report: `s3://${deps.silverBucket}/${reportKey}` }),
  }
}

/** Of an invocation: kept for what batches had before. */
const estimateShare = 0.1

const planOf = async (deps: BulkModeDeps, asked: BulkAsked, call: Call): Promise<object> => {
  const { request, from } = asked
  const leftMs = call.deadline - deps.clock.now()
  const walk = { ...call, deadline: call.deadline - leftMs * estimateShare }
  const { counts, cells, sample, next } = refuseEmptyPlan(
    await planJob(deps, request, from, walk),
    request,
    from,
  )
  const assumed = { inputs: usualInputs, deployment: assumedDeployment }
  const estimates = await estimatePlan(deps, { cells }, assumed, call)
  const { memoryMb, timeoutSeconds, batchSize } = assumedDeployment.transform
  return {
    message: `dry run: ${counts.found} files found, ${counts.sent} would be sent`,
    ...{ files_found: counts.found, files: sample, total_files: counts.found },
    ...{ processing_mode: 'bulk', dry_run: true, section_id: asked.sectionId ?? null },
    ...{ prefix: request.prefixes[0], counts, days: cells, estimates },
    assumed: { transform: { memoryMb, timeoutSeconds, batchSize }, prices: pricesDate },
    ...(next !== undefined && { next }),
  }
}

interface Sum {
  /** Undefined: there was no time to look. */
  readonly sum: ReportSum | undefined
  readonly reportKey?: string
}

const sumOf = async (
  deps: BulkModeDeps,
  { id, isReported }: BulkAsked,
  { state }: JobView,
  call: Call,
): Promise<Sum> => {
  if (state !== 'done') return { sum: undefined }
  const job = await readJob(deps, id, call)
  if (!isReported) return { sum: await sumReport(deps, job, call) }
  const { key, sum } = await writeReport(deps, job, deps.silverBucket, call)
  return { sum, reportKey: key }
}

/** The keys of the first system, and ours. */
const resultOf = (
  { sectionId, request }: BulkAsked & { readonly request: JobRequest },
  view: JobView,
  sum: ReportSum | undefined,
): object => {
  const { counts, failedParts, generation, job, next, parts, state } = view
  const { succeeded, before, failed, pending, rows, rejected, codes } = sum ?? {
    ...noReportSum,
    ...guessOf(counts),
  }
  const problems = parts.flatMap(({ prefix, problem }) => (problem ? [{ prefix, problem }] : []))
  return {
    ...{ total_files_found: counts.found, processed_files: succeeded - before },
    ...{ failed_files: failed, skipped_files: before, pending_files: pending },
    ...{ total_events_processed: rows, rejected_events: rejected, section_id: sectionId ?? null },
    ...{ success: failed === 0 && failedParts === 0, processing_mode: 'bulk' },
    ...{ job_id: job, state, next, busy: view.busy, sent_files: counts.sent, bytes: counts.bytes },
    ...{ prefix: request.prefixes[0], generation, dates: counts.dates, outside: counts.outside },
    ...{ standings: counts.standings, codes, failed_parts: problems },
    ...(view.restUntil !== undefined && { rest_until: new Date(view.restUntil).toISOString() }),
    /** False: what became of them was not looked at in this invocation. */
    is_looked_at: sum !== undefined,
  }
}

/** Before anybody looked what became of them. */
const guessOf = ({ sent, standings }: JobCounts) => {
  const before = standings.loaded ?? 0
  return { succeeded: before, before, pending: sent }
}
