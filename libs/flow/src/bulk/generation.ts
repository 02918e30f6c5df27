import { type Checkpoint, Fault } from '@silversmith/core'
import { changeItem } from '../ledger-write.ts'
import type { Call } from '../patience.ts'
import type { BulkDeps } from './bulk-room.ts'

const msPerSecond = 1_000

/**
 * A generation of its own for one reload: higher than any before of the pipeline, and no lower than the time in seconds, so that
 * it is higher also where the ledger, and the last one with it, was lost and rebuilt.
 */
export const nextGeneration = async (
  deps: Pick<BulkDeps, 'pipeline' | 'ledger' | 'clock' | 'ids'>,
  call: Call,
): Promise<number> => {
  const id = `generation/${deps.pipeline}`
  const owner = deps.ids.next()
  const isOurs = (item: Checkpoint | undefined): boolean => item?.position?.split(' ')[1] === owner
  const written = await changeItem<Checkpoint>(
    deps,
    { kind: 'checkpoint', id },
    (item) => {
      // The answer of our own write was lost.
      if (isOurs(item)) return undefined
      const now = Math.floor(deps.clock.now() / msPerSecond)
      return {
        kind: 'checkpoint',
        id,
        position: `${Math.max(generationOf(item) + 1, now)} ${owner}`,
      }
    },
    call,
  )
  if (isOurs(written)) return generationOf(written)
  throw new Fault('LEDGER_UNAVAILABLE', `${id} could not be raised; nothing was begun, try again`)
}

const generationOf = (item: Checkpoint | undefined): number =>
  Number(item?.position?.split(' ')[0] ?? 0)
