import type { RebuildResult } from '@silversmith/flow'
import { rebuildLedger } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { atBench } from '../deployment/bench.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { undone } from '../dry-run.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

/** A dry run that is cut off forgets what it would have written, so that one call does all. */
const rebuildMs = 43_200_000

const describe = (result: RebuildResult): string => {
  const { warning, dryRun, batches, forming, claims, findings, findingCount, position } = result
  return [
    warning,
    '',
    layOutRows(Object.entries(batches).map(([what, count]) => ({ batches: what, count }))),
    `${counted(claims, 'claim')} ${dryRun ? 'would be' : claims === 1 ? 'was' : 'were'} put back`,
    ...(forming > 0 ? [`${forming} of the batches were forming in the ledger`] : []),
    ...findings.map(({ batch, manifest, problem }) => `${batch} (${manifest}): ${problem}`),
    ...(findingCount > findings.length
      ? [`… and ${findingCount - findings.length} more findings`]
      : []),
    ...(position === undefined ? [] : ['it is not complete: run it again']),
    ...(dryRun ? [undone] : []),
  ].join('\n')
}

/** Exit code 1 when something is left that a person must decide, or it is not complete. */
export const runLedgerRebuild = async (
  { dryRun, from, dir }: CommandOf<'ledger rebuild'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBench(surroundings, dir, async ({ cloud, targets, ...bench }) => {
    const { clock, progress } = surroundings
    progress.show('reading manifests')
    const result = await rebuildLedger(
      { ...bench, ...cloud, ...targets, clock },
      callOf(surroundings, rebuildMs),
      { dryRun, ...(from !== undefined && { from }) },
    )
    progress.end()
    const isComplete = result.findingCount === 0 && result.position === undefined
    return { document: result, text: describe(result), code: isComplete ? 0 : 1 }
  })
