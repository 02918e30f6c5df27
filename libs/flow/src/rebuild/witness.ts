import { type Batch, isFault } from '@silversmith/core'
import { withoutErased } from '../erasure/erasure-record.ts'
import { readItem } from '../ledger-write.ts'
import { readManifest } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { inspect, inspectMax, isWhole } from '../repair/loss.ts'
import { batchOfManifest } from '../repair/manifest-walk.ts'
import { type Position, readPosition } from './rebuild-position.ts'
import type { TableRebuildDeps, TableRebuildRequest } from './rebuild-room.ts'

/**
 * Where to go on. At the beginning is always right. The tables may have been emptied since: so a batch that was there then is
 * looked for, and when it is not whole any more nothing is taken for filled.
 */
export const findStart = async (
  deps: TableRebuildDeps,
  { from, tables }: TableRebuildRequest,
  call: Call,
): Promise<Position> => {
  const position = (from === undefined ? undefined : readPosition(from)) ?? { open: {} }
  const { witness } = position
  if (witness === undefined) return position
  const isWanted = (table: string): boolean => tables?.includes(table) ?? true
  return (await isThere(deps, witness, isWanted, call)) ? position : { open: {} }
}

const isThere = async (
  deps: TableRebuildDeps,
  key: string,
  isWanted: (table: string) => boolean,
  call: Call,
): Promise<boolean> => {
  const { clock, store } = deps
  const id = batchOfManifest(key)
  const ref = (await readItem<Batch>(deps, { kind: 'batch', id }, call))?.item.manifest
  if (!ref) return false
  try {
    const manifest = await persist(clock, call, () => readManifest(store, ref, call.signal))
    const { chunks } = await withoutErased(deps, manifest, call)
    const some = chunks
      .filter(({ table, rows }) => rows > 0 && isWanted(table))
      .slice(0, inspectMax)
    const held = await inspect(deps, deps.inspector, id, some, call)
    return (
      some.some((_, at) => (held[at]?.rows ?? 0) > 0) &&
      some.every((chunk, at) => isWhole(chunk, held[at]))
    )
  } catch (error) {
    if (!isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) throw error
    return false
  }
}
