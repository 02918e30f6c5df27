import type { JobBudget, WindowAsked } from '@silversmith/core'
import { jobIdProblem } from '@silversmith/core'
import type { JobTurn } from '@silversmith/flow'
import type { Changing, OnDeployment } from '../command.ts'
import {
  changing,
  changingOptions,
  type Given,
  numberOf,
  type OptionName,
  place,
  placeOptions,
  type Reader,
  refuseArguments,
} from '../given.ts'
import { readDuration } from '../text/duration.ts'
import { UsageError } from '../usage-error.ts'

/** Which objects, as somebody wrote it; routes and buckets are known later. */
export interface Selection {
  /** Undefined: the only one there is. */
  readonly bucket: string | undefined
  readonly prefixes: readonly string[]
  readonly window: WindowAsked
  readonly force: boolean
}

export interface BackfillPlan extends OnDeployment {
  readonly kind: 'backfill plan'
  readonly selection: Selection
}

export interface BackfillRun extends Changing {
  readonly kind: 'backfill run'
  /** Undefined: a name is made up. */
  readonly job: string | undefined
  /** Undefined: a job that was begun goes on. */
  readonly selection: Selection | undefined
  readonly budget: JobBudget | undefined
  readonly deadlineMs: number
}

export interface BackfillTurn extends Changing {
  readonly kind: `backfill ${JobTurn}`
  readonly job: string
}

export interface BackfillReport extends OnDeployment {
  readonly kind: 'backfill report'
  readonly job: string
  /** A file. */
  readonly csv: string | undefined
}

export type BackfillCommand =
  | BackfillPlan
  | BackfillRun
  | BackfillTurn
  | BackfillReport
  | (OnDeployment & { readonly kind: 'backfill status'; readonly job: string })
  | (OnDeployment & { readonly kind: 'backfill list'; readonly limit: number })

const selecting = [
  ...(['bucket', 'prefix', 'section', 'start', 'end', 'hours', 'key-regex'] as const),
  ...(['min-bytes', 'max-bytes', 'dataset', 'force'] as const),
] satisfies readonly OptionName[]

const spending = ['objects-per-second', 'bytes-per-second', 'concurrency'] as const

/** What is left out would be everything, and nobody asks for that by leaving something out. */
const narrowing = selecting.filter((name) => name !== 'bucket' && name !== 'force')

const needNarrowing =
  'say of what: --prefix, --section, --start, --end …; --prefix "" is everything'

/** As of a table from silver, which is no job: nothing of bronze is read. */
const refuseFrom = ({ name, values }: Given): void => {
  if (values.from === undefined) return
  const instead =
    values.from === 'silver'
      ? '; tables are filled out of silver by: silversmith rebuild --from silver'
      : ', from --start, to --end'
  throw new UsageError(`${name} takes no --from: it reads bronze${instead}`)
}

const readSelection = ({ name, values }: Given): Selection => {
  if (narrowing.every((option) => values[option] === undefined))
    throw new UsageError(`${name}: ${needNarrowing}`)
  const [bucket, prefixes] = readPlaces(values)
  return {
    ...{ bucket, prefixes, force: values.force ?? false },
    window: {
      ...{ start: values.start, end: values.end, keyRegex: values['key-regex'] },
      hours: values.hours?.split(',').map(wholeOf),
      ...{ minBytes: wholeOf(values['min-bytes']), maxBytes: wholeOf(values['max-bytes']) },
      datasets: values.dataset?.split(','),
    },
  }
}

/** NaN is told as wrong by whoever reads the window. */
const wholeOf = <Text extends string | undefined>(text: Text): number | undefined =>
  text === undefined ? undefined : /^\d{1,16}$/.test(text) ? Number(text) : NaN

/** As the first system: section 145 of `section/` is `section/145/`. */
const sectionFolder = 'section'

const readPlaces = (
  values: Given['values'],
): readonly [bucket: string | undefined, prefixes: readonly string[]] => {
  const { section: sections } = values
  const buckets = new Set(values.bucket === undefined ? [] : [values.bucket])
  const given = values.prefix ?? [sections ? sectionFolder : '']
  const own = given.map((prefix) => {
    const [, bucket, rest = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(prefix) ?? []
    if (bucket === undefined) return prefix
    buckets.add(bucket)
    return rest
  })
  if (buckets.size > 1)
    throw new UsageError(`a job is of one bucket, not of ${[...buckets].join(' and ')}`)
  const strange = sections?.find((section) => !/^[^/]+$/.test(section))
  if (strange !== undefined)
    throw new UsageError(`--section must be a number or a name without a slash, not "${strange}"`)
  const prefixes = sections
    ? own.flatMap((prefix) =>
        sections.map((section) => `${prefix.replace(/(?<=[^/])\/*$/, '/')}${section}/`),
      )
    : own
  return [[...buckets][0], [...new Set(prefixes)]]
}

const readBudget = ({ values }: Given): JobBudget | undefined => {
  const read = (option: (typeof spending)[number], isWhole: boolean): number | undefined => {
    const text = values[option]
    if (text === undefined) return undefined
    const number = /^\d{1,15}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN
    if (number > 0 && (!isWhole || Number.isInteger(number))) return number
    throw new UsageError(
      `--${option} must be a ${isWhole ? 'whole ' : ''}number over 0, not "${text}"`,
    )
  }
  const budget = {
    objectsPerSecond: read('objects-per-second', false),
    bytesPerSecond: read('bytes-per-second', false),
    concurrency: read('concurrency', true),
  }
  const entries = Object.entries(budget).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

const readJobName = ({ name, values }: Given): string => {
  const { job } = values
  if (job === undefined) throw new UsageError(`${name} needs --job ID; silversmith backfill list`)
  const problem = jobIdProblem(job)
  if (problem !== undefined) throw new UsageError(`--job ${problem}`)
  return job
}

const deadlineDefault = '24h'

const readRun = (given: Given): BackfillRun => {
  refuseArguments(given)
  refuseFrom(given)
  const { values } = given
  const job = values.job === undefined ? undefined : readJobName(given)
  const isAsked = selecting.some((option) => values[option] !== undefined)
  if (job === undefined && !isAsked)
    throw new UsageError(`backfill run: ${needNarrowing}; or --job ID, to go on with one`)
  return {
    ...{ kind: 'backfill run', job, budget: readBudget(given) },
    selection: isAsked ? readSelection(given) : undefined,
    deadlineMs: readDuration('deadline', values.deadline ?? deadlineDefault),
    ...changing(given),
  }
}

const turnReader = (turn: JobTurn): Reader<BackfillTurn> => ({
  options: ['job', ...changingOptions],
  read: (given) => {
    refuseArguments(given)
    return { kind: `backfill ${turn}`, job: readJobName(given), ...changing(given) }
  },
})

const jobsMax = 1_000
const jobsDefault = 100

export const backfillReaders = {
  'backfill plan': {
    options: [...selecting, 'from', ...placeOptions],
    read: (given) => {
      refuseArguments(given)
      refuseFrom(given)
      return { kind: 'backfill plan', selection: readSelection(given), ...place(given) }
    },
  },
  'backfill run': {
    options: ['job', ...selecting, ...spending, 'from', 'deadline', ...changingOptions],
    read: readRun,
  },
  'backfill status': {
    options: ['job', ...placeOptions],
    read: (given) => {
      refuseArguments(given)
      return { kind: 'backfill status', job: readJobName(given), ...place(given) }
    },
  },
  'backfill pause': turnReader('pause'),
  'backfill resume': turnReader('resume'),
  'backfill cancel': turnReader('cancel'),
  'backfill report': {
    options: ['job', 'csv', ...placeOptions],
    read: (given) => {
      refuseArguments(given)
      const { csv } = given.values
      if (csv === '') throw new UsageError('--csv is empty')
      return { kind: 'backfill report', job: readJobName(given), csv, ...place(given) }
    },
  },
  'backfill list': {
    options: ['limit', ...placeOptions],
    read: (given) => {
      refuseArguments(given)
      const limit = numberOf(given, 'limit', jobsDefault, jobsMax)
      return { kind: 'backfill list', limit, ...place(given) }
    },
  },
} as const satisfies Readonly<Record<string, Reader<BackfillCommand>>>
