import { Fault } from '@silversmith/core'
import type { Call } from '@silversmith/flow'
import type { Context } from 'aws-lambda'

/** What bulk can be asked for, by the `mode` of its event. */
export type Modes = Readonly<Record<string, (call: Call) => Promise<object>>>

/** Left for answering and for the last log lines. */
const marginMs = 5_000

/**
 * The door of bulk: `{"mode": "sweep"}`, invoked by hand or as the input of a schedule. Returns what the mode reports.
 *
 * @throws Fault EVENT_UNKNOWN, which names the modes there are; faults of the mode.
 */
export const createHandler =
  (modes: Modes, now: () => number) =>
  async (event: unknown, context: Context): Promise<object> => {
    const mode = readMode(modes, event)
    const remainingMs = context.getRemainingTimeInMillis() - marginMs
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), Math.max(0, remainingMs))
    try {
      return await mode({ deadline: now() + remainingMs, signal: stop.signal })
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  }

const readMode = (modes: Modes, event: unknown): Modes[string] => {
  const asked =
    typeof event === 'object' && event !== null && 'mode' in event ? event.mode : undefined
  const mode = typeof asked === 'string' && Object.hasOwn(modes, asked) ? modes[asked] : undefined
  if (mode) return mode
  const known = Object.keys(modes)
    .map((name) => JSON.stringify({ mode: name }))
    .join(', ')
  throw new Fault(
    'EVENT_UNKNOWN',
    asked === undefined
      ? `the event has no mode; known are ${known} (give it as the input of the schedule)`
      : `there is no mode ${JSON.stringify(asked).slice(0, 64)}; known are ${known}`,
  )
}
