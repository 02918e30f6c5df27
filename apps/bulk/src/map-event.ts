import { type JobMap, readObjectUri } from '@silversmith/core'
import { type BulkAsked, type BulkPlace, readBulkEvent } from './bulk-event.ts'
import { type Fields, refuseFields, unknownFields } from './handler.ts'

/** What a step of the state machine asks for. */
export type MapAsked =
  | { readonly step: 'begin'; readonly asked: BulkAsked; readonly limits: MapLimits }
  | { readonly step: 'share'; readonly job: string; readonly items: readonly unknown[] }
  | {
      readonly step: 'end'
      readonly asked: BulkAsked
      readonly failedBatches: number
      readonly isReported: boolean
    }

export interface MapLimits {
  /** Children at a time. */
  readonly maxConcurrency: number
  /** Of the batches; more that fail end the map. */
  readonly toleratedFailurePercentage: number
}

const limitsDefault: MapLimits = { maxConcurrency: 20, toleratedFailurePercentage: 5 }
const concurrencyMax = 1_000
const percentMax = 100

/** Fields of an execution's input that mode bulk does not know. */
const own = ['mode', 'inventory', 'max_concurrency', 'tolerated_failure_percentage'] as const

const fieldsOfStep: Readonly<Record<MapAsked['step'], readonly string[]>> = {
  begin: ['step', 'event', 'execution'],
  share: ['step', 'job_id', 'items'],
  end: ['step', 'event', 'execution', 'failed_batches', 'report'],
}

const isStep = (step: unknown): step is MapAsked['step'] =>
  typeof step === 'string' && Object.hasOwn(fieldsOfStep, step)

/**
 * `{"mode": "map", "step": …}`, from the state machine of the Distributed Map and from nobody else. `event` is the input of its
 * execution: that of mode bulk, with `inventory`, `max_concurrency` and `tolerated_failure_percentage`.
 *
 * @throws Fault EVENT_UNKNOWN that lists every unknown or wrong field.
 */
export const readMapEvent = (fields: Fields, place: BulkPlace): MapAsked => {
  const { step, job_id: job, items, failed_batches: failed = 0, report = false } = fields
  if (!isStep(step)) {
    refuseFields('map', [`step must be one of ${Object.keys(fieldsOfStep).join(', ')}`])
    throw new Error('refused above')
  }
  refuseFields('map', [
    ...unknownFields(fields, fieldsOfStep[step]),
    ...(step !== 'share' || typeof job === 'string' ? [] : ['job_id must be a text']),
    ...(step !== 'share' || isBatch(items) ? [] : ['items must be a list, not an empty one']),
    ...(isCount(failed) ? [] : ['failed_batches must be a whole number']),
    ...(typeof report === 'boolean' ? [] : ['report must be true or false']),
  ])
  if (step === 'share') return { step, job: String(job), items: items as readonly unknown[] }
  const { asked, limits } = readInput(fields, place)
  return step === 'begin'
    ? { step, asked, limits }
    : { step, asked, failedBatches: Number(failed), isReported: report === true }
}

const isBatch = (items: unknown): boolean => Array.isArray(items) && items.length > 0

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

const readInput = (
  { event, execution }: Fields,
  place: BulkPlace,
): { readonly asked: BulkAsked; readonly limits: MapLimits } => {
  const fields = typeof event === 'object' && event !== null ? (event as Fields) : {}
  const common = Object.fromEntries(
    Object.entries(fields).filter(([name]) => !(own as readonly string[]).includes(name)),
  )
  const asked = readBulkEvent(common, place)
  const { max_concurrency: most, tolerated_failure_percentage: percent } = fields
  const { inventory = null } = fields
  const object = typeof inventory === 'string' ? readObjectUri(inventory) : undefined
  const limits = {
    maxConcurrency: most ?? limitsDefault.maxConcurrency,
    toleratedFailurePercentage: percent ?? limitsDefault.toleratedFailurePercentage,
  }
  refuseFields('map', [
    ...(typeof execution === 'string' && execution !== ''
      ? []
      : ['execution must be the name of an execution']),
    ...(inventory === null || object?.key.endsWith('/manifest.json')
      ? []
      : ['inventory must be s3://<bucket>/…/manifest.json']),
    ...(isWithin(limits.maxConcurrency, 1, concurrencyMax)
      ? []
      : [`max_concurrency must be a whole number from 1 to ${concurrencyMax}`]),
    ...(isWithin(limits.toleratedFailurePercentage, 0, percentMax)
      ? []
      : [`tolerated_failure_percentage must be a whole number from 0 to ${percentMax}`]),
    ...(asked.isDry ? ['dry_run goes to the function itself, without a state machine'] : []),
    ...(asked.budget?.objectsPerSecond === undefined && asked.budget?.bytesPerSecond === undefined
      ? []
      : [
          'budget must have concurrency only: a map goes as fast as max_concurrency lets it, for its children share no counter',
        ]),
  ])
  const map: JobMap = {
    execution: String(execution),
    ...(object && { inventory: { bucket: object.bucket, key: object.key } }),
  }
  const request = { ...asked.request, map }
  return { asked: { ...asked, request }, limits: limits as MapLimits }
}

const isWithin = (value: unknown, least: number, most: number): boolean =>
  isCount(value) && value >= least && value <= most
