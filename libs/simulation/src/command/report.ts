import type { World } from '../world/world.ts'

/** Worlds of a run, and sums over them. */
export interface Report {
  readonly worlds: number
  readonly firstSeed: number
  /** Object versions that ever were in bronze. */
  readonly sources: number
  /** Rows in ClickHouse. */
  readonly rows: number
  readonly invocations: number
  readonly awaitPoints: number
  readonly crashes: number
  readonly unknownOutcomes: number
  readonly duplicateDeliveries: number
  readonly partialInserts: number
  /** Rows of older generations that merges took away. */
  readonly merges: number
  /** Sources whose arrival was lost and that reconcile sent. */
  readonly enqueued: number
  /** That walked over bronze, and what they sent. */
  readonly jobs: number
  readonly jobSends: number
  /** Filled out of silver where the tables were emptied. */
  readonly chunksRebuilt: number
  /** What sealed batches made of sources. */
  readonly dispositions: Readonly<Record<string, number>>
  readonly violations: number
  /** Longest virtual time from healing to rest. */
  readonly slowestQuiescenceSeconds: number
  readonly seconds: number
  readonly worldsPerSecond: number
  /** In order of seeds; the first of each world's violations, and how to see it again. */
  readonly bad: readonly BadWorld[]
}

export interface BadWorld {
  readonly seed: number
  readonly violations: readonly string[]
  readonly replay: string
}

export interface ReportBuilder {
  add(world: Pick<World, 'seed' | 'violations'> & Partial<World>): void
  /** How many worlds were added, and how many of them are bad. */
  readonly worlds: number
  readonly bad: number
  finish(): Report
}

const violationsToldMax = 3
const badToldMax = 100

export const createReport = (firstSeed: number, now: () => number): ReportBuilder => {
  const startedAt = now()
  const bad: BadWorld[] = []
  const dispositions: Record<string, number> = {}
  const sums = { sources: 0, rows: 0, violations: 0 }
  const tally: Record<string, number> = {}
  const addTo = (totals: Record<string, number>, counts: object): void => {
    for (const [name, count] of Object.entries(counts))
      totals[name] = (totals[name] ?? 0) + Number(count)
  }
  let worlds = 0
  let slowestMs = 0
  return {
    add: ({ seed, violations, objects = 0, rows = 0, restMs = 0, ...world }) => {
      worlds += 1
      slowestMs = Math.max(slowestMs, restMs)
      addTo(sums, { sources: objects, rows, violations: violations.length })
      addTo(dispositions, world.dispositions ?? {})
      addTo(tally, world.tally ?? {})
      if (violations.length > 0)
        bad.push({
          ...{ seed, violations: violations.slice(0, violationsToldMax) },
          replay: `npm run sim -- --seed ${seed} --trace`,
        })
    },
    get worlds() {
      return worlds
    },
    get bad() {
      return bad.length
    },
    finish: () => {
      const seconds = (now() - startedAt) / 1_000
      const of = (name: string): number => tally[name] ?? 0
      return {
        ...{ worlds, firstSeed, sources: sums.sources, rows: sums.rows },
        ...{ invocations: of('invocations'), awaitPoints: of('awaits'), crashes: of('crashes') },
        unknownOutcomes: of('unknownOutcomes'),
        duplicateDeliveries: of('duplicatesDelivered'),
        partialInserts: of('partialInserts'),
        merges: of('merges'),
        enqueued: of('enqueued'),
        ...{ jobs: of('jobs'), jobSends: of('jobSends'), chunksRebuilt: of('chunksRebuilt') },
        // In an order that does not depend on which world ended first.
        dispositions: Object.fromEntries(Object.entries(dispositions).sort()),
        violations: sums.violations,
        slowestQuiescenceSeconds: Math.round(slowestMs / 1_000),
        seconds: Math.round(seconds * 10) / 10,
        worldsPerSecond: Math.round((worlds / Math.max(seconds, 0.001)) * 10) / 10,
        bad: bad.toSorted((a, b) => a.seed - b.seed).slice(0, badToldMax),
      }
    },
  }
}

/** For a person. */
export const writeReport = ({ bad, dispositions, ...numbers }: Report): string => {
  const lines = Object.entries(numbers).map(([name, value]) => `${name.padEnd(26)} ${value}`)
  for (const [name, value] of Object.entries(dispositions))
    lines.push(`${`sealed as ${name}`.padEnd(26)} ${value}`)
  lines.push(`${'bad worlds'.padEnd(26)} ${bad.length}`)
  for (const { seed, violations, replay } of bad)
    lines.push('', `seed ${seed}: ${replay}`, ...violations.map((text) => `  ${text}`))
  return `${lines.join('\n')}\n`
}
