import type { Chunk } from './batch.ts'
import type { Table } from './dataset.ts'

const dayMs = 86_400_000

/** A server counts days in its own time zone, which may be so far ahead. */
const aheadMs = 14 * 3_600_000

/** Epoch ms of the first day that the table keeps for sure; rows before may be gone. Undefined: it keeps all. `now` is epoch ms. */
export const keptSince = (
  table: Pick<Table, 'retentionDays'> | undefined,
  now: number,
): number | undefined =>
  table?.retentionDays === undefined
    ? undefined
    : (Math.floor((now + aheadMs) / dayMs) - table.retentionDays + 1) * dayMs

/**
 * Rows of a chunk that are older than `keptSince` tells: so many may be gone from a target. Where the chunk does not tell its
 * days all of a month count that has begun to go.
 */
export const expiredRowsOf = (
  { days, month, rows }: Pick<Chunk, 'days' | 'month' | 'rows'>,
  since: number | undefined,
): number => {
  const isExpired = (day: string): boolean => since !== undefined && Date.parse(day) < since
  if (!days) return isExpired(`${month}-01`) ? rows : 0
  return days.reduce((sum, own) => sum + (isExpired(own.day) ? own.rows : 0), 0)
}
