import { scenarios } from './scenarios.ts'
import type { SweepOptions } from './scenario-sweep.ts'
import { sweepScenario } from './scenario-sweep.ts'

/** A process that sweeps the scenarios it is sent the names of, one at a time, and sends back each ScenarioReport. */
export interface SweepOrder extends SweepOptions {
  readonly name: string
}

process.on('message', (order: SweepOrder) => {
  const scenario = scenarios.find(({ name }) => name === order.name)
  if (!scenario) throw new RangeError(`no scenario is called ${order.name}`)
  void sweepScenario(scenario, order).then((report) => process.send?.(report))
})
