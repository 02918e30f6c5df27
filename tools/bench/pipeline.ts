import { join } from 'node:path'
import { drain, mirror, silverPrefix, table } from '@silversmith/local'
import type { Bench } from './bench.ts'
import { climb, type Ramp } from './pipeline/ramp.ts'
import { runSteadily, type SteadyRun } from './pipeline/steady-run.ts'
import { describePipeline, pageOf } from './pipeline/telling.ts'
import { findWrong, objectName } from './pipeline/whole-objects.ts'
import { type ObservedStack, startObservedStack } from './stack/observed-stack.ts'
import type { UploadedObject } from './stack/upload.ts'
import { readWhole } from './usage-error.ts'

export interface PipelineResult {
  readonly latency: SteadyRun
  /** The most that is sustained, of objects with few rows and with many. */
  readonly small: Ramp
  readonly large: Ramp
  /** Objects of all three, each of whose rows is in ClickHouse and in silver once. */
  readonly exactObjects: number
}

/** As on AWS without a window, where a batch has at most ten messages. */
const withoutWindow = { mapping: { batchSize: 10, windowMs: 0 } }
const statementsOf = { small: 2, large: 200 }
/** Objects per second of a ramp's first step. */
const firstRates = { small: 40, large: 4 }

export const pipeline: Bench = {
  summary:
    'from upload to queryable in ClickHouse through the whole local stack, and the most it sustains',
  options: {
    rate: { value: 'N', default: '20', means: 'objects per second whose time is taken; 20' },
    seconds: { value: 'N', default: '120', means: 'for so long; 120' },
    step: { value: 'N', default: '20', means: 'seconds of each step of the ramps; 20' },
    most: { value: 'N', default: '2000', means: 'objects per second at which a ramp ends; 2000' },
  },
  run: async ({ rate = '', seconds = '', step = '', most = '' }, tell) => {
    const steady = { rate: readWhole('rate', rate, 1), seconds: readWhole('seconds', seconds, 1) }
    const ramp = { stepSeconds: readWhole('step', step, 1), rateMax: readWhole('most', most, 1) }
    const first = await withStack(withoutWindow, (observed, onUploaded) =>
      runSteadily(observed, {
        ...steady,
        statementsPerObject: statementsOf.small,
        tell,
        onUploaded,
      }),
    )
    const second = await withStack({}, async (observed, onUploaded) => {
      const climbWith = (name: 'small' | 'large'): Promise<Ramp> =>
        climb(observed, {
          ...{ ...ramp, name, tell, onUploaded },
          ...{
            statementsPerObject: statementsOf[name],
            rate: Math.min(firstRates[name], ramp.rateMax),
          },
        })
      return { small: await climbWith('small'), large: await climbWith('large') }
    })
    const result: PipelineResult = {
      ...{ latency: first.result, ...second.result },
      exactObjects: first.objects + second.objects,
    }
    return { document: { ...result }, text: describePipeline(result), page: pageOf(result) }
  },
}

type OnUploaded = (object: UploadedObject, rows: number) => void

/** Runs something on a stack of its own and compares what was uploaded with what arrived. @throws Error when they differ. */
const withStack = async <Result>(
  tuning: Parameters<typeof startObservedStack>[0],
  work: (observed: ObservedStack, onUploaded: OnUploaded) => Promise<Result>,
): Promise<{ readonly result: Result; readonly objects: number }> => {
  const observed = await startObservedStack(tuning)
  const due = new Map<string, number>()
  try {
    const { stack, signal } = observed
    stack.start()
    const result = await work(observed, ({ source, version }, rows) =>
      due.set(objectName(source, version), rows),
    )
    await drain(stack, { signal, onStatus: () => undefined })
    await checkExact(observed, due)
    return { result, objects: due.size }
  } finally {
    await observed.close()
  }
}

const checkExact = async (
  { engineUrl, stack }: ObservedStack,
  due: ReadonlyMap<string, number>,
): Promise<void> => {
  await mirror(stack, silverPrefix)
  const files = join(stack.dir, silverPrefix, table, '**/*.parquet')
  for (const [place, from] of [
    ['ClickHouse', table],
    ['silver', `file('${files}', Parquet)`],
  ] as const) {
    const [first, ...more] = await findWrong(engineUrl, from, due)
    if (first !== undefined)
      throw new Error(`not exact in ${place}: ${first}, and ${more.length} more`)
  }
}
