import { setTimeout as sleep } from 'node:timers/promises'
import { makeObjects } from '../stack/made-objects.ts'
import type { ObservedStack, Spendings } from '../stack/observed-stack.ts'
import type { UploadedObject } from '../stack/upload.ts'
import { watchLatency } from './latency-watch.ts'
import { uploadSteadily } from './steady-upload.ts'

export interface SteadyOptions {
  /** Objects per second. */
  readonly rate: number
  readonly seconds: number
  readonly statementsPerObject: number
  readonly tell: (what: string) => void
  readonly onUploaded: (object: UploadedObject, rows: number) => void
}

/** How long objects took from upload to queryable, at a steady rate. */
export interface SteadyRun {
  readonly rate: number
  readonly seconds: number
  readonly objects: number
  /** Of these, as ms. */
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly mostMs: number
  /** Objects by ms: below each bound, and above the bound before. */
  readonly histogram: readonly { readonly belowMs: number; readonly objects: number }[]
  readonly spent: Spendings
}

/** The last object may wait so long. */
const patienceMs = 120_000
const lookMs = 200
const boundsMs = [250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, Infinity]

/** Nearest rank. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN

export const summarize = (latencies: readonly number[]) => {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round(percentile(sorted, share))
  return {
    ...{ p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), mostMs: at(1) },
    histogram: boundsMs.map((belowMs, n) => ({
      belowMs,
      objects: sorted.filter((ms) => ms < belowMs && ms >= (boundsMs[n - 1] ?? 0)).length,
    })),
  }
}

/** @throws Error when an object is not there minutes after the last upload. */
export const runSteadily = async (
  observed: ObservedStack,
  { rate, seconds, statementsPerObject, tell, onUploaded }: SteadyOptions,
): Promise<SteadyRun> => {
  const { engineUrl, signal, stack } = observed
  const watch = watchLatency(engineUrl)
  try {
    await observed.spend()
    await uploadSteadily(stack, {
      ...{ rate, seconds, signal },
      objects: makeObjects({ statementsPerObject, days: 1, name: 'steady' }),
      onUploaded: (object, dueAt) => {
        watch.add(object.source, statementsPerObject, dueAt)
        onUploaded(object, statementsPerObject)
        tell(`${watch.latencies().length} objects queryable, ${watch.waiting()} not yet`)
      },
    })
    const until = performance.now() + patienceMs
    while (watch.waiting() > 0) {
      if (performance.now() > until)
        throw new Error(`${watch.waiting()} objects never became queryable`)
      await sleep(lookMs, undefined, { signal })
    }
    const latencies = watch.latencies()
    return {
      ...{ rate, seconds, objects: latencies.length, ...summarize(latencies) },
      spent: await observed.spend(),
    }
  } finally {
    await watch.stop()
  }
}
