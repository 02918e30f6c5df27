import { parseArgs } from 'node:util'
import type { World } from './world.ts'
import { runWorld } from './world.ts'

const usage = 'npm run sim -- [--worlds N] [--seed N] [--trace] [--json]'

/** Worlds of a run, and sums over them. */
export interface Report {
  readonly worlds: number
  readonly firstSeed: number
  readonly objects: number
  readonly rows: number
  readonly invocations: number
  readonly awaits: number
  readonly crashes: number
  readonly unknownOutcomes: number
  readonly duplicatesDelivered: number
  readonly partialInserts: number
  readonly dispositions: Readonly<Record<string, number>>
  readonly slowestRestMinutes: number
  readonly seconds: number
  readonly bad: readonly { readonly seed: number; readonly violations: readonly string[] }[]
}

const countOf = (text: string | undefined, otherwise: number): number => {
  const value = text === undefined ? otherwise : Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${text} is no whole number`)
  return value
}

const run = async (worlds: number, firstSeed: number, isTraced: boolean): Promise<Report> => {
  const startedAt = performance.now()
  const done: World[] = []
  const options = isTraced
    ? { trace: (line: string): void => void process.stderr.write(`${line}\n`) }
    : {}
  for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) {
    const world = await runWorld(seed, options)
    done.push(world)
    if (world.violations.length > 0)
      process.stderr.write(`seed ${seed} is bad: ${world.violations[0]}\n`)
  }
  const sum = (of: (world: World) => number): number =>
    done.reduce((total, world) => total + of(world), 0)
  const dispositions: Record<string, number> = {}
  for (const world of done)
    for (const [name, count] of Object.entries(world.dispositions))
      dispositions[name] = (dispositions[name] ?? 0) + count
  return {
    worlds,
    firstSeed,
    objects: sum(({ objects }) => objects),
    rows: sum(({ rows }) => rows),
    invocations: sum(({ tally }) => tally.invocations),
    awaits: sum(({ tally }) => tally.awaits),
    crashes: sum(({ tally }) => tally.crashes),
    unknownOutcomes: sum(({ tally }) => tally.unknownOutcomes),
    duplicatesDelivered: sum(({ tally }) => tally.duplicatesDelivered),
    partialInserts: sum(({ tally }) => tally.partialInserts),
    dispositions,
    slowestRestMinutes: Math.round(Math.max(0, ...done.map(({ restMs }) => restMs)) / 60_000),
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    bad: done
      .filter(({ violations }) => violations.length > 0)
      .map(({ seed, violations }) => ({ seed, violations })),
  }
}

const print = (report: Report): void => {
  const { bad, dispositions, ...numbers } = report
  for (const [name, value] of Object.entries(numbers))
    process.stdout.write(`${name.padEnd(20)} ${value}\n`)
  for (const [name, value] of Object.entries(dispositions))
    process.stdout.write(`${`sealed as ${name}`.padEnd(20)} ${value}\n`)
  process.stdout.write(`${'bad worlds'.padEnd(20)} ${bad.length}\n`)
  for (const { seed, violations } of bad) {
    process.stdout.write(`\nseed ${seed}: npm run sim -- --worlds 1 --seed ${seed} --trace\n`)
    for (const violation of violations) process.stdout.write(`  ${violation}\n`)
  }
}

const options = {
  worlds: { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

try {
  const { values } = parseArgs({ options })
  const report = await run(
    countOf(values.worlds, 1_000),
    countOf(values.seed, 1),
    values.trace ?? false,
  )
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else print(report)
  process.exitCode = report.bad.length > 0 ? 1 : 0
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\nusage: ${usage}\n`)
  process.exitCode = 2
}
