import { type Fields, refuseFields, unknownFields } from './handler.ts'

/** What a reconcile event asks for. */
export interface ReconcileAsked {
  readonly bucket: string
  readonly prefix: string
  /** Epoch ms. */
  readonly since: number | undefined
  readonly enqueue: boolean
  /** Only with `enqueue`. */
  readonly setAside: boolean
  /** Tells apart, with bucket and prefix, what must not go on where the other stopped. */
  readonly variant: string
}

const known = ['bucket', 'prefix', 'since', 'enqueue', 'setAside']

/** In the form of JSON; the checkpoint of the prefix must fit into an item of the ledger. */
const prefixBytesMax = 1_500

/**
 * `{"mode": "reconcile", "bucket"?, "prefix"?, "since"?, "enqueue"?, "setAside"?}`.
 *
 * `bucket` may be left out where BRONZE_BUCKET names one. `since`: seconds before now (86400: what came in the last day), or a
 * time in ISO 8601 with its zone (`2026-02-11T00:00:00Z`) or a day (`2026-02-11`, UTC). `enqueue`: send what is missing;
 * with `setAside` also what was sealed as too-large or unreadable, once, when its cause is mended.
 *
 * @throws Fault EVENT_UNKNOWN that lists every unknown or wrong field.
 */
export const readReconcileEvent = (
  fields: Fields,
  buckets: readonly string[],
  now: number,
): ReconcileAsked => {
  const { bucket = buckets.length === 1 ? buckets[0] : undefined } = fields
  const { prefix = '', since: asked, enqueue = false, setAside = false } = fields
  const since = asked === undefined ? undefined : readSince(asked, now)
  const isBucket = typeof bucket === 'string' && buckets.includes(bucket)
  const isPrefix = typeof prefix === 'string' && sizeOf(prefix) <= prefixBytesMax
  refuseFields('reconcile', [
    ...unknownFields(fields, known),
    ...(isBucket ? [] : [bucketProblem(bucket, buckets)]),
    ...(isPrefix ? [] : [`prefix must be a text of at most ${prefixBytesMax} bytes`]),
    ...(asked !== undefined && since === undefined ? [sinceProblem] : []),
    ...(typeof enqueue === 'boolean' ? [] : ['enqueue must be true or false']),
    ...(typeof setAside === 'boolean' ? [] : ['setAside must be true or false']),
    ...(setAside === true && enqueue !== true ? ['setAside goes with "enqueue": true'] : []),
  ])
  const variant = [
    ...(asked === undefined ? [] : [`since=${String(asked)}`]),
    ...(enqueue === true ? ['enqueue'] : []),
    ...(setAside === true ? ['setAside'] : []),
  ].join('&')
  return {
    ...{ bucket: bucket as string, prefix: prefix as string, since },
    ...{ enqueue: enqueue === true, setAside: setAside === true, variant },
  }
}

const sizeOf = (text: string): number => Buffer.byteLength(JSON.stringify(text))

const bucketProblem = (bucket: unknown, buckets: readonly string[]): string => {
  if (buckets.length === 0) return 'BRONZE_BUCKET is not set: name there the buckets to look at'
  const names = buckets.join(', ')
  return bucket === undefined
    ? `bucket is missing: one of ${names}`
    : `bucket must be one of BRONZE_BUCKET: ${names}`
}

const sinceProblem =
  'since must be a number of seconds before now, such as 86400, or a time such as 2026-02-11 or 2026-02-11T00:00:00Z'

const readSince = (since: unknown, now: number): number | undefined => {
  if (typeof since === 'number')
    return Number.isFinite(since) && since > 0 ? now - Math.round(since * 1_000) : undefined
  if (typeof since !== 'string') return undefined
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(since)
  const at = isTime ? Date.parse(since) : NaN
  return Number.isNaN(at) ? undefined : at
}
