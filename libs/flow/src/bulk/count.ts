import { createPlacing, Fault, type JobRequest, routeOf } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import type { BulkDeps } from './bulk-room.ts'

/**
 * How many objects are inside a request's window: listings only, nobody is asked how they stand. For people who wait for a job.
 *
 * @throws Fault DEADLINE_REACHED, and what listing throws after five tries.
 */
export const countWindow = async (
  { routes, bronze, clock }: Pick<BulkDeps, 'routes' | 'bronze' | 'clock'>,
  { bucket, prefixes, window }: JobRequest,
  call: Call,
): Promise<number> => {
  const place = createPlacing(window)
  let count = 0
  for (const prefix of prefixes) {
    let from: string | undefined
    do {
      if (call.signal.aborted || clock.now() > call.deadline)
        throw new Fault('DEADLINE_REACHED', `counting ${bucket}/${prefix}: the call is over`)
      const at = from
      const page = await persist(clock, call, () => bronze.list(bucket, prefix, at, call.signal))
      for (const one of page.objects)
        if (!place(one, routeOf(routes, one.object.key)).outside) count += 1
      from = page.next
    } while (from !== undefined)
  }
  return count
}
