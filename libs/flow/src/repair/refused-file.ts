import type { Chunk, Manifest, Payload } from '@silversmith/core'
import { dayOf } from '../manifest.ts'

export interface RefusedFile {
  readonly payload: Payload
  /** `<prefix><table>/reason=refused/dt=<day of the batch>/<target>-<batch>-<n>.parquet` */
  readonly key: string
}

/**
 * Where the payload of a chunk is kept that a target was found never to take. One file, except for a chunk that was staged by
 * day only. Reconcile knows by them which of a batch's chunks were rejected.
 */
export const refusedFilesOf = (
  quarantinePrefix: string,
  { batch, createdAt }: Pick<Manifest, 'batch' | 'createdAt'>,
  { table, n, block, days = [] }: Chunk,
  target: string,
): readonly RefusedFile[] => {
  const folder = `${quarantinePrefix}${table}/reason=refused/dt=${dayOf(createdAt)}/`
  const name = `${folder}${target}-${batch}-${n}`
  if (block) return [{ payload: block, key: `${name}.parquet` }]
  return days.map((payload) => ({ payload, key: `${name}-${payload.day}.parquet` }))
}
