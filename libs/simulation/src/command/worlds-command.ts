import { runWorld } from '../world/world.ts'
import { runFleet } from './fleet.ts'
import { createProgress } from './progress.ts'
import type { Report } from './report.ts'
import { createReport, writeReport } from './report.ts'

export interface WorldsAsked {
  readonly worlds: number
  /** Of the first world. */
  readonly seed: number
  readonly processes: number
  /** Of one world, on standard error. */
  readonly trace: boolean
  readonly json: boolean
}

const now = (): number => performance.now()

/** Runs worlds and prints the Report; the exit code. */
export const runWorldsCommand = async (asked: WorldsAsked): Promise<number> => {
  const report = await (asked.trace ? traceOne(asked.seed) : runAll(asked))
  process.stdout.write(asked.json ? `${JSON.stringify(report)}\n` : writeReport(report))
  return report.violations > 0 ? 1 : 0
}

/** Ends at Ctrl-C, with what was done. */
const runAll = async ({ worlds, seed, processes }: WorldsAsked): Promise<Report> => {
  const report = createReport(seed, now)
  const progress = createProgress(process.stderr, worlds, now)
  const interruption = new AbortController()
  const interrupt = (): void => interruption.abort()
  process.once('SIGINT', interrupt)
  const add: typeof report.add = (world) => {
    report.add(world)
    if (world.violations.length > 0) {
      progress.clear()
      process.stderr.write(`seed ${world.seed} is bad: ${world.violations[0]}\n`)
    }
    progress.tell(report)
  }
  await runFleet({
    ...{ firstSeed: seed, worlds, processes, onWorld: add, signal: interruption.signal },
    onLost: (lost, why) => add({ seed: lost, violations: [why] }),
  })
  process.off('SIGINT', interrupt)
  progress.clear()
  return report.finish()
}

const traceOne = async (seed: number): Promise<Report> => {
  const report = createReport(seed, now)
  const trace = (line: string): void => void process.stderr.write(`${line}\n`)
  report.add(await runWorld(seed, { trace }))
  return report.finish()
}
