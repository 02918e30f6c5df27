import type { RedriveResult } from '@silversmith/flow'
import { redrive } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { undone } from '../dry-run.ts'
import { openPostOffice } from '../deployment/letters.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

/** 10 000 letters of each queue take minutes. */
const redriveMs = 1_800_000

/** Of each list; `--json` has all. */
const toldMax = 50

const cut = (lines: readonly string[]): readonly string[] =>
  lines.length <= toldMax
    ? lines
    : [...lines.slice(0, toldMax), `… and ${lines.length - toldMax} more; --json has all`]

const describe = (result: RedriveResult, dryRun: boolean): string => {
  const { redriven, problems, left, missing, whole } = result
  const planned = redriven.map(
    ({ messageId, queue, reason = 'unknown' }) => `${messageId} (${queue}): ${reason}`,
  )
  return [
    `${dryRun ? 'would be sent' : 'sent'} to the queue they died in: ${redriven.length}`,
    ...(dryRun ? cut(planned) : []),
    ...problems.map(
      ({ messageId, queue, sent, problem }) =>
        `${messageId} (${queue}) ${sent ? 'was sent but stays here, too' : 'was not sent'}: ${problem}`,
    ),
    ...(left.length > 0 ? [`left, for sending them would come to nothing: ${left.length}`] : []),
    ...cut(
      left.map(
        ({ messageId, queue, reason, advice }) => `${messageId} (${queue}): ${reason}: ${advice}`,
      ),
    ),
    ...missing.map((id) => `${id} is in none of the dead-letter queues now`),
    ...(whole ? [] : ['there are more: run it again']),
    ...(dryRun && redriven.length > 0 ? [undone] : []),
  ].join('\n')
}

/** Exit code 1 when a message stays, or one asked for was not found, not sent, or not deleted. */
export const runDlqRedrive = async (
  { messageIds, dryRun, dir }: CommandOf<'dlq redrive'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const office = await openPostOffice(surroundings, dir)
  const { progress, clock } = surroundings
  try {
    progress.show('redriving')
    const request = { ids: messageIds, dryRun, diagnose: office.diagnose }
    const result = await redrive(clock, office.queues, request, callOf(surroundings, redriveMs))
    progress.end()
    return {
      document: { dryRun, ...result },
      text: describe(result, dryRun),
      code: result.problems.length + result.missing.length + result.left.length === 0 ? 0 : 1,
    }
  } finally {
    office.cloud.clients.destroy()
  }
}
