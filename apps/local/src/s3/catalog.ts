import { randomBytes } from 'node:crypto'

import type { Database } from './database.ts'
import { S3Error, noSuchBucket } from './s3-error.ts'
import type { ObjectFacts, Version } from './version.ts'
import { keyBytes, nullVersion, readVersionRow, versionColumns } from './version.ts'

export type Versioning = 'Enabled' | 'Suspended'

export interface Bucket {
  readonly name: string
  /** Epoch ms. */
  readonly created: number
  /** Undefined: never enabled. */
  readonly versioning: Versioning | undefined
}

export interface Draft {
  readonly bucket: string
  readonly key: string
  readonly etag: string
  readonly sizeBytes: number
  readonly blob: string
  readonly facts: ObjectFacts
}

export interface Written {
  readonly version: Version
  /** Blobs no version names any more. */
  readonly released: readonly string[]
}

export interface Removed {
  /** The version that went, when one did. */
  readonly removed: Version | undefined
  /** The delete marker that came, when one did. */
  readonly marker: Version | undefined
  readonly sequence: number
  readonly released: readonly string[]
}

/** Throws to refuse; sees what the write would replace. */
export type Check = (current: Version | undefined) => void

/** Buckets and versions. Every call is one transaction; NoSuchBucket where the bucket is not there. */
export interface Catalog {
  buckets(): readonly Bucket[]
  bucket(name: string): Bucket
  /** False: it was there already. */
  createBucket(name: string): boolean
  /** BucketNotEmpty while a version or marker is left. */
  deleteBucket(name: string): void
  setVersioning(name: string, versioning: Versioning): void
  /** The latest version, which may be a delete marker. */
  latest(bucket: string, key: string): Version | undefined
  version(bucket: string, key: string, id: string): Version | undefined
  /** Adds a version, replacing where the bucket's versioning says so. `also` runs in the same transaction. */
  put(draft: Draft, check: Check, also?: () => void): Written
  /** Removes one version, or (without an id) what DELETE means in this bucket. */
  remove(bucket: string, key: string, id: string | undefined, check: Check): Removed
  /** Every blob a version or a part names. */
  knownBlobs(): Set<string>
}

/** ETag of no bytes; delete markers carry it in notifications. */
const emptyEtag = 'd41d8cd98f00b204e9800998ecf8427e'

const createVersionId = (): string => randomBytes(24).toString('base64url').replaceAll('-', '.')

export const createCatalog = (database: Database, now: () => number): Catalog => {
  const bucket = (name: string): Bucket => {
    const row = database.first('SELECT name, created, versioning FROM buckets WHERE name = ?', name)
    if (!row) throw noSuchBucket(name)
    return readBucket(row)
  }
  const latest = (name: string, key: string): Version | undefined => {
    const row = database.first(
      `SELECT ${versionColumns} FROM versions WHERE bucket = ? AND key = ? AND latest = 1`,
      name,
      keyBytes(key),
    )
    return row && readVersionRow(row)
  }
  const version = (name: string, key: string, id: string): Version | undefined => {
    const row = database.first(
      `SELECT ${versionColumns} FROM versions WHERE bucket = ? AND key = ? AND version = ?`,
      name,
      keyBytes(key),
      id,
    )
    return row && readVersionRow(row)
  }
  const drop = (gone: Version): readonly string[] => {
    const key = keyBytes(gone.key)
    database.run(
      'DELETE FROM versions WHERE bucket = ? AND key = ? AND sequence = ?',
      gone.bucket,
      key,
      gone.sequence,
    )
    if (gone.latest)
      database.run(
        `UPDATE versions SET latest = 1 WHERE bucket = ?1 AND key = ?2
         AND sequence = (SELECT max(sequence) FROM versions WHERE bucket = ?1 AND key = ?2)`,
        gone.bucket,
        key,
      )
    return gone.blob === undefined ? [] : [gone.blob]
  }
  const add = (draft: Omit<Draft, 'blob'> & { blob: string | undefined }): Written => {
    const kept = bucket(draft.bucket).versioning === 'Enabled'
    const replaced = kept ? undefined : version(draft.bucket, draft.key, nullVersion)
    const released = replaced ? drop(replaced) : []
    const key = keyBytes(draft.key)
    const added: Version = {
      ...draft,
      sequence: database.nextSequence(),
      id: kept ? createVersionId() : nullVersion,
      latest: true,
      marker: draft.blob === undefined,
      modified: now(),
    }
    database.run(
      'UPDATE versions SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1',
      draft.bucket,
      key,
    )
    database.run(
      `INSERT INTO versions (${versionColumns}) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
      draft.bucket,
      key,
      added.sequence,
      added.id,
      added.marker ? 1 : 0,
      added.modified,
      draft.etag,
      draft.sizeBytes,
      draft.blob ?? null,
      JSON.stringify(draft.facts),
    )
    return { version: added, released }
  }
  const removeLatest = (name: string, key: string): Removed => {
    if (bucket(name).versioning === undefined) {
      const removed = latest(name, key)
      const released = removed ? drop(removed) : []
      return { removed, marker: undefined, sequence: database.nextSequence(), released }
    }
    const empty = { etag: emptyEtag, sizeBytes: 0, blob: undefined, facts: { headers: {} } }
    const { version: marker, released } = add({ bucket: name, key, ...empty })
    return { removed: undefined, marker, sequence: marker.sequence, released }
  }

  return {
    bucket,
    latest,
    version,
    buckets: () =>
      database.all('SELECT name, created, versioning FROM buckets ORDER BY name').map(readBucket),
    createBucket: (name) =>
      database.transact(() => {
        if (database.first('SELECT 1 FROM buckets WHERE name = ?', name)) return false
        database.run('INSERT INTO buckets (name, created) VALUES (?, ?)', name, now())
        return true
      }),
    deleteBucket: (name) =>
      database.transact(() => {
        bucket(name)
        if (database.first('SELECT 1 FROM versions WHERE bucket = ? LIMIT 1', name))
          throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', {
            elements: { BucketName: name },
          })
        database.run(
          'DELETE FROM parts WHERE upload IN (SELECT id FROM uploads WHERE bucket = ?)',
          name,
        )
        database.run('DELETE FROM uploads WHERE bucket = ?', name)
        database.run('DELETE FROM buckets WHERE name = ?', name)
      }),
    setVersioning: (name, versioning) => {
      bucket(name)
      database.run('UPDATE buckets SET versioning = ? WHERE name = ?', versioning, name)
    },
    put: (draft, check, also) =>
      database.transact(() => {
        bucket(draft.bucket)
        check(latest(draft.bucket, draft.key))
        const written = add(draft)
        also?.()
        return written
      }),
    remove: (name, key, id, check) =>
      database.transact(() => {
        bucket(name)
        check(id === undefined ? latest(name, key) : version(name, key, id))
        if (id === undefined) return removeLatest(name, key)
        const removed = version(name, key, id)
        const released = removed ? drop(removed) : []
        return { removed, marker: undefined, sequence: database.nextSequence(), released }
      }),
    knownBlobs: () =>
      new Set(
        database
          .all('SELECT blob FROM versions WHERE blob IS NOT NULL UNION ALL SELECT blob FROM parts')
          .map((row) => String(row['blob'])),
      ),
  }
}

const readBucket = (row: Record<string, unknown>): Bucket => ({
  name: String(row['name']),
  created: Number(row['created']),
  versioning: (row['versioning'] as Versioning | null) ?? undefined,
})
