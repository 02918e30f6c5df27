/** What a person or a script may ask any function for. */
export type AskedCheckup =
  | { readonly kind: 'health' }
  | { readonly kind: 'diagnostics'; readonly place: AskedPlace | undefined }

/** `s3_check` of a diagnostics event. */
export interface AskedPlace {
  readonly bucket: string | undefined
  readonly prefix: string | undefined
}

/** One object by its name, as a direct invocation gives it. */
export interface AskedObject {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
  /** Undefined: the one whose route accepts the key. */
  readonly dataset: string | undefined
  readonly isDry: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** `{"health_check": true}`, or `{"diagnostics": true, "s3_check"?: {"bucket"?, "prefix"?}}`; undefined: the event is another. */
export const readAskedCheckup = (event: unknown): AskedCheckup | undefined => {
  // An answer to records would acknowledge them.
  if (!isFields(event) || eventShapes.some((name) => name in event)) return undefined
  if (event['diagnostics']) return { kind: 'diagnostics', place: readPlace(event['s3_check']) }
  return event['health_check'] ? { kind: 'health' } : undefined
}

const readPlace = (asked: unknown): AskedPlace | undefined => {
  if (!asked) return undefined
  const { bucket, prefix } = isFields(asked) ? asked : {}
  return { bucket: textOf(bucket), prefix: textOf(prefix) }
}

/** `{"bucket", "key", "versionId"?, "dataset"?, "dry_run"?}`; undefined: the event is another. */
export const readAskedObject = (event: unknown): AskedObject | undefined => {
  if (!isFields(event) || 'mode' in event) return undefined
  const [bucket, key] = [textOf(event['bucket']), textOf(event['key'])]
  if (bucket === undefined || key === undefined) return undefined
  const { versionId, dataset, dry_run: isDry } = event
  return {
    ...{ bucket, key, versionId: textOf(versionId), dataset: textOf(dataset) },
    isDry: Boolean(isDry),
  }
}

const modeCharactersMax = 32

/**
 * What an invocation is for, in one word, for its log lines and metrics: `health_check`, `diagnostics`, `dry_run`, the `mode` of a
 * direct event, else `event`.
 */
export const modeOf = (event: unknown): string => {
  const checkup = readAskedCheckup(event)
  if (checkup) return checkup.kind === 'health' ? 'health_check' : 'diagnostics'
  if (readAskedObject(event)?.isDry) return 'dry_run'
  if (!isFields(event) || eventShapes.some((name) => name in event)) return 'event'
  const mode = textOf(event['mode'])
  if (mode === undefined) return readBulkFields(event).length > 0 ? 'bulk' : 'event'
  return mode.replaceAll(/\W/g, '_').slice(0, modeCharactersMax)
}

const bulkFields = [
  'section_id',
  'start_date',
  'end_date',
  's3_prefix',
  'dry_run',
  'force_reprocess',
]
/** Of SQS, S3, SNS and EventBridge. */
const eventShapes = ['Records', 'detail', 'Message', 'Event']
const objectShapes = [...eventShapes, 'bucket']

/**
 * Fields by which other systems are asked to load what is there already (`{"mode": "bulk"}`, or one of theirs where the event
 * names no object). Empty: the event asks for no such thing.
 */
export const readBulkFields = (event: unknown): readonly string[] => {
  if (!isFields(event)) return []
  if (event['mode'] === 'bulk') return ['mode']
  if ((event['mode'] ?? undefined) !== undefined || objectShapes.some((name) => name in event))
    return []
  return bulkFields.filter((name) => event[name] !== undefined && event[name] !== null)
}

/** Who does it, with the event that asks for it. */
export const describeBulk = (event: unknown): string => {
  const fields = isFields(event) ? event : {}
  const own = JSON.stringify({ ...fields, mode: 'bulk' }).slice(0, 500)
  return `the event asks for a bulk load (${readBulkFields(event).join(', ')}), which is for function bulk: ${own}; with "dry_run": true it only says what that would load`
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
