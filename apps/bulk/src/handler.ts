import { Fault } from '@silversmith/core'
import { type Call, readAskedObject, readBulkFields } from '@silversmith/flow'
import type { Context } from 'aws-lambda'

/** Fields of an event beside its `mode`. */
export type Fields = Readonly<Record<string, unknown>>

/** What bulk can be asked for, by the `mode` of its event. A mode refuses fields it does not know. */
export type Modes = Readonly<
  Record<string, (fields: Fields, call: Call, invocation: string) => Promise<object>>
>

export interface HandlerDeps {
  readonly modes: Modes
  readonly now: () => number
  /** DRY_RUN */
  readonly dryRun?: boolean
  /** Called first at every invocation. */
  readonly begin?: ((context: Context) => void) | undefined
}

/** Left for answering and for the last log lines. */
const marginMs = 5_000

/**
 * The door of bulk: `{"mode": "sweep"}`, `{"mode": "reconcile", …}` or `{"mode": "bulk", …}`, invoked by hand or as the input of a
 * schedule; an event with fields of the last needs no mode. Returns what the mode reports.
 *
 * @throws Fault EVENT_UNKNOWN, which names the modes there are; SETTINGS_INVALID while DRY_RUN is set; faults of the mode.
 */
export const createHandler =
  ({ modes, now, dryRun = false, begin }: HandlerDeps) =>
  async (event: unknown, context: Context): Promise<object> => {
    begin?.(context)
    const { mode, fields } = readMode(modes, event)
    if (dryRun)
      throw new Fault(
        'SETTINGS_INVALID',
        'DRY_RUN is set: bulk does nothing. Unset it; {"mode":"reconcile"} without "enqueue" and {"mode":"bulk"} with "dry_run" only look, and send nothing',
      )
    const remainingMs = context.getRemainingTimeInMillis() - marginMs
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), Math.max(0, remainingMs))
    try {
      const call = { deadline: now() + remainingMs, signal: stop.signal }
      return await mode(fields, call, context.awsRequestId)
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  }

const readMode = (
  modes: Modes,
  event: unknown,
): { readonly mode: Modes[string]; readonly fields: Fields } => {
  const isFields = typeof event === 'object' && event !== null
  const { mode: asked, ...fields } = (isFields ? event : {}) as Fields
  const mode = typeof asked === 'string' && Object.hasOwn(modes, asked) ? modes[asked] : undefined
  if (mode) return { mode, fields }
  const { bulk } = modes
  if (bulk && readBulkFields(event).length > 0) return { mode: bulk, fields }
  const known = Object.keys(modes)
    .map((name) => JSON.stringify({ mode: name }))
    .join(', ')
  if (readAskedObject(event))
    throw new Fault(
      'EVENT_UNKNOWN',
      `one object by its name is for ingest, which loads it, or with "dry_run": true for transform, which only says what would come of it; bulk knows ${known}`,
    )
  throw new Fault(
    'EVENT_UNKNOWN',
    asked === undefined
      ? `the event has no mode; known are ${known} (give it as the input of the schedule)`
      : `there is no mode ${JSON.stringify(asked).slice(0, 64)}; known are ${known}`,
  )
}

/** @throws Fault EVENT_UNKNOWN that lists all problems. */
export const refuseFields = (mode: string, problems: readonly string[]): void => {
  if (problems.length === 0) return
  throw new Fault('EVENT_UNKNOWN', `the event of mode ${mode} is wrong: ${problems.join('; ')}`)
}

/** Fields that are none of those a mode knows. */
export const unknownFields = (fields: Fields, known: readonly string[]): readonly string[] => {
  const unknown = Object.keys(fields).filter((name) => !known.includes(name))
  const there = known.length > 0 ? `known are ${known.join(', ')}` : 'it takes none'
  return unknown.map((name, at) => {
    const problem = `${JSON.stringify(name).slice(0, 64)} is no field`
    return at === unknown.length - 1 ? `${problem}; ${there}` : problem
  })
}
