import { Fault } from '@silversmith/core'

/** Every memory port gives up alike when its caller has. */
export const refuseAborted = (signal: AbortSignal): void => {
  if (signal.aborted) throw new Fault('DEADLINE_REACHED', 'the call was given up before it began')
}
