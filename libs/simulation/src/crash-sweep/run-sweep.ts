import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BadRun, ScenarioReport, SweepOptions } from './scenario-sweep.ts'
import type { SweepOrder } from './sweep-process.ts'

export interface SweepReport {
  readonly scenarios: number
  readonly awaitPoints: number
  readonly runs: number
  readonly struck: number
  readonly violations: number
  readonly seconds: number
  readonly bad: readonly BadRun[]
}

const processPath = fileURLToPath(new URL('./sweep-process.ts', import.meta.url))
const processesMax = 2

/** Sweeps the scenarios of these names in as many processes as two cores take. */
export const runSweep = async (
  names: readonly string[],
  options: SweepOptions,
  tell: (report: ScenarioReport) => void = () => undefined,
): Promise<SweepReport> => {
  const startedAt = performance.now()
  const reports: ScenarioReport[] = []
  const open = names.values()
  await Promise.all(
    Array.from({ length: Math.min(processesMax, names.length) }, () =>
      keepSweeping(open, options, (report) => {
        reports.push(report)
        tell(report)
      }),
    ),
  )
  const sum = (of: (report: ScenarioReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0)
  const bad = names.flatMap((name) => reports.find(({ scenario }) => scenario === name)?.bad ?? [])
  return {
    scenarios: reports.length,
    awaitPoints: sum(({ awaitPoints }) => awaitPoints),
    runs: sum(({ runs }) => runs),
    struck: sum(({ struck }) => struck),
    violations: bad.length,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    bad,
  }
}

/** One process, given a next name after each report, until there are no more. */
const keepSweeping = (
  names: Iterator<string>,
  options: SweepOptions,
  tell: (report: ScenarioReport) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = fork(processPath)
    const sendNext = (): void => {
      const next = names.next()
      if (next.done) child.disconnect()
      else child.send({ ...options, name: next.value } satisfies SweepOrder)
    }
    child.on('message', (report: ScenarioReport) => {
      tell(report)
      sendNext()
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`a process of the sweep ended with code ${code}`))
    })
    sendNext()
  })
