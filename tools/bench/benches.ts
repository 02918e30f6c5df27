import type { Bench } from './bench.ts'
import { convert } from './convert.ts'

export const benches: Readonly<Record<string, Bench>> = { convert }
