import type { ObjectCopy, ObjectFacts, ObjectRef } from './source.ts'

/** Copies objects of bronze below the replay prefix, and tells of a copy what it is of. Errors are Faults. */
export interface Replicator {
  /**
   * Creates a copy of exactly that version, of any size, in its bucket and by the store itself: bytes, content type and encoding
   * are the same. It appears whole with its mark, or not at all, and never replaces. False: this copy was there before.
   *
   * MUST throw OBJECT_GONE when the version is not there any more, STORE_CONFLICT when the key is taken by anything else.
   */
  copy(origin: ObjectRef, copy: CopyOrder, signal: AbortSignal): Promise<boolean>
  /** Exactly that version of a key, and its mark; undefined: it has none, or none of ours. OBJECT_GONE when it is not there. */
  look(facts: ObjectFacts, signal: AbortSignal): Promise<MarkedObject>
}

export interface CopyOrder {
  /** Of the copy. */
  readonly key: string
  /** What it is to be loaded as. */
  readonly generation: number
}

export interface MarkedObject {
  readonly object: ObjectRef
  readonly sizeBytes: number
  readonly mark: CopyMark | undefined
}

/** What a copy tells of itself. */
export interface CopyMark {
  readonly origin: ObjectRef
  /** Epoch ms, of the origin; S3 tells whole seconds. */
  readonly lastModified: number
  readonly generation: number
}

/** User metadata: S3 puts `x-amz-meta-` before the names. Values must be ASCII, and all together at most 2 kB. */
const names = {
  bucket: 'silversmith-origin-bucket',
  key: 'silversmith-origin-key',
  versionId: 'silversmith-origin-version-id',
  etag: 'silversmith-origin-etag',
  modified: 'silversmith-origin-modified',
  generation: 'silversmith-generation',
} as const

/**
 * A mark as user metadata. The key is base64url of its UTF-8: the longest one has then 1 366 characters, where percent-encoding
 * would make 3 072 of it.
 */
export const writeCopyMark = ({
  origin,
  lastModified,
  generation,
}: CopyMark): Record<string, string> => ({
  [names.bucket]: origin.bucket,
  [names.key]: Buffer.from(origin.key).toString('base64url'),
  [origin.versioned ? names.versionId : names.etag]: origin.version,
  [names.modified]: new Date(lastModified).toISOString(),
  [names.generation]: String(generation),
})

/** Undefined: it is no whole mark of ours. */
export const readCopyMark = (
  metadata: Readonly<Record<string, string | undefined>>,
): CopyMark | undefined => {
  const { [names.bucket]: bucket, [names.versionId]: versionId, [names.etag]: etag } = metadata
  const key = readKey(metadata[names.key])
  const lastModified = Date.parse(metadata[names.modified] ?? '')
  const generation = readGeneration(metadata[names.generation])
  const version = versionId ?? etag
  if (!bucket || key === undefined || !version || generation === undefined) return undefined
  if (Number.isNaN(lastModified) || (versionId !== undefined && etag !== undefined))
    return undefined
  const origin = { bucket, key, version, versioned: versionId !== undefined }
  return { origin, lastModified, generation }
}

const readKey = (text: string | undefined): string | undefined => {
  if (!text) return undefined
  const key = Buffer.from(text, 'base64url').toString()
  // What Buffer only guesses at is no key.
  return Buffer.from(key).toString('base64url') === text ? key : undefined
}

/** Rows carry it as uint32. */
const readGeneration = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 ? Number(text) : undefined

/** Where the bytes of a marked object lie, for who loads its origin. */
export const copyOf = ({ object }: MarkedObject, { lastModified }: CopyMark): ObjectCopy => ({
  object,
  lastModified,
})
