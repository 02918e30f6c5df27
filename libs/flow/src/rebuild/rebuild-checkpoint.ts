import type { Checkpoint } from '@silversmith/core'
import { changeItem, readItem } from '../ledger-write.ts'
import type { Call } from '../patience.ts'
import { readPosition } from './rebuild-position.ts'
import type { TableRebuildDeps, TableRebuildRequest } from './rebuild-room.ts'

type Asked = Pick<TableRebuildRequest, 'tables' | 'since'>

const keyOf = ({ pipeline, inspector }: TableRebuildDeps, { tables, since }: Asked) => {
  const what = [
    ...(tables ? [`tables=${[...tables].sort().join(',')}`] : []),
    ...(since === undefined ? [] : [`since=${since}`]),
  ].join('&')
  const id = `rebuild/${pipeline}/${inspector.name}${what === '' ? '' : `?${what}`}`
  return { kind: 'checkpoint', id } as const
}

/** Keeps how far a rebuild has come, for the next that is asked for the same; undefined: it is done. */
export const keepRebuild = async (
  deps: TableRebuildDeps,
  asked: Asked,
  position: string | undefined,
  call: Call,
): Promise<void> => {
  const key = keyOf(deps, asked)
  const item: Checkpoint = { ...key, ...(position !== undefined && { position }) }
  const change = (found: Checkpoint | undefined): Checkpoint | undefined =>
    found?.position === position ? undefined : item
  await changeItem<Checkpoint>(deps, key, change, call)
}

/**
 * What was kept, for `from`; undefined: there is nothing, or nothing by which one could see whether the tables were emptied since.
 */
export const findRebuild = async (
  deps: TableRebuildDeps,
  asked: Asked,
  call: Call,
): Promise<string | undefined> => {
  const { position } = (await readItem<Checkpoint>(deps, keyOf(deps, asked), call))?.item ?? {}
  return position !== undefined && readPosition(position)?.witness !== undefined
    ? position
    : undefined
}
