import { isFault, type Target } from '@silversmith/core'
import type { Call } from '../patience.ts'
import { type BreakerDeps, openBreakers } from './breaker-room.ts'

export interface ProbeDeps extends BreakerDeps {
  readonly targets: readonly Target[]
}

/** Asks a target whose breaker may close, where no batch is there to find out. Throws what its check throws. */
export const probeTarget = async (deps: ProbeDeps, name: string, call: Call): Promise<void> => {
  const target = deps.targets.find((candidate) => candidate.name === name)
  if (!target) return
  const breakers = await openBreakers(deps, [{ target: name }], call)
  try {
    await breakers.pass({ target: name }, () => target.check(call.signal))
  } catch (error) {
    // Somebody else is asking.
    if (!isFault(error, 'TARGET_RESTING')) throw error
  }
}
