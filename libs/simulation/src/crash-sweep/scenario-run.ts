import type { AwaitPoint } from '../world/invocation.ts'
import { noTroubles } from '../world/troubles.ts'
import type { World } from '../world/world.ts'
import { runWorld } from '../world/world.ts'
import type { Account, Scenario } from './scenario.ts'
import { readAccount } from './scenario.ts'
import type { Strike } from './strike.ts'
import { forceStrikes } from './strike.ts'

/** A scenario without any fault but its own. */
export interface Rehearsal {
  readonly points: readonly AwaitPoint[]
  readonly account: Account
  readonly violations: readonly string[]
}

const optionsOf = ({ script, limits, mutation, troubles }: Scenario) => ({
  script,
  ...(mutation && { mutation }),
  ...(limits && { limits }),
  ...(troubles && { troubles: { ...noTroubles, ...troubles } }),
})

/** Runs the scenario undisturbed and records its await points. */
export const rehearse = async (scenario: Scenario): Promise<Rehearsal> => {
  const points: AwaitPoint[] = []
  const trace: string[] = []
  const { force } = forceStrikes([], scenario)
  const { violations } = await runWorld(scenario.seed ?? 1, {
    ...optionsOf(scenario),
    trace: (line) => void trace.push(line),
    force: (point) => {
      points.push(point)
      return force(point)
    },
  })
  return { points, account: readAccount(trace), violations }
}

/** Runs the scenario under strikes. `struck`: how many of them met their call. */
export const runStruck = async (
  scenario: Scenario,
  strikes: readonly Strike[],
): Promise<World & { readonly struck: number }> => {
  const { force, struck } = forceStrikes(strikes, scenario)
  const world = await runWorld(scenario.seed ?? 1, { ...optionsOf(scenario), force })
  return { ...world, struck: struck() }
}
