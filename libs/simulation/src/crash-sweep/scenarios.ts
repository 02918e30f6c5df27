import { faultScenarios } from './fault-scenarios.ts'
import { objectScenarios } from './object-scenarios.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [...objectScenarios, ...faultScenarios]
