import { Fault, isFault, type Job } from '@silversmith/core'
import { createHash } from 'node:crypto'
import { hashOf } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { jobPrefixOf, nameOfJob } from './bulk-room.ts'
import {
  addToSum,
  noReportSum,
  type ReportDeps,
  type ReportEntry,
  type ReportSum,
  readReport,
} from './report.ts'

/** Of S3 Batch Operations' completion report. https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html */
export const reportColumns = [
  ...['Bucket', 'Key', 'VersionId', 'TaskStatus', 'ErrorCode', 'HTTPStatusCode', 'ResultMessage'],
] as const

/** A line without its end, as S3 writes it: no heading, every value in quotes, keys URL-encoded. 200 is what stands for success there. */
export const reportLineOf = (entry: ReportEntry): string => {
  const { bucket, key, version, versioned, status, code, message } = entry
  const values = [
    ...[bucket, encodeKey(key), versioned ? version : '', status, code],
    ...[status === 'succeeded' ? '200' : '', message],
  ]
  return values
    .map((value) => `"${value.replace(/[\r\n]+/g, ' ').replaceAll('"', '""')}"`)
    .join(',')
}

/** Readers of forms and of URLs decode it alike: a space is `%20`, a plus `%2B`. Half a character, which is in no key of S3, is `%EF%BF%BD`. */
const encodeKey = (key: string): string =>
  encodeURIComponent(key.toWellFormed()).replaceAll('%2F', '/')

export interface WrittenReport {
  /** Key of its manifest, which names the others. */
  readonly key: string
  readonly sum: ReportSum
}

interface Result {
  readonly Bucket: string
  readonly MD5Checksum: string
  readonly Key: string
}

/**
 * Writes a report as it stands now below the job's prefix: a CSV and JSON Lines for each slice, and last a manifest.json in the
 * shape of S3 Batch Operations that names them. Files of ours never change, so each report has a folder of its own.
 *
 * @throws Fault DEADLINE_REACHED; without a manifest there is no report.
 */
export const writeReport = async (
  deps: ReportDeps,
  job: Job,
  silverBucket: string,
  call: Call,
): Promise<WrittenReport> => {
  const takenAt = new Date(deps.clock.now()).toISOString()
  const folder = `${jobPrefixOf(deps.pipeline, nameOfJob(job))}report-${takenAt.replaceAll(/[:.]/g, '-')}/`
  const write = async (name: string, text: string, contentType: string): Promise<Result> => {
    const bytes = Buffer.from(text)
    const file = { sha256: hashOf(bytes), contentType }
    const key = `${folder}${name}`
    await persist(deps.clock, call, () => deps.store.write(key, bytes, file, call.signal))
    const md5 = createHash('md5').update(bytes).digest('hex')
    return { Bucket: silverBucket, MD5Checksum: md5, Key: key }
  }
  let sum = noReportSum
  const results: Result[] = []
  for await (const { part, slice, entries } of readReport(deps, job, call)) {
    if (deps.clock.now() > call.deadline)
      throw new Fault('DEADLINE_REACHED', `the report of ${nameOfJob(job)} is not whole yet`)
    if (entries.length === 0) continue
    sum = addToSum(sum, entries)
    const name = `results/${String(part).padStart(3, '0')}-${String(slice).padStart(7, '0')}`
    const csv = entries.map((entry) => `${reportLineOf(entry)}\n`).join('')
    const json = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
    results.push(await write(`${name}.csv`, csv, 'text/csv'))
    await write(`${name}.jsonl`, json, 'application/x-ndjson')
  }
  const manifest = {
    ...{ Format: 'Report_CSV_20180820', ReportCreationDate: takenAt, Results: results },
    ReportSchema: reportColumns.join(', '),
  }
  const { Key: key } = await write(
    'manifest.json',
    `${JSON.stringify({ ...manifest, Job: nameOfJob(job), Sum: sum }, null, 2)}\n`,
    'application/json',
  )
  return { key, sum }
}

/** Counts without writing. Undefined: the call was over before all was looked at. */
export const sumReport = async (
  deps: ReportDeps,
  job: Job,
  call: Call,
): Promise<ReportSum | undefined> => {
  let sum = noReportSum
  try {
    for await (const { entries } of readReport(deps, job, call)) {
      if (call.signal.aborted || deps.clock.now() > call.deadline) return undefined
      sum = addToSum(sum, entries)
    }
  } catch (error) {
    // Most calls end in the middle of a read.
    if (isFault(error, 'DEADLINE_REACHED')) return undefined
    throw error
  }
  return sum
}
