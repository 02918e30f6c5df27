import { Fault, type PipelinePin } from '@silversmith/core'
import { changeItem, type LedgerAccess } from '../ledger-write.ts'
import type { Call } from '../patience.ts'

/**
 * Keeps a pipeline's targets as they were when it first ran. Its claims say what is done, not where it went: a target added
 * later would stay empty for all that is claimed, and nobody would notice. Throws PIPELINE_CHANGED.
 */
export const pinTargets = async (
  access: LedgerAccess,
  pipeline: string,
  targets: readonly string[],
  call: Call,
): Promise<void> => {
  const own = targets.toSorted()
  const pinned = await changeItem<PipelinePin>(
    access,
    { kind: 'pipeline', id: pipeline },
    (item) => (item ? undefined : { kind: 'pipeline', id: pipeline, targets: own }),
    call,
  )
  if (!pinned || pinned.targets.join() === own.join()) return
  throw new Fault(
    'PIPELINE_CHANGED',
    `pipeline ${pipeline} writes to ${pinned.targets.join(' and ')} since it first ran, and is now set to ` +
      `${own.join(' and ')}; set TARGETS back, or name a new PIPELINE to load everything again for other targets`,
  )
}
