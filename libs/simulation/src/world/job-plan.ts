import type { JobBudget, JobRequest, JobWindow, ListedObject } from '@silversmith/core'
import { bucket } from './place.ts'
import type { Random } from '../random.ts'

/** Without a budget it stays as it was. */
interface BudgetAsked {
  readonly budget?: JobBudget
}

export interface JobPlan {
  readonly id: string
  readonly request: JobRequest
  /** Each call is given one of them. */
  readonly budgets: readonly BudgetAsked[]
}

/** Days that keys of older objects name. */
const firstDayMs = Date.UTC(2025, 11, 28)
const daysCount = 6
const dayMs = 86_400_000
const hourMs = 3_600_000

const prefixesOfJobs: readonly (readonly string[])[] = [
  [''],
  ['notes/'],
  ['notes/', 'other/'],
  ['notes/dt=2025-12-28/', 'notes/dt=2025-12-29/', 'notes/dt=2025-12-30/', 'notes/s/'],
  ['notes/s/', 'notes/1', 'notes/2', 'notes/3'],
]

const budgetsOfCalls: readonly BudgetAsked[] = [
  {},
  { budget: {} },
  { budget: { objectsPerSecond: 0.02 } },
  { budget: { objectsPerSecond: 0.5 } },
  { budget: { objectsPerSecond: 3 } },
  { budget: { bytesPerSecond: 200 } },
  { budget: { concurrency: 1 } },
  { budget: { concurrency: 4 } },
]

/** Key of an object of before: it names its day, and mostly its time. */
export const writeOldKey = (random: Random, n: number): string => {
  const at = firstDayMs + random.below(daysCount * dayMs)
  const [day, time = ''] = new Date(at).toISOString().split('T')
  return random.chance(0.4)
    ? `notes/dt=${day}/${n}.jsonl`
    : `notes/s/${day}T${time.slice(0, 8).replaceAll(':', '-')}.000000Z_${n}.jsonl`
}

export const planJob = (random: Random, n: number, nowMs: number): JobPlan => ({
  id: `job${n}`,
  request: {
    bucket,
    prefixes: random.pick(prefixesOfJobs),
    window: drawWindow(random, nowMs),
    force: random.chance(0.5),
  },
  budgets: random.chance(0.5) ? [random.pick(budgetsOfCalls)] : budgetsOfCalls,
})

const drawWindow = (random: Random, nowMs: number): JobWindow => {
  const day = firstDayMs + random.below(daysCount) * dayMs
  const spans: readonly JobWindow[] = [
    {},
    { start: day },
    { end: day + dayMs },
    { start: firstDayMs, end: day + dayMs },
    // In the middle of a day, and by Last-Modified.
    { start: firstDayMs + random.below(2 * dayMs), end: firstDayMs + 3 * dayMs },
    { end: nowMs + random.below(hourMs) },
    { start: nowMs, end: nowMs + random.below(2 * hourMs) + 1 },
  ]
  const narrowings: readonly JobWindow[] = [
    ...[{}, {}, {}],
    { minBytes: 1, maxBytes: 400 },
    { keyRegex: '[13579]\\.jsonl' },
    { datasets: ['notes'] },
  ]
  return { ...random.pick(spans), ...random.pick(narrowings) }
}

/** A second opinion on whether a job is to send it. */
export const isAsked = (
  { prefixes, window }: JobRequest,
  { object: { key }, lastModified, sizeBytes }: Omit<ListedObject, 'etag'>,
): boolean => {
  const [, day, hour, minute, second] =
    /\/(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)[^/]*$/.exec(key) ?? []
  const dt = /\/dt=(\d{4}-\d\d-\d\d)\//.exec(key)?.[1]
  const named = day === undefined ? undefined : `${day}T${hour}:${minute}:${second}Z`
  const text = named ?? (dt === undefined ? undefined : `${dt}T00:00:00Z`)
  const at = text === undefined ? lastModified : Date.parse(text)
  const { start, end, minBytes, maxBytes, keyRegex, datasets } = window
  return (
    prefixes.some((prefix) => key.startsWith(prefix)) &&
    !(start !== undefined && at < start) &&
    !(end !== undefined && at >= end) &&
    !(minBytes !== undefined && sizeBytes < minBytes) &&
    !(maxBytes !== undefined && sizeBytes > maxBytes) &&
    !(keyRegex !== undefined && !new RegExp(keyRegex).test(key)) &&
    !(datasets && !key.startsWith('notes/'))
  )
}
