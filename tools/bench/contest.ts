import type { Contestant, Spent } from './contestant.ts'

export interface Figures {
  readonly cpuSeconds: number
  readonly peakMiB: number
}

export interface Contest {
  readonly ours: Figures & { readonly mbPerCpuSecond: number }
  /** `ratio`: ours by theirs, of CPU seconds; below 1 we are faster. */
  readonly peers: Readonly<Record<string, Figures & { readonly ratio: number }>>
}

export interface ContestOptions {
  readonly ours: Contestant
  readonly peers: readonly Contestant[]
  /** Of the input. */
  readonly bytes: number
  /** Odd, so that there is a median. */
  readonly rounds: number
  readonly onRun: (round: number, title: string) => void
  /** Sees what a contestant left behind; throws when it is not what all must make. Ours comes first. */
  readonly check: (contestant: Contestant) => Promise<void>
}

/** Everybody runs once a round, alone; every second round backwards, so that nobody always runs after the same. */
export const holdContest = async (options: ContestOptions): Promise<Contest> => {
  const { ours, peers, bytes, rounds, onRun, check } = options
  const spent: ReadonlyMap<string, Spent>[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const all = [ours, ...peers]
    const results = new Map<string, Spent>()
    for (const contestant of round % 2 === 0 ? all.toReversed() : all) {
      onRun(round, contestant.title)
      results.set(contestant.name, await contestant.run())
      if (round === 1) await check(contestant)
    }
    spent.push(results)
  }
  return compare(spent, ours.name, bytes)
}

/** A figure is the median of its rounds; a ratio the median of ratios of two figures of one round. */
export const compare = (
  rounds: readonly ReadonlyMap<string, Spent>[],
  ours: string,
  bytes: number,
): Contest => {
  const names = [...(rounds[0]?.keys() ?? [])].filter((name) => name !== ours)
  const of = (name: string): readonly Spent[] =>
    rounds.map((round) => {
      const one = round.get(name)
      if (!one) throw new Error(`${name} missed a round`)
      return one
    })
  const own = of(ours)
  const figures = figuresOf(own)
  return {
    ours: { ...figures, mbPerCpuSecond: round(bytes / 1e6 / figures.cpuSeconds) },
    peers: Object.fromEntries(
      names.map((name) => {
        const theirs = of(name)
        const ratios = theirs.map((one, at) => (own[at]?.cpuSeconds ?? NaN) / one.cpuSeconds)
        return [name, { ...figuresOf(theirs), ratio: round(median(ratios)) }]
      }),
    ),
  }
}

const figuresOf = (runs: readonly Spent[]): Figures => ({
  cpuSeconds: round(median(runs.map(({ cpuSeconds }) => cpuSeconds))),
  peakMiB: Math.round(median(runs.map(({ peakMiB }) => peakMiB))),
})

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

const round = (value: number): number => Math.round(value * 1000) / 1000
