import type { Bench } from './bench.ts'
import { runSmall, type SmallRun } from './small/small-run.ts'
import { describeSmall, pageOf } from './small/telling.ts'
import { readWhole } from './usage-error.ts'

export interface SmallResult {
  readonly oneDay: SmallRun
  readonly manyDays: SmallRun
}

const daysMany = 30

/** Thousands of small objects wait; how few batches, INSERTs and files come of them, and what the work is. */
export const small: Bench = {
  summary: 'many objects of 2 KB through the whole local stack, all of one day, then over 30 days',
  options: {
    objects: { value: 'N', default: '10000', means: 'how many each time; 10000 by default' },
  },
  run: async ({ objects: text = '' }, tell) => {
    const objects = readWhole('objects', text, 1)
    const run = (days: number): Promise<SmallRun> =>
      runSmall({ objects, days, tell: (what) => tell(`${days} days: ${what}`) })
    const result: SmallResult = { oneDay: await run(1), manyDays: await run(daysMany) }
    return { document: { ...result }, text: describeSmall(result), page: pageOf(result) }
  },
}
