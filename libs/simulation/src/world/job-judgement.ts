import type { Batch, Job, Manifest } from '@silversmith/core'
import { objectUri, sourceIdOf } from '@silversmith/core'
import type { ReportEntry } from '@silversmith/flow'
import { readReport } from '@silversmith/flow'
import { isInBronze, wasGoneIn } from './history.ts'
import { isAsked } from './job-plan.ts'
import { isDue } from './job-slice.ts'
import { nameOf } from './job-watch.ts'
import { bucket, pipeline } from './place.ts'
import type { Stage } from './stage.ts'

const signal = new AbortController().signal

/** Looks at the jobs of a world at rest: what they walked over, and what they report. */
export const judgeJobs = async (
  stage: Stage,
  now: number,
  violate: (text: string) => void,
): Promise<void> => {
  for (const [name, job] of stage.jobs.jobs) {
    if (job.state !== 'done' && job.state !== 'cancelled') violate(`job ${name} is ${job.state}`)
    if (job.state === 'done') await judgeWhole(stage, job, violate)
    judgeCounts(stage, job, violate)
    await judgeReport(stage, job, now, violate)
  }
}

/** Whatever was in bronze all the time is in a slice. */
const judgeWhole = async (
  { jobs, bronze, history }: Stage,
  job: Job,
  violate: (text: string) => void,
): Promise<void> => {
  const name = nameOf(job)
  const [begunAt = 0, doneAt = 0] = [jobs.begunAt.get(name), jobs.doneAt.get(name)]
  const found = new Set(jobs.slicesOf(name).flatMap(({ lines }) => lines.map(({ id }) => id)))
  let from: string | undefined
  do {
    const page = await bronze.list(bucket, '', from, signal)
    for (const listed of page.objects) {
      const version = history.find(sourceIdOf(pipeline, listed.object))
      if (!version || !isInBronze(version) || listed.lastModified > begunAt) continue
      if (wasGoneIn(version, begunAt, doneAt) || !isAsked(job.request, listed)) continue
      if (!found.has(version.id)) violate(`job ${name} passed over ${listed.object.key}`)
    }
    from = page.next
  } while (from !== undefined)
}

const judgeCounts = ({ jobs }: Stage, job: Job, violate: (text: string) => void): void => {
  const name = nameOf(job)
  const slices = jobs.slicesOf(name)
  job.parts.forEach(({ slice: last, line, counts }, at) => {
    const own = slices.filter(({ part, n }) => part === at && n < last).map(({ lines }) => lines)
    const half = slices.find(({ part, n }) => part === at && n === last)?.lines.slice(0, line) ?? []
    const sent = [...own.flat(), ...half].filter((one) => isDue(one, job.request)).length
    const told = { found: counts.found, sent: counts.sent }
    const right = { found: own.flat().length, sent }
    if (JSON.stringify(told) !== JSON.stringify(right))
      violate(`job ${name} ${at} counts ${JSON.stringify(told)}, it is ${JSON.stringify(right)}`)
  })
}

/** Each object once, with what became of it. */
const judgeReport = async (
  { jobs, ledger, store }: Stage,
  job: Job,
  now: number,
  violate: (text: string) => void,
): Promise<void> => {
  const name = nameOf(job)
  const clock = { now: () => now, sleep: async () => undefined }
  const deps = { pipeline, ledger, store, clock, log: { emit: () => undefined } }
  const entries: ReportEntry[] = []
  for await (const page of readReport(deps, job, { deadline: Infinity, signal }))
    entries.push(...page.entries)
  const nameOfOne = (one: { bucket: string; key: string; version: string }): string =>
    `${objectUri(one)} ${one.version}`
  const told = entries.map(nameOfOne).toSorted()
  const right = jobs
    .slicesOf(name)
    .flatMap(({ lines }) => lines.map(({ object }) => nameOfOne(object)))
  if (JSON.stringify(told) !== JSON.stringify(right.toSorted()))
    violate(
      `the report of job ${name} has ${told.length} objects, not each of ${right.length} once`,
    )
  for (const entry of entries) {
    const what = await tellOutcome({ ledger, store }, entry)
    const isSent = job.state === 'done' || entry.code !== 'unsent'
    if (isSent && what !== undefined && what !== entry.status)
      violate(
        `job ${name} reports ${nameOfOne(entry)} ${entry.status} ${entry.code}, it is ${what}`,
      )
  }
}

/** What the manifest of its batch says. Undefined: there is none. */
const tellOutcome = async (
  { ledger, store }: Pick<Stage, 'ledger' | 'store'>,
  { batch: id, ...object }: ReportEntry,
): Promise<string | undefined> => {
  const [found] = id === undefined ? [] : await ledger.read([{ kind: 'batch', id }], signal)
  const ref = (found?.item as Batch | undefined)?.manifest
  const file = ref && store.files.get(ref.key)
  if (!file) return object.dataset === undefined ? 'failed' : 'pending'
  const manifest = JSON.parse(new TextDecoder().decode(file.bytes)) as Manifest
  const source = manifest.sources.find((one) => one.id === sourceIdOf(pipeline, object))
  if (object.dataset === undefined || !source) return 'failed'
  return source.disposition === 'rows' || source.disposition === 'empty' ? 'succeeded' : 'failed'
}
