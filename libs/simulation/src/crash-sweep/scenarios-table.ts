import type { Scenario } from './scenario.ts'

export const scenarioColumns = ['scenario', 'besides the fault of the sweep']

/** Cells of the table in docs/reference/scenarios.md. */
export const tabulateScenarios = (scenarios: readonly Scenario[]): readonly (readonly string[])[] =>
  scenarios.map(({ name, troubles = {}, limits = {}, fault }) => [
    name,
    [
      ...Object.keys(troubles).map((trouble) => `${trouble} always`),
      ...Object.entries(limits).map(([limit, value]) => `${limit} ${value}`),
      ...(fault ? [`${fault.fate} at the first \`${fault.label}\``] : []),
    ].join(', '),
  ])
