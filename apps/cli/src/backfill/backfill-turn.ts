import { type JobTurn, readJob, turnJob, viewJob, withShares } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { undone } from '../dry-run.ts'
import { callOf, type Surroundings } from '../surroundings.ts'
import type { BackfillTurn } from './backfill-line.ts'
import { atBackfill } from './backfill-room.ts'
import { describeJob, goOnLine } from './backfill-text.ts'

const turnMs = 120_000

const effects = {
  'backfill pause': 'nothing more is sent; what was sent is loaded all the same',
  'backfill resume': 'it goes on with',
  'backfill cancel':
    'nothing more is ever sent under this name; what was sent is loaded all the same',
} as const

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
    const goesOn = job.request.map ? `execution ${job.request.map.execution}` : goOnLine(id)
    const effect = turn === 'resume' ? `${effects[kind]}: ${goesOn}` : effects[kind]
    return {
      document: { kind: 'job', dryRun, turn, ...viewJob(job) },
      text: [...describeJob(job), dryRun ? `would ${turn}: ${effect}\n${undone}` : effect].join(
        '\n',
      ),
      code: 0,
    }
  })
