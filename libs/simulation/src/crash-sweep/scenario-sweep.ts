import { rehearse, runStruck } from './scenario-run.ts'
import type { Scenario } from './scenario.ts'
import { chooseStrikes } from './strike-choice.ts'
import type { Strike } from './strike.ts'

export interface SweepOptions {
  /** Two strikes a run, for all pairs of points and fates, instead of one. */
  readonly isPaired: boolean
  /** Runs of each scenario, drawn by the seed; undefined: all there are. */
  readonly limit?: number
  readonly seed: number
}

/** A run that ended badly, and how to repeat it. */
export interface BadRun {
  readonly scenario: string
  readonly strikes: readonly Strike[]
  readonly violations: readonly string[]
}

/** What a sweep of one scenario came to. */
export interface ScenarioReport {
  readonly scenario: string
  readonly awaitPoints: number
  readonly runs: number
  /** Runs all of whose strikes met their call: a second attempt needs a repetition, a second fault a world that still gets there. */
  readonly struck: number
  readonly bad: readonly BadRun[]
}

/** Runs the scenario undisturbed, then once for each strike or pair of strikes; every run is judged by the oracle. */
export const sweepScenario = async (
  scenario: Scenario,
  { isPaired, limit = Infinity, seed }: SweepOptions,
): Promise<ScenarioReport> => {
  const { name } = scenario
  const { points, account, violations } = await rehearse(scenario)
  const bad: BadRun[] = []
  if (!scenario.shows(account))
    bad.push({ scenario: name, strikes: [], violations: ['it does not show what its name says'] })
  if (violations.length > 0) bad.push({ scenario: name, strikes: [], violations })
  const chosen = chooseStrikes(points, isPaired, limit, seed)
  let struck = 0
  for (const strikes of chosen) {
    const world = await runStruck(scenario, strikes)
    if (world.struck === strikes.length) struck += 1
    if (world.violations.length > 0)
      bad.push({ scenario: name, strikes, violations: world.violations })
  }
  return { scenario: name, awaitPoints: points.length, runs: chosen.length, struck, bad }
}
