import { runSweep } from './run-sweep.ts'
import type { BadRun, ScenarioReport } from './scenario-sweep.ts'
import { scenarios } from './scenarios.ts'

export interface SweepAsked {
  /** A scenario's name, or words of it. */
  readonly scenario: string | undefined
  readonly isPaired: boolean
  readonly limit: number | undefined
  readonly seed: number
  readonly json: boolean
}

const printReport = ({ scenario, awaitPoints, runs, struck, bad }: ScenarioReport): void =>
  void process.stdout.write(
    `${String(awaitPoints).padStart(5)} points ${String(runs).padStart(7)} runs ${String(struck).padStart(7)} struck ${String(bad.length).padStart(4)} bad  ${scenario}\n`,
  )

const printBad = ({ scenario, strikes, violations }: BadRun): void => {
  const told = strikes.map(
    ({ point, fate, attempt }) =>
      `${fate} at "${point.label}" no. ${point.nth}, ${attempt} attempt`,
  )
  process.stdout.write(`\n${scenario}: ${told.join(', and ') || 'undisturbed'}\n`)
  for (const violation of violations) process.stdout.write(`  ${violation}\n`)
}

/**
 * Sweeps scenarios and prints the counts; the exit code. JSON: the SweepReport.
 *
 * @throws TypeError when no scenario is called so.
 */
export const runSweepCommand = async (asked: SweepAsked): Promise<number> => {
  const { scenario, isPaired, limit, seed, json } = asked
  const all = scenarios.map(({ name }) => name)
  const names = all.filter((name) => scenario === undefined || name.includes(scenario))
  if (names.length === 0)
    throw new TypeError(`--scenario: none is called "${scenario}"; there are\n${all.join('\n')}\n`)
  const options = { isPaired, seed, ...(limit !== undefined && { limit }) }
  const report = await runSweep(names, options, json ? undefined : printReport)
  const { bad, ...counts } = report
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else {
    for (const [name, value] of Object.entries(counts))
      process.stdout.write(`${name.padEnd(20)} ${value}\n`)
    bad.forEach(printBad)
  }
  return bad.length > 0 ? 1 : 0
}
