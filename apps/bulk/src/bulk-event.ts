import {
  type JobBudget,
  jobIdProblem,
  type JobRequest,
  isMessage,
  readWindow,
  type Route,
  type WindowAsked,
} from '@silversmith/core'
import { type JobAsked, requestProblems } from '@silversmith/flow'
import { type Fields, refuseFields, unknownFields } from './handler.ts'

/** What a bulk event asks for. */
export interface BulkAsked extends JobAsked {
  readonly sectionId: string | number | undefined
  readonly isDry: boolean
  /** Of a dry run: `next` of the one before. */
  readonly from: string | undefined
  /** Of a job that is done: its report is written down. */
  readonly isReported: boolean
}

export interface BulkPlace {
  readonly pipeline: string
  readonly buckets: readonly string[]
  readonly routes: readonly Route[]
  /** The name of a job that has none; an invocation that is repeated has the same. */
  readonly invocation: string
}

/** Names of the window's fields in an event. */
const windowFields = {
  ...{ start: 'start_date', end: 'end_date', hours: 'hours', keyRegex: 'key_regex' },
  ...{ minBytes: 'min_bytes', maxBytes: 'max_bytes', datasets: 'datasets' },
} as const satisfies Record<keyof WindowAsked, string>

const budgetFields = {
  objects_per_second: 'objectsPerSecond',
  bytes_per_second: 'bytesPerSecond',
  concurrency: 'concurrency',
} as const

const known: readonly string[] = [
  ...['section_id', 's3_bucket', 's3_prefix', 'dry_run', 'force_reprocess'],
  ...Object.values(windowFields),
  ...['pipeline', 'budget', 'job_id', 'from', 'report'],
]

/** What is left out would be everything, and nobody asks for that by leaving something out. */
const narrowing: readonly string[] = ['section_id', 's3_prefix', ...Object.values(windowFields)]

const sectionPrefix = 'section/'

/**
 * `{"mode": "bulk", …}`, the fields of the first system and ours; null is as good as absent. `end_date` is a day with all its
 * hours, or a time that is outside.
 *
 * @throws Fault EVENT_UNKNOWN that lists every unknown or wrong field.
 */
export const readBulkEvent = (given: Fields, place: BulkPlace): BulkAsked => {
  const fields = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null && value !== undefined),
  )
  const { buckets, routes } = place
  const asked = Object.fromEntries(
    Object.entries(windowFields).map(([name, field]) => [name, fields[field]]),
  )
  const read = readWindow(asked, [...new Set(routes.map(({ dataset }) => dataset))])
  const { s3_bucket: bucket = buckets.length === 1 ? buckets[0] : '', from } = fields
  const { section_id: sectionId, s3_prefix: prefix = sectionPrefix } = fields
  const { dry_run: isDry = false, force_reprocess: force = false, report = false } = fields
  const { job_id: id = `bulk-${place.invocation}`, pipeline = place.pipeline } = fields
  const budget = readBudget(fields['budget'])
  const request: JobRequest = {
    ...{ bucket: String(bucket), prefixes: [prefixOf(String(prefix), sectionId)] },
    ...{ window: 'window' in read ? read.window : {}, force: force === true },
  }
  refuseFields('bulk', [
    ...unknownFields(fields, known),
    ...(narrowing.some((name) => fields[name] !== undefined)
      ? []
      : [
          `it must say of what: ${narrowing.slice(0, 4).join(', ')} …; "s3_prefix": "${sectionPrefix}" is every section`,
        ]),
    ...('problems' in read
      ? read.problems.map(({ field, problem }) => `${windowFields[field]} ${problem}`)
      : []),
    ...(isMessage({ bucket: request.bucket })
      ? [messageProblem]
      : requestProblems(request, buckets)),
    ...(isSection(sectionId) ? [] : ['section_id must be a number, or a text without a slash']),
    ...(typeof prefix === 'string' ? [] : ['s3_prefix must be a text']),
    ...flagProblems({ dry_run: isDry, force_reprocess: force, report }),
    ...(pipeline === place.pipeline
      ? []
      : [`pipeline must be ${place.pipeline}: this function is of that one`]),
    ...(jobIdProblem(id) ? [`job_id ${jobIdProblem(id)}`] : []),
    ...(from === undefined || (typeof from === 'string' && isDry === true)
      ? []
      : ['from must be the next of a dry run, and goes with "dry_run": true']),
    ...('problem' in budget ? [budget.problem] : []),
  ])
  return {
    ...{ id: String(id), request, budget: 'value' in budget ? budget.value : undefined },
    sectionId: sectionId as string | number | undefined,
    ...{ isDry: isDry === true, isReported: report === true },
    from: from as string | undefined,
  }
}

const messageProblem =
  's3_bucket must be a bucket: messages of a queue are their own bytes, once loaded there is nothing to load again'

const isSection = (id: unknown): boolean =>
  id === undefined ||
  (typeof id === 'number' && Number.isSafeInteger(id)) ||
  (typeof id === 'string' && /^[^/]+$/.test(id))

/** As the first system: `section/` and `145` are `section/145/`. */
const prefixOf = (prefix: string, sectionId: unknown): string =>
  sectionId === undefined ? prefix : `${prefix.replace(/(?<=[^/])\/*$/, '/')}${String(sectionId)}/`

const flagProblems = (flags: Fields): readonly string[] =>
  Object.entries(flags)
    .filter(([, value]) => typeof value !== 'boolean')
    .map(([name]) => `${name} must be true or false`)

type Budget = { readonly value: JobBudget | undefined } | { readonly problem: string }

const readBudget = (given: unknown): Budget => {
  if (given === undefined) return { value: undefined }
  const problem = `budget must be {${Object.keys(budgetFields).join(', ')}}, numbers over 0, concurrency a whole one`
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return { problem }
  const budget: Record<string, number> = {}
  for (const [name, value] of Object.entries(given as Fields)) {
    const isOurs = Object.hasOwn(budgetFields, name)
    const own = isOurs ? budgetFields[name as keyof typeof budgetFields] : undefined
    const isNumber = typeof value === 'number' && Number.isFinite(value) && value > 0
    if (own === undefined || !isNumber) return { problem }
    if (own === 'concurrency' && !Number.isInteger(value)) return { problem }
    budget[own] = value
  }
  return { value: budget }
}
