import { Fault, type Job, type JobBudget } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import type { BulkDeps } from './bulk-room.ts'
import type { SliceObject } from './slice.ts'
import { isSent } from './walk.ts'

/** Sent before that is recorded: so many may be sent again when a process dies. */
const groupMax = 200
/** Until a full queue is measured again. */
const fullMs = 5_000
const msPerSecond = 1_000
/** An execution of Step Functions lasts no longer; and beyond some years there is no date to rest until. */
const costMsMax = 365 * 86_400_000

/** How long a budget of objects and bytes is spent by sending these; at most a year. */
export const costMsOf = (
  objects: readonly SliceObject[],
  { objectsPerSecond = Infinity, bytesPerSecond = Infinity }: JobBudget,
): number => {
  const bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const seconds = Math.max(objects.length / objectsPerSecond, bytes / bytesPerSecond)
  return Math.min(Math.ceil(seconds * msPerSecond), costMsMax)
}

/**
 * How long to wait before the next send, and how many messages its queue has room for. The budget is spent in the ledger and not
 * in a process: it holds from call to call, and for all of them together.
 */
export const waitOf = async (
  { meter, clock }: Pick<BulkDeps, 'meter' | 'clock'>,
  { budget, restUntil = 0 }: Pick<Job, 'budget' | 'restUntil'>,
  call: Call,
): Promise<{ readonly waitMs: number; readonly room: number }> => {
  const waitMs = restUntil - clock.now()
  const { concurrency } = budget
  if (waitMs > 0 || concurrency === undefined) return { waitMs, room: groupMax }
  if (!meter)
    throw new Fault('SETTINGS_INVALID', 'a budget of concurrency needs the meter of a queue')
  const { ready, delayed, inFlight } = await persist(clock, call, () => meter.measure(call.signal))
  const room = concurrency - ready - delayed - inFlight
  return { waitMs: room > 0 ? 0 : fullMs, room: Math.min(groupMax, room) }
}

/** The next objects to send, about what the budget has for a second, at least one; and the line after them. */
export const groupOf = (
  objects: readonly SliceObject[],
  from: number,
  room: number,
  { budget, request }: Pick<Job, 'budget' | 'request'>,
): { readonly objects: readonly SliceObject[]; readonly line: number } => {
  const group: SliceObject[] = []
  let line = from
  for (; line < objects.length; line += 1) {
    const one = objects[line] as SliceObject
    if (!isSent(one, request.force)) continue
    const isFull = group.length >= room || costMsOf(group, budget) >= msPerSecond
    if (group.length > 0 && isFull) break
    group.push(one)
  }
  return { objects: group, line }
}
