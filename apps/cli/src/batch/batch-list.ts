import type { Batch } from '@silversmith/core'
import { manifestPrefix, readBatches, readOpenBatches } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { batchRow, isFailing, problemLines } from './batch-row.ts'
import type { CommandOf, ListedState } from '../command.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import type { Cloud } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { layOutRows } from '../text/row-layout.ts'
import { startOf } from '../text/since.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

type ListCommand = CommandOf<'batch list'>

const accepts: Readonly<Record<Exclude<ListedState, 'committed'>, (batch: Batch) => boolean>> = {
  open: () => true,
  forming: ({ state }) => state === 'F',
  sealed: ({ state }) => state === 'S',
  failing: isFailing,
}

/** Open batches looked through for those asked for. */
const openMax = 10_000
const dayMs = 86_400_000
const listMs = 600_000

const listOpen = async (
  cloud: Cloud,
  pipeline: string,
  state: Exclude<ListedState, 'committed'>,
  surroundings: Surroundings,
): Promise<readonly Batch[]> => {
  const access = { ledger: cloud.ledger, clock: surroundings.clock }
  const batches = await readOpenBatches(access, pipeline, openMax, callOf(surroundings, listMs))
  return batches.filter(accepts[state])
}

/** The manifests' days say where to look; newest first. */
const listCommitted = async (
  cloud: Cloud,
  pipeline: string,
  { since, limit }: ListCommand,
  surroundings: Surroundings,
): Promise<readonly Batch[]> => {
  const { clock, signal, progress } = surroundings
  const access = { ledger: cloud.ledger, clock }
  const call = callOf(surroundings, listMs)
  const now = clock.now()
  const start = startOf(since, now) ?? now - dayMs
  const batches: Batch[] = []
  for (let at = now + dayMs; at > start - dayMs && batches.length < limit; at -= dayMs) {
    const day = new Date(at).toISOString().slice(0, 10)
    progress.show(`batches of ${day}`)
    const ids: string[] = []
    for await (const key of cloud.store.list(`${manifestPrefix}dt=${day}/`, signal))
      ids.push(key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, ''))
    const found = await readBatches(access, pipeline, ids.toReversed(), call)
    batches.push(...found.filter(({ state, sealedAt = 0 }) => state === 'C' && sealedAt >= start))
  }
  progress.end()
  return batches
}

/** Exit code 1 when a listed batch has failed. */
export const runBatchList = async (
  command: ListCommand,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { state, limit, dir } = command
  const deployment = await findDeployment(surroundings.environment, dir)
  const values = readDeployment(deployment, { targets: deploymentSettings.targets.targets })
  const cloud = openCloud(deployment, values)
  try {
    const { pipeline } = values
    const all =
      state === 'committed'
        ? await listCommitted(cloud, pipeline, command, surroundings)
        : await listOpen(cloud, pipeline, state, surroundings)
    const batches = all.slice(0, limit)
    const now = surroundings.clock.now()
    const lines = batches.flatMap(problemLines)
    const text = [
      batches.length === 0
        ? `no ${state} batches of pipeline ${pipeline}`
        : layOutRows(batches.map((batch) => batchRow(batch, values.targets, now))),
      ...(lines.length > 0 ? ['', ...lines] : []),
      ...(all.length > limit ? ['', `${all.length - limit} more; --limit shows them`] : []),
    ]
    return {
      document: { pipeline, state, batches, more: all.length - batches.length },
      text: text.join('\n'),
      code: batches.some(isFailing) ? 1 : 0,
    }
  } finally {
    cloud.clients.destroy()
  }
}
