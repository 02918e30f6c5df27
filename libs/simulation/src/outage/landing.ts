import { readParquet } from '@silversmith/parquet'
import type { Scheduler } from '../world/scheduler.ts'
import type { createArrivalMarks } from './arrival-marks.ts'
import type { TargetName } from './outage-plan.ts'

/** Marks the objects of each file that lands, by the rows that are in it. A file of two targets is read once. */
export const createLanding = (
  scheduler: Scheduler,
  marks: ReturnType<typeof createArrivalMarks>,
) => {
  const decoded = new Map<string, Promise<readonly number[]>>()
  const underWay = new Set<Promise<void>>()
  const objectsIn = (key: string, bytes: Uint8Array): Promise<readonly number[]> => {
    const known = decoded.get(key)
    if (known) return known
    const own = scheduler
      .hold(readParquet(bytes))
      .then((rows) => rows.map((row) => Number(row['object'])))
    decoded.set(key, own)
    return own
  }
  return {
    land: (target: TargetName, key: string, bytes: Uint8Array): void => {
      const now = scheduler.now()
      const own = objectsIn(key, bytes)
        .then((objects) => objects.forEach((object) => marks.come(target, object, now)))
        .finally(() => underWay.delete(own))
      underWay.add(own)
    },
    forget: (key: string): void => void decoded.delete(key),
    allLanded: async (): Promise<void> => void (await Promise.all(underWay)),
  }
}

export type Landing = ReturnType<typeof createLanding>
