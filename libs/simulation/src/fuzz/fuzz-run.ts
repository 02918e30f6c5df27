import { createInput, type FuzzInput } from './fuzz-input.ts'
import { judgeOutcome } from './judgement.ts'
import { loadInputs } from './loading.ts'
import type { Outcome } from './outcome.ts'
import { readInput } from './reading.ts'

export interface FuzzFailure {
  readonly seed: number
  readonly problems: readonly string[]
}

/** Inputs of a run, and sums over them. `rows` counts accepted records. */
export interface FuzzReport {
  readonly inputs: number
  readonly firstSeed: number
  readonly bytes: number
  readonly records: number
  readonly rows: number
  readonly rejected: number
  readonly discarded: number
  readonly rejectedByReason: Readonly<Record<string, number>>
  readonly dispositions: Readonly<Record<string, number>>
  /** Of the inputs, those that also went through the whole of transform. */
  readonly loaded: number
  readonly slowest: { readonly seed: number; readonly ms: number }
  readonly seconds: number
  readonly peakRssBytes: number
  readonly failures: readonly FuzzFailure[]
}

export interface FuzzOptions {
  readonly inputs: number
  readonly firstSeed: number
  /** Called before each input, with its seed. */
  readonly begin?: (seed: number) => void
  /** How an input is read; the production reader when absent. */
  readonly read?: (input: FuzzInput) => Promise<Outcome>
}

/** One input in so many goes through the whole of transform too, in batches of this size. */
const loadedEvery = 40
const loadedTogether = 50
/** A run that found so many has found enough. */
const failuresMax = 10

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1
}

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

/** Rejections nobody handles are told once the microtasks are done: before the next input, so that they name their own. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Reads the inputs of these seeds, judges what came of each, and goes on after one that is bad. */
export const runFuzz = async (options: FuzzOptions): Promise<FuzzReport> => {
  const { firstSeed, read = readInput } = options
  const startedAt = performance.now()
  const sums = { bytes: 0, records: 0, rows: 0, rejected: 0, discarded: 0, loaded: 0 }
  const rejectedByReason: Record<string, number> = {}
  const dispositions: Record<string, number> = {}
  const failures: FuzzFailure[] = []
  let slowest = { seed: firstSeed, ms: 0 }
  let seed = firstSeed
  const fail = (own: number, problems: readonly string[]): void => {
    if (problems.length > 0) failures.push({ seed: own, problems })
  }
  const failUnhandled = (error: unknown): void =>
    fail(seed, [`unhandled rejection: ${textOf(error)}`])
  process.on('unhandledRejection', failUnhandled)

  const readOne = async (input: FuzzInput): Promise<void> => {
    const from = performance.now()
    const outcome = await read(input)
    const ms = performance.now() - from
    if (ms > slowest.ms) slowest = { seed, ms: Math.round(ms) }
    sums.bytes += input.bytes.length
    sums.records += outcome.counts.records
    sums.rows += outcome.counts.rows
    sums.rejected += outcome.counts.rejected
    sums.discarded += outcome.counts.discarded
    count(dispositions, outcome.disposition)
    for (const { reason } of outcome.rejections) count(rejectedByReason, reason)
    fail(seed, judgeOutcome(input, outcome))
  }

  const waiting = new Map<FuzzInput['limits'], FuzzInput[]>()
  const loadWaiting = async (inputs: readonly FuzzInput[]): Promise<void> => {
    sums.loaded += inputs.length
    try {
      const outcomes = await loadInputs(inputs)
      for (const input of inputs) {
        const outcome = outcomes.get(input)
        const problems = outcome ? judgeOutcome(input, outcome) : ['no manifest lists it']
        fail(
          input.seed,
          problems.map((problem) => `in transform: ${problem}`),
        )
      }
    } catch (error) {
      const seeds = inputs.map((input) => input.seed).join(', ')
      fail(seed, [`transform of ${seeds} threw: ${textOf(error)}`])
    }
  }

  for (let left = options.inputs; left > 0 && failures.length < failuresMax; left -= 1, seed += 1) {
    options.begin?.(seed)
    try {
      const input = createInput(seed)
      await readOne(input)
      await settle()
      const isLoaded = seed % loadedEvery === 0 || options.inputs < loadedEvery
      if (!isLoaded) continue
      const group = [...(waiting.get(input.limits) ?? []), input]
      waiting.set(input.limits, group.length < loadedTogether ? group : [])
      if (group.length >= loadedTogether) await loadWaiting(group)
    } catch (error) {
      fail(seed, [`threw: ${textOf(error)}`])
    }
  }
  for (const group of waiting.values()) if (group.length > 0) await loadWaiting(group)
  await settle()
  process.off('unhandledRejection', failUnhandled)
  return {
    ...{ inputs: seed - firstSeed, firstSeed, ...sums, rejectedByReason, dispositions, slowest },
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    failures,
  }
}
