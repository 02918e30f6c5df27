import type { Bronze, Buckets, JobRequest } from '@silversmith/core'
import {
  type Call,
  endMap,
  jobPrefixOf,
  readItems,
  readMapped,
  sendShare,
  startMap,
} from '@silversmith/flow'
import { type BulkModeDeps, resultOfJob } from './bulk-mode.ts'
import type { Fields } from './handler.ts'
import { type MapAsked, readMapEvent } from './map-event.ts'

export interface MapModeDeps extends BulkModeDeps {
  readonly bronze: Pick<Bronze, 'list' | 'head' | 'open'> & Buckets
  readonly replayPrefix: string
}

/**
 * Mode `map`: the steps of the state machine that hands a listing out by a Distributed Map. `begin` says what to read and how,
 * `share` sends what one child got, `end` closes the job and answers as mode bulk does for one that is done.
 */
export const createMapMode =
  (deps: MapModeDeps) =>
  async (fields: Fields, call: Call, invocation: string): Promise<object> => {
    const asked = readMapEvent(fields, { ...deps, invocation })
    if (asked.step === 'begin') return begin(deps, asked, call)
    if (asked.step === 'share') return share(deps, asked, call)
    const view = await endMap(deps, asked.asked.id, asked.failedBatches, call)
    const isLooked = asked.isReported || !(await isQueueBusy(deps, call))
    return resultOfJob(deps, { ...asked.asked, isReported: asked.isReported }, view, call, isLooked)
  }

/** Transform is not through with what was sent: nobody need ask millions of claims. */
const isQueueBusy = async ({ meter }: MapModeDeps, { signal }: Call): Promise<boolean> => {
  if (!meter) return false
  const { ready, delayed, inFlight } = await meter.measure(signal)
  return ready + delayed + inFlight > 0
}

type Step<Name> = Extract<MapAsked, { readonly step: Name }>

const begin = async (
  deps: MapModeDeps,
  { asked, limits }: Step<'begin'>,
  call: Call,
): Promise<object> => {
  const { request, id } = asked
  const { bucket, prefixes, map } = (await startMap(deps, asked, call)).request
  return {
    ...{ job_id: id, bucket, prefix: prefixes[0] },
    ...(map?.inventory && { inventory: map.inventory }),
    ...{ reader: request.map?.inventory ? 'inventory' : 'listing' },
    ...{ max_concurrency: limits.maxConcurrency },
    tolerated_failure_percentage: limits.toleratedFailurePercentage,
    results: `${jobPrefixOf(deps.pipeline, id)}map`,
  }
}

const share = async (
  deps: MapModeDeps,
  { job: id, items }: Step<'share'>,
  call: Call,
): Promise<object> => {
  const { request } = await readMapped(deps, id, call)
  const listed = readItems(items, scopeOf(deps, request))
  const { restUntil, ...view } = await sendShare(deps, id, listed, call)
  return {
    ...view,
    ...(restUntil !== undefined && { rest_until: new Date(restUntil).toISOString() }),
  }
}

const scopeOf = ({ replayPrefix }: MapModeDeps, { bucket, prefixes, map }: JobRequest) => {
  const [prefix = ''] = prefixes
  return { bucket, prefix, replayPrefix, map: map ?? { execution: '' } }
}
