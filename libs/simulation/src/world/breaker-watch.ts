import type { Breaker } from '@silversmith/core'

/** What is wrong with a change of a breaker, by the true time at which it was written. */
export const judgeBreaker = (
  before: Breaker | undefined,
  after: Breaker,
  { now, skewMaxMs }: { readonly now: number; readonly skewMaxMs: number },
): readonly string[] => {
  const told: string[] = []
  const { openUntil, probe } = before ?? {}
  const begins = after.probe !== undefined && after.probe.owner !== probe?.owner
  if (begins && openUntil === undefined) told.push('is probed though it is closed')
  if (begins && openUntil !== undefined && now < openUntil - skewMaxMs)
    told.push('is probed before its time')
  if (begins && probe && now < probe.until - skewMaxMs) told.push('has two probes at a time')
  const moves = openUntil !== undefined && after.openUntil !== openUntil
  if (moves && !probe) told.push('was moved by nobody’s probe')
  return told
}

/** A breaker of a whole target, which is probed also when no batch waits. */
export const isOfTarget = ({ id }: Breaker): boolean => id.split('/').length === 2
