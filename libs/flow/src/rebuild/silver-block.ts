import { type Chunk, type DayPayload, isFault, keptSince } from '@silversmith/core'
import { silverKeyOf } from '../apply/silver-target.ts'
import { type Call, persist } from '../patience.ts'
import type { TableRebuildFinding } from './rebuild-report.ts'
import type { TableRebuildDeps } from './rebuild-room.ts'

/**
 * - `block`: the chunk's rows as one Parquet file, and the names of its columns. `expired`: none is to be kept any more.
 * - `left`: silver cannot give them.
 */
export type SilverBlock =
  | { readonly kind: 'block'; readonly bytes: Uint8Array; readonly columns: readonly string[] }
  | { readonly kind: 'expired' }
  | ({ readonly kind: 'left'; readonly problem: 'file-lost' | 'file-unreadable' } & Pick<
      TableRebuildFinding,
      'why' | 'mend'
    >)

const again = 'load its sources again from bronze'
const restore = `put back an earlier version of the file and rebuild again, or ${again}`

/**
 * Out of the chunk's files. The chunk is without what was erased. A day that its table does not keep any more may be gone; it
 * comes along where it is there, for the file must be as the one that was staged: ClickHouse takes a token for repeated only with as
 * many row groups.
 */
export const readBlock = async (
  deps: TableRebuildDeps,
  batch: string,
  chunk: Chunk,
  call: Call,
): Promise<SilverBlock> => {
  const why = 'its batch was sealed without silver'
  if (!chunk.days) return { kind: 'left', problem: 'file-lost', why, mend: again }
  const table = deps.tables.find(({ name }) => name === chunk.table)
  const since = keptSince(table, deps.clock.now()) ?? -Infinity
  const isKept = ({ day }: DayPayload): boolean => Date.parse(day) >= since
  const days = chunk.days.filter(({ rows }) => rows > 0)
  if (!days.some(isKept)) return { kind: 'expired' }
  const files: Uint8Array[] = []
  let rows = 0
  for (const day of days) {
    const read = await readDay(deps, { batch, chunk, day }, call)
    if (read.kind === 'left' && read.problem === 'file-lost' && !isKept(day)) continue
    if (read.kind !== 'file') return read
    files.push(read.bytes)
    rows += day.rows
  }
  const key = silverKeyOf(deps.silverPrefix, batch, chunk, days[0]?.day ?? '')
  try {
    const joined = deps.join(files)
    if (joined.rows === rows) return { kind: 'block', ...joined }
    return unreadable(`${key} and its other days hold ${joined.rows} rows, not ${rows}`)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return unreadable(`${key} or another of its days: ${error.message}`)
  }
}

interface Day {
  readonly batch: string
  readonly chunk: Chunk
  readonly day: DayPayload
}

const readDay = async (
  { store, clock, silver, silverPrefix }: TableRebuildDeps,
  { batch, chunk, day }: Day,
  call: Call,
): Promise<{ readonly kind: 'file'; readonly bytes: Uint8Array } | SilverBlock> => {
  const key = silverKeyOf(silverPrefix, batch, chunk, day.day)
  const found = await persist(clock, call, () => store.look(key, call.signal))
  const sha256 = found?.sha256 ?? day.sha256
  if (sha256 !== day.sha256) {
    // Written anew by a repair or an erasure, or by somebody else.
    const own = { ...chunk, rows: day.rows, days: [day] }
    const [held] = await persist(clock, call, () => silver.inspect(batch, [own], call.signal))
    const { rows = 0, distinct = 0 } = held ?? {}
    if (rows !== day.rows || distinct !== day.rows)
      return unreadable(`${key} holds ${distinct} of the ${day.rows} rows of its chunk`)
  }
  try {
    const bytes = await persist(clock, call, () => store.read(key, sha256, call.signal))
    return { kind: 'file', bytes }
  } catch (error) {
    if (isFault(error, 'OBJECT_UNREADABLE')) return unreadable(`${key}: ${error.message}`)
    if (!isFault(error, 'OBJECT_GONE')) throw error
    return { kind: 'left', problem: 'file-lost', why: `${key} is not there`, mend: restore }
  }
}

const unreadable = (why: string): SilverBlock => ({
  ...{ kind: 'left', problem: 'file-unreadable', why, mend: restore },
})
