import type { JobRequest } from '@silversmith/core'
import {
  type Call,
  type Estimate,
  estimatePlan,
  isSent,
  type Plan,
  type PlanCell,
  planJob,
  refuseEmptyPlan,
  type SliceObject,
} from '@silversmith/flow'
import { assumedDeployment, pricesDate, usualInputs } from '@silversmith/flow/cost'
import type { Answer } from '../answer.ts'
import { callOf, type Surroundings } from '../surroundings.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { BackfillPlan } from './backfill-line.ts'
import { atBackfill, type BackfillRoom, requestOf } from './backfill-room.ts'
import { describeCounts, describeRequest } from './backfill-text.ts'

/** Millions of objects, at some thousand a second. */
const planMs = 24 * 3_600_000
/** Of days and datasets; `--json` has all. */
const toldMax = 40

/** What a run begun now would do. `--json`: a line for each object, then the sum. */
export const runBackfillPlan = (
  { selection, dir, json }: BackfillPlan,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBackfill(surroundings, dir, async (room) => {
    const request = requestOf(selection, room)
    return planAnswer(room, request, surroundings, json)
  })

/** `isTold`: each object is told as a line of its own. */
export const planAnswer = async (
  room: BackfillRoom,
  request: JobRequest,
  surroundings: Surroundings,
  isTold: boolean,
): Promise<Answer> => {
  const { progress, print } = surroundings
  const call: Call = callOf(surroundings, planMs)
  let seen = 0
  const onObjects = async (objects: readonly SliceObject[]): Promise<void> => {
    seen += objects.length
    progress.show(`${seen} objects inside the window`)
    if (!isTold) return
    for (const { object, ...facts } of objects) {
      const sent = isSent({ object, ...facts }, request.force)
      await print({ kind: 'object', ...object, ...facts, sent })
    }
  }
  const plan = refuseEmptyPlan(await planJob(room, request, undefined, call, onObjects), request)
  if (plan.next !== undefined) throw new Error('stopped before all was looked at')
  const assumed = { inputs: usualInputs, deployment: assumedDeployment }
  const estimates = await estimatePlan(room, plan, assumed, call)
  progress.end()
  const { memoryMb, timeoutSeconds, batchSize } = assumedDeployment.transform
  return {
    document: {
      ...{ kind: 'plan', pipeline: room.pipeline, request, counts: plan.counts },
      ...{ days: plan.cells, estimates },
      assumed: { transform: { memoryMb, timeoutSeconds, batchSize }, prices: pricesDate },
    },
    text: describePlan(request, plan, estimates, room),
    code: 0,
  }
}

export const describePlan = (
  request: JobRequest,
  { counts, cells }: Plan,
  estimates: readonly Estimate[],
  { isBesideLive }: Pick<BackfillRoom, 'isBesideLive'>,
): string => {
  const { memoryMb, batchSize } = assumedDeployment.transform
  const more = cells.length - toldMax
  return [
    describeRequest(request),
    ...describeCounts(counts),
    ...['', layOutRows(cells.slice(0, toldMax).map(rowOfCell))],
    ...(more > 0 ? [`… and ${more} more; --json has all`] : []),
    ...(estimates.length > 0
      ? [
          ...['', layOutRows(estimates.map(rowOfEstimate))],
          `computed for transform with ${memoryMb} MB and ${batchSize} messages a batch, at the list prices of ${pricesDate}; rows by what the newest batches of a dataset had`,
        ]
      : []),
    ...(isBesideLive && counts.sent > 0
      ? ['BULK_QUEUE_URL is not set: live objects would wait behind these in their queue']
      : []),
    ...['', `would be sent: ${counts.sent}`],
  ].join('\n')
}

const rowOfCell = ({ day, dataset, objects, bytes, sent, sentBytes }: PlanCell) => ({
  ...{ day, dataset: dataset ?? '(no route)', objects, bytes, 'would send': sent },
  'of bytes': sentBytes,
})

const unknown = '?'

const rowOfEstimate = (one: Estimate) => ({
  ...{ dataset: one.dataset, objects: one.objects, rows: one.rows ?? 'no history' },
  ...{ batches: one.batches ?? unknown, INSERTs: one.inserts ?? unknown },
  'Lambda s': one.lambdaSeconds === undefined ? unknown : Number(one.lambdaSeconds.toFixed(1)),
  'queue requests': one.queueRequests ?? unknown,
  'US-$': one.dollars === undefined ? unknown : Number(one.dollars.toPrecision(2)),
})
