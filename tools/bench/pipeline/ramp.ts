import { setTimeout as sleep } from 'node:timers/promises'
import { ask, table } from '@silversmith/local'
import { type MadeObject, makeObjects } from '../stack/made-objects.ts'
import type { ObservedStack } from '../stack/observed-stack.ts'
import type { UploadedObject } from '../stack/upload.ts'
import { uploadSteadily } from './steady-upload.ts'

/** Some seconds at one rate. */
export interface RampStep {
  /** Objects per second to upload. */
  readonly rate: number
  /** From the time of the last upload until all objects of the step were queryable. */
  readonly behindSeconds: number
  /** Objects per second, from the first upload until all were queryable. */
  readonly through: number
  readonly isSustained: boolean
}

export interface Ramp {
  readonly statementsPerObject: number
  readonly steps: readonly RampStep[]
  /** The highest rate that was sustained; 0: none. */
  readonly objectsPerSecond: number
  readonly rowsPerSecond: number
}

export interface RampOptions {
  readonly statementsPerObject: number
  /** Names the keys of this ramp. */
  readonly name: string
  /** Of the first step. */
  readonly rate: number
  readonly rateMax: number
  readonly stepSeconds: number
  readonly tell: (what: string) => void
  readonly onUploaded: (object: UploadedObject, rows: number) => void
}

/** A stack that is further behind at the end of a step does not keep up: two windows and a load are 3 s. */
export const behindSecondsMax = 5

const factor = 1.5
const stepsMax = 16
const warmUpSeconds = 3
const lookMs = 100
/** For what is left after a step. */
const drainMs = 300_000

const round = (value: number): number => Math.round(value * 10) / 10

const countRows = async (engineUrl: string): Promise<number> =>
  Number(await ask(engineUrl, `SELECT count() FROM ${table} FORMAT TSV`))

/** @param seconds from the first upload until all were queryable */
export const judgeStep = (rate: number, stepSeconds: number, seconds: number): RampStep => {
  const behind = seconds - stepSeconds
  return {
    ...{ rate: round(rate), behindSeconds: round(behind) },
    through: round((rate * stepSeconds) / seconds),
    isSustained: behind <= behindSecondsMax,
  }
}

const runStep = async (
  { engineUrl, signal, stack }: ObservedStack,
  objects: Iterator<MadeObject, never>,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
  { statementsPerObject: rows, tell, onUploaded }: RampOptions,
): Promise<RampStep> => {
  const before = await countRows(engineUrl)
  const startedAt = performance.now()
  let uploaded = 0
  await uploadSteadily(stack, {
    ...{ objects, rate, seconds, signal },
    onUploaded: (object) => {
      uploaded += 1
      tell(`${round(rate)} objects/s: ${uploaded} uploaded`)
      onUploaded(object, rows)
    },
  })
  const until = performance.now() + drainMs
  for (;;) {
    const there = (await countRows(engineUrl)) - before
    if (there >= uploaded * rows) break
    if (performance.now() > until)
      throw new Error(`rows are missing ${drainMs / 1_000} s after a step`)
    tell(`${round(rate)} objects/s: ${uploaded * rows - there} rows behind`)
    await sleep(lookMs, undefined, { signal })
  }
  return judgeStep(rate, seconds, (performance.now() - startedAt) / 1_000)
}

/** Raises the rate step by step until the stack falls behind. Every step begins when nothing is left of the one before. */
export const climb = async (observed: ObservedStack, options: RampOptions): Promise<Ramp> => {
  const { statementsPerObject, stepSeconds, rateMax, name } = options
  const objects = makeObjects({ statementsPerObject, days: 1, name })
  // Processes start and compile their code; that is no part of what is sustained.
  await runStep(observed, objects, { rate: options.rate, seconds: warmUpSeconds }, options)
  const steps: RampStep[] = []
  for (let rate = options.rate; steps.length < stepsMax && rate <= rateMax; rate *= factor) {
    const step = await runStep(observed, objects, { rate, seconds: stepSeconds }, options)
    steps.push(step)
    if (!step.isSustained) break
  }
  const best = steps.filter(({ isSustained }) => isSustained).at(-1)?.rate ?? 0
  return {
    ...{ statementsPerObject, steps, objectsPerSecond: best },
    rowsPerSecond: Math.round(best * statementsPerObject),
  }
}
