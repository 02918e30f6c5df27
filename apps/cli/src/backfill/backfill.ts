import type { Answer } from '../answer.ts'
import type { Surroundings } from '../surroundings.ts'
import type { BackfillCommand } from './backfill-line.ts'
import { runBackfillList } from './backfill-list.ts'
import { runBackfillPlan } from './backfill-plan.ts'
import { runBackfillReport } from './backfill-report.ts'
import { runBackfillRun } from './backfill-run.ts'
import { runBackfillStatus } from './backfill-status.ts'
import { runBackfillTurn } from './backfill-turn.ts'
import { clockUntil, type Interrupted, untilInterrupted } from './interruption.ts'

export const isBackfill = (command: { readonly kind: string }): command is BackfillCommand =>
  command.kind.startsWith('backfill ')

/** The commands about jobs. `where` is told of Ctrl-C. */
export const runBackfill = (
  command: BackfillCommand,
  surroundings: Surroundings,
  where: Interrupted,
): Promise<Answer> => {
  switch (command.kind) {
    case 'backfill plan':
      return runBackfillPlan(command, surroundings)
    case 'backfill run':
      return untilInterrupted(where, (signal) =>
        runBackfillRun(command, { ...surroundings, signal, clock: clockUntil(signal) }),
      )
    case 'backfill status':
      return runBackfillStatus(command, surroundings)
    case 'backfill pause':
    case 'backfill resume':
    case 'backfill cancel':
      return runBackfillTurn(command, surroundings)
    case 'backfill report':
      return runBackfillReport(command, surroundings)
    case 'backfill list':
      return runBackfillList(command, surroundings)
  }
}
