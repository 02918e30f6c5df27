import { countsOfJob, type Job } from '@silversmith/core'
import { listJobs, nameOfJob, viewJob, withShares } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { callOf, type Surroundings } from '../surroundings.ts'
import { writeMoment } from '../text/age.ts'
import { layOutRows } from '../text/row-layout.ts'
import { atBackfill } from './backfill-room.ts'
import { describeRequest } from './backfill-text.ts'

const listMs = 300_000

/** Jobs of the pipeline, whoever began them. */
export const runBackfillList = (
  { limit, dir }: CommandOf<'backfill list'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBackfill(surroundings, dir, async (room) => {
    const call = callOf(surroundings, listMs)
    const { jobs: found, isCut } = await listJobs(room, limit, call)
    const jobs: Job[] = []
    for (const job of found) jobs.push(await withShares(room, job, call))
    const now = room.clock.now()
    const rows = jobs.map((job) => rowOf(job, now))
    return {
      document: {
        ...{ pipeline: room.pipeline, isCut },
        jobs: jobs.map((job) => ({ ...viewJob(job), request: job.request })),
      },
      text: [
        jobs.length === 0 ? `no jobs of pipeline ${room.pipeline}` : layOutRows(rows),
        ...(isCut ? [`there are more; --limit is ${limit}`] : []),
      ].join('\n'),
      code: 0,
    }
  })

const rowOf = (job: Job, now: number) => {
  const { found, sent } = countsOfJob(job)
  return {
    ...{ job: nameOfJob(job), state: job.state, found, sent },
    ...{ changed: writeMoment(job.updatedAt, now), of: describeRequest(job.request) },
  }
}
