import type { PipelinePin } from '@silversmith/core'
import { reloadsTable } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { type Call, viewBreakers } from '@silversmith/flow'
import { placeOf } from '../status/status-text.ts'
import type { BackfillRoom } from './backfill-room.ts'

const tableNames = [
  ...datasets.flatMap(({ tables }) => tables.map(({ name }) => name)),
  reloadsTable.name,
]

/** What keeps that waiting which was sent: a target that is down, or letters that died. Undefined: nothing that is known. */
export const findObstacle = async (room: BackfillRoom, call: Call): Promise<string | undefined> => {
  const { pipeline, ledger, deadLetters } = room
  const [pin] = await ledger.read([{ kind: 'pipeline', id: pipeline }], call.signal)
  const { targets = [] } = (pin?.item ?? {}) as Partial<PipelinePin>
  const [down] = await viewBreakers(room, targets, tableNames, call)
  if (down) return `${placeOf(down)} does not take rows: ${down.problem ?? 'its breaker is open'}`
  const dead = await deadLetters.count(call.signal)
  return dead > 0 ? `dead letters: about ${dead}; silversmith dlq list says why` : undefined
}
