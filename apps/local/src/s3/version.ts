import type { Checksum } from './checksum.ts'
import type { Row } from './database.ts'

/** One version of one key: an object or a delete marker. */
export interface Version {
  readonly bucket: string
  readonly key: string
  /** Grows with every write and delete of the server. */
  readonly sequence: number
  /** `null` (the text) for what an unversioned or suspended bucket writes. */
  readonly id: string
  readonly latest: boolean
  readonly marker: boolean
  /** Epoch ms. */
  readonly modified: number
  /** Without quotes. */
  readonly etag: string
  readonly sizeBytes: number
  /** Undefined for a delete marker. */
  readonly blob: string | undefined
  readonly facts: ObjectFacts
}

/** What travels with the bytes. */
export interface ObjectFacts {
  /** Response headers as they are given back: content-type, …, x-amz-meta-*. */
  readonly headers: Readonly<Record<string, string>>
  readonly checksum?: Checksum | undefined
  /** Sizes of the parts of a multipart object, bytes. */
  readonly partSizes?: readonly number[]
}

export const nullVersion = 'null'

export const keyBytes = (key: string): Buffer => Buffer.from(key, 'utf8')

export const readKeyBytes = (bytes: unknown): string =>
  Buffer.from(bytes as Uint8Array).toString('utf8')

export const versionColumns =
  'bucket, key, sequence, version, latest, marker, modified, etag, size, blob, facts'

export const readVersionRow = (row: Row): Version => ({
  bucket: String(row['bucket']),
  key: readKeyBytes(row['key']),
  sequence: Number(row['sequence']),
  id: String(row['version']),
  latest: row['latest'] === 1,
  marker: row['marker'] === 1,
  modified: Number(row['modified']),
  etag: String(row['etag']),
  sizeBytes: Number(row['size']),
  blob: typeof row['blob'] === 'string' ? row['blob'] : undefined,
  facts: JSON.parse(String(row['facts'])) as ObjectFacts,
})
