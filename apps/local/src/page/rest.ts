import { breakerIdOf } from '@silversmith/core'
import type { Ledger } from '@silversmith/core'
import { pipeline } from '../functions.ts'
import type { Rest } from './tick.ts'

/** Of the target's breakers that are not closed the first: its own before those of its tables. */
export const findRest = async (
  ledger: Ledger,
  target: string,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<Rest | undefined> => {
  const all = [undefined, ...tables]
  const ids = all.map((table) => breakerIdOf(pipeline, target, table))
  const found = await ledger.read(
    ids.map((id) => ({ kind: 'breaker', id })),
    signal,
  )
  for (const [at, one] of found.entries()) {
    const breaker = one?.item.kind === 'breaker' ? one.item : undefined
    if (breaker?.openUntil === undefined) continue
    const table = all[at]
    const { openUntil, problem = '' } = breaker
    return { ...(table !== undefined && { table }), until: openUntil, problem }
  }
  return undefined
}
