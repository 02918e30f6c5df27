import { type Environment, functionSettings, readSettings } from '@silversmith/core'
import type { Command } from './command.ts'
import { UsageError } from './usage-error.ts'

/** Last line of what a command says that would change something and was not told to. */
export const undone = 'nothing was changed; --yes does it'

/**
 * DRY_RUN of the environment: what would change something only says what it would do, as without `--yes`.
 *
 * @throws UsageError for what can only be done, and for a DRY_RUN that is neither yes nor no.
 */
export const heedDryRun = (command: Command, environment: Environment): Command => {
  const { dryRun } = readSettings({ dryRun: functionSettings.dryRun }, environment)
  if (!dryRun) return command
  if ('dryRun' in command) return { ...command, dryRun }
  if (command.kind === 'migrate') return { ...command, plan: true }
  if (command.kind === 'reconcile' && command.enqueue)
    throw new UsageError('DRY_RUN is set: without --enqueue reconcile only says what is missing')
  if (command.kind === 'invoke')
    throw new UsageError(
      'DRY_RUN is set: what a function does is its own; try FILE says what transform would make of an object',
    )
  return command
}
