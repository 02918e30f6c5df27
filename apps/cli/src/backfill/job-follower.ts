import type { Job } from '@silversmith/core'
import {
  addToSum,
  type Call,
  noReportSum,
  readJob,
  readReport,
  type ReportEntry,
  type ReportSum,
} from '@silversmith/flow'
import type { BackfillRoom } from './backfill-room.ts'

/** What became of a job so far. */
export interface JobLook {
  readonly job: Job
  readonly sum: ReportSum
}

/**
 * Looks at a job again and again. What is settled is not looked at a second time, so that a look costs what is under way and not
 * what the job is. Memory: a name of each slice.
 */
export const createFollower = (
  room: BackfillRoom,
  id: string,
): ((call: Call) => Promise<JobLook>) => {
  const settled = new Set<string>()
  let known = noReportSum
  return async (call) => {
    const job = await readJob(room, id, call)
    let open: ReportSum = noReportSum
    const skip = ({ part, slice }: { part: number; slice: number }): boolean =>
      settled.has(`${part}/${slice}`)
    for await (const { part, slice, entries } of readReport(room, job, call, skip)) {
      if (entries.every(isSettled)) {
        known = addToSum(known, entries)
        settled.add(`${part}/${slice}`)
      } else open = addToSum(open, entries)
    }
    return { job, sum: plus(known, open) }
  }
}

/** Failed, or in every target. */
const isSettled = ({ status, isCommitted }: ReportEntry): boolean =>
  status === 'failed' || isCommitted

const plus = (a: ReportSum, b: ReportSum): ReportSum => {
  const codes: Record<string, number> = { ...a.codes }
  for (const [code, count] of Object.entries(b.codes)) codes[code] = (codes[code] ?? 0) + count
  return {
    ...{ objects: a.objects + b.objects, succeeded: a.succeeded + b.succeeded },
    ...{ before: a.before + b.before, sealed: a.sealed + b.sealed, failed: a.failed + b.failed },
    ...{ pending: a.pending + b.pending, rows: a.rows + b.rows },
    ...{ rejected: a.rejected + b.rejected, codes },
  }
}

/** Nothing of it is on its way. */
export const isSettledSum = ({ pending, sealed }: ReportSum): boolean => pending + sealed === 0
