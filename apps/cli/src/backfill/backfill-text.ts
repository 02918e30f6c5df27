import type { Job, JobBudget, JobCounts, JobRequest } from '@silversmith/core'
import { countsOfJob } from '@silversmith/core'
import { nameOfJob, type ReportSum } from '@silversmith/flow'
import { writeTime } from '../text/age.ts'
import { counted } from '../text/counted.ts'

/** `3 by key, 1 by modified`; empty: there are none. */
export const listCounts = (counts: Readonly<Partial<Record<string, number>>>): string =>
  Object.entries(counts)
    .filter(([, count = 0]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

/** What a person may say to have the same job go on. */
export const goOnLine = (id: string): string => `silversmith backfill run --job ${id} --yes`

/** Where it looks, and how that is narrowed. */
export const describeRequest = ({ bucket, prefixes, window, force }: JobRequest): string => {
  const { start, end, hours, keyRegex, minBytes, maxBytes, datasets } = window
  const [first = '', ...more] = prefixes
  const others =
    more.length > 0 ? ` and ${counted(more.length, 'prefix').replace(/s$/, 'es')} more` : ''
  return [
    `s3://${bucket}/${first}${others}`,
    ...(start === undefined ? [] : [`from ${writeTime(start)}`]),
    ...(end === undefined ? [] : [`before ${writeTime(end)}`]),
    ...(hours ? [`hours ${hours.join(', ')}`] : []),
    ...(keyRegex === undefined ? [] : [`keys like ${keyRegex}`]),
    ...(minBytes === undefined ? [] : [`at least ${minBytes} bytes`]),
    ...(maxBytes === undefined ? [] : [`at most ${maxBytes} bytes`]),
    ...(datasets ? [`of ${datasets.join(', ')}`] : []),
    ...(force ? ['also what is loaded (--force)'] : []),
  ].join(', ')
}

/** What was found, and what was left out and why. */
export const describeCounts = ({ listed, found, bytes, ...rest }: JobCounts): readonly string[] => {
  const [standings, dates, outside] = [rest.standings, rest.dates, rest.outside].map(listCounts)
  return [
    `${counted(found, 'object')} inside the window (${bytes} bytes), of ${listed} listed`,
    ...(standings ? [`  as they were found: ${standings}`] : []),
    ...(dates ? [`  dated by: ${dates}`] : []),
    ...(outside ? [`  outside, by what keeps them there: ${outside}`] : []),
  ]
}

export const describeSum = (sum: ReportSum): readonly string[] => {
  const { succeeded, before, failed, pending, rows, rejected, sealed, codes } = sum
  const why = listCounts(codes)
  return [
    `loaded ${succeeded - before} (${rows} rows), loaded before ${before}, failed ${failed}, pending ${pending}`,
    ...(sealed > 0 ? [`  ${sealed} of the loaded are durable, and not in every target yet`] : []),
    ...(rejected > 0
      ? [`  ${counted(rejected, 'record')} of these rejected: silversmith quarantine list`]
      : []),
    ...(why ? [`  not loaded: ${why}`] : []),
  ]
}

/** Prefixes that could not be listed, or what a map left. */
export const describeFailedParts = (job: Job): readonly string[] => {
  const failed = job.parts.filter(({ state }) => state === 'failed')
  if (job.request.map)
    return failed.flatMap(({ problem = '' }) => [
      problem,
      'for these begin another job of the same window: it sends what is not loaded',
    ])
  return [
    ...failed.map(({ prefix, problem = '' }) => `could not be listed: ${prefix}: ${problem}`),
    ...(failed.length > 0
      ? [
          `when that is mended: silversmith backfill resume --job ${nameOfJob(job)} --yes, and run it again`,
        ]
      : []),
  ]
}

/** An object is counted as found when all of its slice is sent. */
const ofWholeSlices = (line: string, at: number): string =>
  at === 0 ? `so far, of slices that are sent: ${line}` : line

const describeBudget = (budget: JobBudget): readonly string[] => {
  const { objectsPerSecond, bytesPerSecond, concurrency } = budget
  const limits = [
    ...(objectsPerSecond === undefined ? [] : [`${counted(objectsPerSecond, 'object')} a second`]),
    ...(bytesPerSecond === undefined ? [] : [`${counted(bytesPerSecond, 'byte')} a second`]),
    ...(concurrency === undefined ? [] : [`${counted(concurrency, 'message')} that wait`]),
  ]
  return limits.length === 0 ? [] : [`at most ${limits.join(', ')}`]
}

/** What a job is, without what became of its objects. */
export const describeJob = (job: Job): readonly string[] => {
  const counts = countsOfJob(job)
  const isWhole = job.parts.every(({ state }) => state !== 'open')
  return [
    `job ${nameOfJob(job)} is ${job.state}, begun ${writeTime(job.createdAt)}: ${describeRequest(job.request)}`,
    ...(isWhole ? describeCounts(counts) : describeCounts(counts).map(ofWholeSlices)),
    `sent ${counts.sent}${isWhole ? '' : ', those of the slice it is at among them'}`,
    ...describeBudget(job.budget),
    ...describeFailedParts(job),
  ]
}
