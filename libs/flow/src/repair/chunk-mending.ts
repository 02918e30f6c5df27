import {
  type Chunk,
  type ChunkRows,
  type Clock,
  type Column,
  type DayPayload,
  Fault,
  type Mender,
  repairTokenOf,
  type Row,
  rowIdentity,
  type Store,
} from '@silversmith/core'
import { hashOf } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { silverKeyOf } from '../apply/silver-target.ts'

export interface MendingDeps {
  readonly store: Store
  readonly clock: Clock
  /** Rows of one table → the bytes of one Parquet file. Pure. */
  readonly encode: (columns: readonly Column[], rows: readonly Row[]) => Uint8Array
  /** Ends with a slash. */
  readonly silverPrefix: string
}

interface Mending {
  readonly batch: string
  readonly chunk: Chunk
  /** Rows that the giver has not, for they are too old to be kept: whole days. */
  readonly expired: number
}

/**
 * Replaces what a target holds of a chunk by the silver files. They are all read before anything is deleted. `isStillOurs` is
 * asked before each change: another repair of the batch that began since is left alone.
 */
export const fillChunk = async (
  { store, clock, silverPrefix }: MendingDeps,
  mender: Mender,
  { batch, chunk, expired, repairs }: Mending & { readonly repairs: number },
  isStillOurs: () => Promise<boolean>,
  call: Call,
): Promise<void> => {
  let lacking = expired
  const files: { readonly bytes: Uint8Array; readonly token: string }[] = []
  for (const { day, sha256, rows } of chunk.days ?? []) {
    // All erased: there is no such file any more.
    if (rows === 0) continue
    const key = silverKeyOf(silverPrefix, batch, chunk, day)
    const found = await persist(clock, call, () => store.look(key, call.signal))
    if (!found && rows <= lacking) {
      lacking -= rows
      continue
    }
    // An earlier repair may have written the file anew, with a hash of its own.
    const bytes = await persist(clock, call, () =>
      store.read(key, found?.sha256 ?? sha256, call.signal),
    )
    files.push({ bytes, token: repairTokenOf(batch, chunk.n, repairs, day) })
  }
  await refuseOthers(isStillOurs)
  await persist(clock, call, () => mender.clear(batch, chunk, call.signal))
  for (const file of files) {
    await refuseOthers(isStillOurs)
    await persist(clock, call, () => mender.fill(batch, chunk, file, call.signal))
  }
}

const refuseOthers = async (isStillOurs: () => Promise<boolean>): Promise<void> => {
  if (await isStillOurs()) return
  throw new Fault(
    'LEDGER_UNAVAILABLE',
    'another repair of this batch began; run the repair again when that has ended.',
  )
}

/**
 * Writes the silver files of a chunk that are absent, out of the rows another target holds. One that is there is never
 * replaced, whatever is in it: files are immutable. Returns the number of those.
 */
export const rewriteDays = async (
  deps: MendingDeps,
  mender: Mender,
  { batch, chunk, expired }: Mending,
  call: Call,
): Promise<number> => {
  const { store, clock } = deps
  let lacking = expired
  let there = 0
  for (const day of chunk.days ?? []) {
    if (day.rows === 0) continue
    const key = silverKeyOf(deps.silverPrefix, batch, chunk, day.day)
    if (await persist(clock, call, () => store.look(key, call.signal))) {
      there += 1
      continue
    }
    const held = await persist(clock, call, () =>
      mender.readDay(batch, chunk, day.day, call.signal),
    )
    if (held.rows.length === 0 && day.rows <= lacking) {
      lacking -= day.rows
      continue
    }
    refuseOtherRows(mender.name, day, held)
    const bytes = deps.encode(held.columns, held.rows)
    const file = { sha256: hashOf(bytes), contentType: 'application/vnd.apache.parquet' }
    await persist(clock, call, () => store.write(key, bytes, file, call.signal))
  }
  return there
}

const refuseOtherRows = (target: string, { day, rows }: DayPayload, held: ChunkRows): void => {
  const places = rowIdentity.map((name) => held.columns.findIndex((column) => column.name === name))
  const identities = held.rows.map((row) => places.map((at) => String(row[at])).join('\n'))
  const distinct = new Set(identities).size
  if (!places.includes(-1) && held.rows.length === rows && distinct === rows) return
  throw new Fault(
    'OBJECT_UNREADABLE',
    `${target} holds ${held.rows.length} rows (${distinct} distinct) of ${day}, the manifest says ${rows}; nothing was written.`,
  )
}
