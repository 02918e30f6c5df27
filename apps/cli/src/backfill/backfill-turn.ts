import type { Job } from '@silversmith/core'
import {
  type JobTurn,
  nameOfJob,
  readJob,
  refuseTurn,
  turnJob,
  viewJob,
  withShares,
} from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { undone } from '../dry-run.ts'
import { callOf, type Surroundings } from '../surroundings.ts'
import type { BackfillTurn } from './backfill-line.ts'
import { atBackfill } from './backfill-room.ts'
import { describeJob, goOnLine } from './backfill-text.ts'

const turnMs = 120_000

const effectOf = (kind: BackfillTurn['kind'], job: Job): string => {
  switch (kind) {
    case 'backfill pause':
      return 'nothing more is sent; what was sent is loaded all the same'
    case 'backfill cancel':
      return 'nothing more is ever sent under this name; what was sent is loaded all the same'
    case 'backfill resume': {
      const isOver = job.state === 'done' && job.parts.every(({ state }) => state === 'done')
      const id = nameOfJob(job)
      return isOver
        ? `it has sent all there is; silversmith backfill status --job ${id} says what became of it`
        : `it goes on with: ${job.request.map ? `execution ${job.request.map.execution}` : goOnLine(id)}`
    }
  }
}

const turns: Readonly<Record<BackfillTurn['kind'], JobTurn>> = {
  ...{ 'backfill pause': 'pause', 'backfill resume': 'resume', 'backfill cancel': 'cancel' },
}

/** Turns a job; asking twice is no error. */
export const runBackfillTurn = (
  { kind, job: id, dryRun, dir }: BackfillTurn,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBackfill(surroundings, dir, async (room) => {
    const call = callOf(surroundings, turnMs)
    const turn = turns[kind]
    if (!dryRun) await turnJob(room, id, turn, call)
    const job = await withShares(room, await readJob(room, id, call), call)
    if (dryRun) refuseTurn(job, turn)
    const effect = effectOf(kind, job)
    return {
      document: { kind: 'job', dryRun, turn, ...viewJob(job) },
      text: [...describeJob(job), dryRun ? `would ${turn}: ${effect}\n${undone}` : effect].join(
        '\n',
      ),
      code: 0,
    }
  })
