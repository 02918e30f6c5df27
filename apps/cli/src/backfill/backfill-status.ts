import { readJob, sumReport, viewJob, withShares } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { callOf, type Surroundings } from '../surroundings.ts'
import { atBackfill } from './backfill-room.ts'
import { describeJob, describeSum } from './backfill-text.ts'
import { findObstacle } from './job-obstacle.ts'
import { isSettledSum } from './job-follower.ts'

const statusMs = 600_000

/** Exit code 1 when something of it failed. */
export const runBackfillStatus = (
  { job: id, dir }: CommandOf<'backfill status'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBackfill(surroundings, dir, async (room) => {
    const call = callOf(surroundings, statusMs)
    const job = await withShares(room, await readJob(room, id, call), call)
    surroundings.progress.show('looking what became of it')
    const sum = await sumReport(room, job, call)
    const isWaiting = sum !== undefined && !isSettledSum(sum)
    const problem = isWaiting ? await findObstacle(room, call) : undefined
    const view = viewJob(job)
    return {
      document: { kind: 'job', ...view, sum: sum ?? null, problem: problem ?? null },
      text: [
        ...describeJob(job),
        ...(sum
          ? describeSum(sum)
          : [`too much to look at at once: silversmith backfill report --job ${id} does`]),
        ...(problem === undefined ? [] : [`it waits for this: ${problem}`]),
      ].join('\n'),
      code: view.failedParts > 0 || (sum?.failed ?? 0) > 0 ? 1 : 0,
    }
  })
