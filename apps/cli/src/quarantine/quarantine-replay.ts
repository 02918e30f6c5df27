import { replayQuarantine, type ReplayResult } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { undone } from '../dry-run.ts'
import { atQuarantine, filterOf, quarantineMs } from './quarantine-place.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

const describe = ({ sent, records, resolved, waiting }: ReplayResult, dryRun: boolean): string =>
  [
    `${dryRun ? 'would be sent' : 'sent'} to transform: ${counted(sent, 'file')} with ${counted(records, 'record')}`,
    ...(resolved > 0 ? [`replayed before: ${resolved}`] : []),
    ...(waiting > 0 ? [`on their way: ${waiting}`] : []),
    ...(dryRun && sent > 0 ? [undone] : []),
    ...(!dryRun && sent > 0 ? ['silversmith quarantine list tells what becomes of them'] : []),
  ].join('\n')

export const runQuarantineReplay = (
  command: CommandOf<'quarantine replay'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atQuarantine(surroundings, command.dir, async (deps) => {
    const { dryRun } = command
    const filter = filterOf(command, surroundings.clock.now())
    surroundings.progress.show('looking through the quarantine')
    const call = callOf(surroundings, quarantineMs)
    const result = await replayQuarantine(deps, filter, { dryRun }, call)
    surroundings.progress.end()
    return { document: { dryRun, ...result }, text: describe(result, dryRun), code: 0 }
  })
