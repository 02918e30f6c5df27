import type { ReportSum } from '@silversmith/flow'
import { writeDuration } from '../text/age.ts'

/** How far a run is, for a person and for whoever reads its lines. */
export interface RunProgress {
  readonly job: string
  readonly state: string
  /** Objects inside the window; undefined: they are still counted. */
  readonly total: number | undefined
  /** Of these the job has come to. */
  readonly found: number
  readonly sent: number
  /** Durable, by this job. */
  readonly loaded: number
  /** Durable before it. */
  readonly skipped: number
  readonly failed: number
  /** Sent, or to be sent, and not durable. */
  readonly pending: number
  /** Durable, and not yet in every target. */
  readonly sealed: number
  /** Objects a second that became durable or failed, of late; undefined: nobody can say yet. */
  readonly perSecond: number | undefined
  readonly secondsLeft: number | undefined
  /** What keeps it waiting: a target that is down, a call that fails, another run that is at it. */
  readonly problem: string | undefined
}

/** Objects that need nothing more. */
export const endedOf = ({ succeeded, sealed, failed }: ReportSum): number =>
  succeeded - sealed + failed

const rateMs = 60_000
const msPerSecond = 1_000

/** Objects a second over the last minute. */
export const createRate = (): ((ended: number, now: number) => number | undefined) => {
  let seen: { readonly at: number; readonly ended: number }[] = []
  return (ended, now) => {
    seen = [...seen.filter(({ at }) => at > now - rateMs), { at: now, ended }]
    const [first] = seen
    if (first === undefined || now - first.at < msPerSecond) return undefined
    return ((ended - first.ended) * msPerSecond) / (now - first.at)
  }
}

/** Undefined: nobody can say. */
export const secondsLeftOf = (
  ended: number,
  total: number | undefined,
  perSecond: number | undefined,
): number | undefined =>
  total === undefined || perSecond === undefined || perSecond <= 0
    ? undefined
    : Math.ceil(Math.max(0, total - ended) / perSecond)

const barSigns = 20

const barOf = (share: number): string => {
  const full = Math.floor(Math.min(1, share) * barSigns)
  return `[${'#'.repeat(full)}${'.'.repeat(barSigns - full)}] ${Math.floor(Math.min(1, share) * 100)} %`
}

/** One line of a terminal; what is cut off is what matters least, unless there is a problem. */
export const describeProgress = (progress: RunProgress): string => {
  const { total, found, loaded, skipped, failed, pending, sealed, problem } = progress
  const { perSecond, secondsLeft } = progress
  const ended = loaded + skipped + failed - sealed
  return [
    total === undefined || total === 0
      ? `${found} objects found`
      : `${barOf(ended / total)} of ${total}`,
    ...(problem === undefined ? [] : [problem]),
    ...(perSecond === undefined ? [] : [`${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`]),
    ...(secondsLeft === undefined || ended >= (total ?? 0)
      ? []
      : [`${writeDuration(secondsLeft * msPerSecond)} left`]),
    ...[`loaded ${loaded}`, `skipped ${skipped}`, `failed ${failed}`, `pending ${pending}`],
    ...(sealed > 0 ? [`${sealed} not in every target`] : []),
  ].join(' · ')
}
