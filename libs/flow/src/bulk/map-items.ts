import { Fault, identify, type JobMap, type ListedObject, type ObjectRef } from '@silversmith/core'

/** Of what a Distributed Map handed out, what is of the job. */
export interface ItemScope {
  readonly bucket: string
  readonly prefix: string
  readonly map: JobMap
  /** Copies of a replay are no objects of their own. */
  readonly replayPrefix: string
}

/**
 * Objects of one batch of items, as the reader of Step Functions hands them out: entries of ListObjectsV2
 * (`{Key, Etag, LastModified, Size}`, the time in seconds) or lines of an S3 Inventory (`{Bucket, Key, VersionId?,
 * IsDeleteMarker?, Size, LastModifiedDate, ETag}`, all texts, the key URL-encoded). Left out is what a listing of ours leaves out:
 * delete markers, what is below another prefix, copies of a replay.
 *
 * @throws Fault EVENT_UNKNOWN for an item nobody can read: left out it would pass for an object that is not there.
 */
export const readItems = (
  items: readonly unknown[],
  { bucket, prefix, map, replayPrefix }: ItemScope,
): readonly ListedObject[] => {
  const read = map.inventory ? readInventoryLine : readListedEntry
  return items.flatMap((item, at) => {
    const found = isFields(item) ? read(item, bucket) : undefined
    if (found === 'marker') return []
    if (!found || found.object.bucket !== bucket) throw unreadable(at, items.length)
    const { key } = found.object
    return key.startsWith(prefix) && !key.startsWith(replayPrefix) ? [found] : []
  })
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (item: unknown): item is Fields => typeof item === 'object' && item !== null

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const readListedEntry = (item: Fields, bucket: string): ListedObject | undefined => {
  const { Key: key, LastModified: modified, Size: sizeBytes } = item
  const etag = textOf(item['Etag'] ?? item['ETag'])
  // Whole seconds since 1970; a text in other tools that read listings alike.
  const lastModified = typeof modified === 'number' ? modified * 1_000 : timeOf(modified)
  const own = textOf(key)
  return own === undefined
    ? undefined
    : listedOf(identify({ bucket, key: own, etag }), { etag, sizeBytes, lastModified })
}

const readInventoryLine = (item: Fields): ListedObject | 'marker' | undefined => {
  const { IsDeleteMarker: marker, Size: size } = item
  if (/^true$/i.test(textOf(marker) ?? '')) return 'marker'
  const bucket = textOf(item['Bucket'])
  const key = decodeKey(textOf(item['Key']))
  const etag = textOf(item['ETag'])
  if (bucket === undefined || key === undefined) return undefined
  const sizeBytes = /^\d{1,15}$/.test(textOf(size) ?? '') ? Number(size) : undefined
  const object = identify({ bucket, key, versionId: textOf(item['VersionId']), etag })
  return listedOf(object, { etag, sizeBytes, lastModified: timeOf(item['LastModifiedDate']) })
}

const listedOf = (
  object: ObjectRef | undefined,
  facts: {
    readonly etag: string | undefined
    readonly sizeBytes: unknown
    readonly lastModified: number | undefined
  },
): ListedObject | undefined => {
  const { etag, sizeBytes, lastModified } = facts
  if (!object || etag === undefined || lastModified === undefined) return undefined
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes)) return undefined
  return { object, etag: etag.replaceAll('"', ''), sizeBytes, lastModified }
}

const timeOf = (value: unknown): number | undefined => {
  const time = Date.parse(textOf(value) ?? '')
  return Number.isNaN(time) ? undefined : time
}

/** As S3 encodes keys there: a plus is always `%2B`, and a space is `+` or `%20`. */
const decodeKey = (key: string | undefined): string | undefined => {
  try {
    return key === undefined ? undefined : decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

const unreadable = (at: number, of: number): Fault =>
  new Fault(
    'EVENT_UNKNOWN',
    `item ${at + 1} of ${of} is no object of the job's bucket with key, etag, size and time; an Inventory must have the fields that the beginning of the job asks for`,
  )
