import type { Bench } from './bench.ts'
import { coldstart } from './coldstart.ts'
import { convert } from './convert.ts'
import { cost } from './cost.ts'
import { memory } from './memory.ts'
import { pipeline } from './pipeline.ts'
import { small } from './small.ts'

export const benches: Readonly<Record<string, Bench>> = {
  convert,
  small,
  pipeline,
  memory,
  coldstart,
  cost,
}
