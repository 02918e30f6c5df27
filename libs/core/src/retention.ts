import type { Chunk } from './batch.ts'
import type { Table } from './dataset.ts'

const dayMs = 86_400_000

/**
 * Rows of a chunk that are older than their table keeps rows: so many may be gone from a target. Where the chunk does not tell
 * its days all of a month count that has begun to go. `now` is epoch ms.
 */
export const expiredRowsOf = (
  table: Pick<Table, 'retentionDays'> | undefined,
  { days, month, rows }: Pick<Chunk, 'days' | 'month' | 'rows'>,
  now: number,
): number => {
  const keptDays = table?.retentionDays
  if (keptDays === undefined) return 0
  const isExpired = (day: string): boolean => Date.parse(day) + keptDays * dayMs <= now
  if (!days) return isExpired(`${month}-01`) ? rows : 0
  return days.reduce((sum, own) => sum + (isExpired(own.day) ? own.rows : 0), 0)
}
