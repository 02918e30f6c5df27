import { freeBatch } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { atBench } from '../deployment/bench.ts'
import type { CommandOf } from '../command.ts'
import { undone } from '../dry-run.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

const freeMs = 60_000

/** Exit code 1 when nothing was or would be done. */
export const runBatchFree = async (
  { batch, dryRun, dir }: CommandOf<'batch free'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBench(surroundings, dir, async ({ cloud, pipeline }) => {
    const { clock, progress } = surroundings
    progress.show('looking for its manifest')
    const call = callOf(surroundings, freeMs)
    const result = await freeBatch({ pipeline, clock, ...cloud }, batch, call, { dryRun })
    progress.end()
    const { outcome, reason } = result
    const text = [
      `batch ${batch}: ${outcome}: ${reason}`,
      ...(outcome === 'planned' ? [undone] : []),
    ]
    return {
      document: { dryRun, ...result },
      text: text.join('\n'),
      code: outcome === 'refused' ? 1 : 0,
    }
  })
