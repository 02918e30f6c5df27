import type { AwaitPoint, Force } from '../world/invocation.ts'
import type { Fate } from '../world/troubles.ts'
import { fates } from '../world/troubles.ts'
import type { Scenario } from './scenario.ts'

export const badFates = fates.filter((fate) => fate !== 'ok')

/**
 * `first`: the fate meets that very call. `second`: the request of that call is lost, and the fate meets its repetition, the next
 * call of the same label.
 */
export type Attempt = 'first' | 'second'

export interface Strike {
  readonly point: Pick<AwaitPoint, 'label' | 'nth'>
  readonly fate: Fate
  readonly attempt: Attempt
}

/** The scenario's own fault, at the first call of its kind. */
const forceOwn = ({ fault }: Pick<Scenario, 'fault'>): Force => {
  let isOver = false
  return ({ label }) => {
    if (!fault || isOver || !label.startsWith(fault.label)) return undefined
    isOver = true
    return fault.fate
  }
}

/** Forces the strikes on a run, over the scenario's own faults. `struck` counts those that met their call. */
export const forceStrikes = (
  strikes: readonly Strike[],
  scenario: Pick<Scenario, 'fault'>,
): { readonly force: Force; readonly struck: () => number } => {
  const repetitions = new Map<string, Fate>()
  const own = forceOwn(scenario)
  let struck = 0
  const force: Force = (point) => {
    const awaited = repetitions.get(point.label)
    if (awaited) {
      repetitions.delete(point.label)
      struck += 1
      return awaited
    }
    const strike = strikes.find(
      ({ point: { label, nth } }) => label === point.label && nth === point.nth,
    )
    if (!strike) return own(point)
    if (strike.attempt === 'first') {
      struck += 1
      return strike.fate
    }
    repetitions.set(point.label, strike.fate)
    return 'request-lost'
  }
  return { force, struck: () => struck }
}
